// Progress bars with the time left, on stderr.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace trimtab {

// Several bars at a time, one line each, redrawn at most ten times a second:
//   train search      [###########.........]  55 %  12 s left
// Without a terminal nothing is printed at all, so that logs stay clean.
// Thread-safety: every method of Progress and Bar may be called from any thread.
class Progress {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // One line; gone from the screen's live part when destroyed, leaving "name  done in 12 s" behind.
  // REQUIRES: the Progress outlives it.
  class Bar {
   public:
    Bar(Bar&&) noexcept = default;
    Bar& operator=(Bar&&) = delete;
    Bar(const Bar&) = delete;
    Bar& operator=(const Bar&) = delete;
    ~Bar();

    // `done` of the total; going past the total shows 100 %.
    void Set(std::int64_t done);
    void Add(std::int64_t more);

   private:
    friend class Progress;
    struct State;
    Bar(Progress* progress, std::shared_ptr<State> state);

    Progress* progress_;
    std::shared_ptr<State> state_;  // null after a move
  };

  // Draws on `err` where `enabled`: stderr is a terminal.
  Progress(std::ostream& err, bool enabled);

  // REQUIRES: total > 0.
  [[nodiscard]] Bar Start(std::string_view name, std::int64_t total);

  // A line above the bars; printed without a terminal as well.
  void Note(std::string_view line);

 private:
  void Redraw(TimePoint now);
  void Erase();
  void Finish(const std::shared_ptr<Bar::State>& state);

  std::ostream& err_;
  const bool enabled_;
  std::mutex mutex_;  // guards everything below
  std::vector<std::shared_ptr<Bar::State>> bars_;
  std::size_t drawn_lines_ = 0;  // lines on the screen that the next drawing goes over
  TimePoint last_drawn_;
};

// One bar's line: the time left is estimated from the mean rate so far.
std::string ProgressLine(std::string_view name, std::int64_t done, std::int64_t total,
                         std::chrono::duration<double> elapsed);

}  // namespace trimtab
