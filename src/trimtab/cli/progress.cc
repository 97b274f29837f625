#include "trimtab/cli/progress.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "fmt/format.h"

namespace trimtab {
namespace {

constexpr std::chrono::milliseconds kRedrawInterval(100);
constexpr int kBarWidth = 20;

std::string Seconds(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::ceil(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

}  // namespace

struct Progress::Bar::State {
  std::string name;
  std::int64_t total;
  std::int64_t done;
  TimePoint started;
};

std::string ProgressLine(std::string_view name, std::int64_t done, std::int64_t total,
                         std::chrono::duration<double> elapsed) {
  const double share = std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
  const int filled = static_cast<int>(share * kBarWidth);
  std::string line = fmt::format("{:<24} [{:#<{}}{:.<{}}] {:3.0f} %", name, "", filled, "",
                                 kBarWidth - filled, std::floor(share * 100));
  if (done > 0) {
    line += fmt::format("  {} left", Seconds(elapsed.count() * (1 - share) / share));
  }
  return line;
}

Progress::Bar::Bar(Progress* progress, std::shared_ptr<State> state)
    : progress_(progress), state_(std::move(state)) {}

Progress::Bar::~Bar() {
  if (state_ != nullptr) progress_->Finish(state_);
}

void Progress::Bar::Set(std::int64_t done) {
  const std::lock_guard lock(progress_->mutex_);
  state_->done = done;
  progress_->Redraw(std::chrono::steady_clock::now());
}

void Progress::Bar::Add(std::int64_t more) {
  const std::lock_guard lock(progress_->mutex_);
  state_->done += more;
  progress_->Redraw(std::chrono::steady_clock::now());
}

Progress::Progress(std::ostream& err, bool enabled) : err_(err), enabled_(enabled) {}

Progress::Bar Progress::Start(std::string_view name, std::int64_t total) {
  const std::lock_guard lock(mutex_);
  const TimePoint now = std::chrono::steady_clock::now();
  bars_.push_back(std::make_shared<Bar::State>(Bar::State{std::string(name), total, 0, now}));
  Redraw(now);
  return {this, bars_.back()};
}

void Progress::Note(std::string_view line) {
  const std::lock_guard lock(mutex_);
  Erase();
  err_ << line << '\n' << std::flush;
}

void Progress::Finish(const std::shared_ptr<Bar::State>& state) {
  const std::lock_guard lock(mutex_);
  std::erase(bars_, state);
  if (!enabled_) return;
  const TimePoint now = std::chrono::steady_clock::now();
  const std::chrono::duration<double> elapsed = now - state->started;
  const bool complete = state->done >= state->total;
  Erase();
  err_ << fmt::format("{:<24} {} {}\n", state->name, complete ? "done in" : "stopped after",
                      Seconds(elapsed.count()));
  last_drawn_ = TimePoint();
  Redraw(now);
}

void Progress::Erase() {
  // Up over the drawn lines, then clear to the end of the screen.
  if (drawn_lines_ > 0) err_ << fmt::format("\x1b[{}A\x1b[J", drawn_lines_);
  drawn_lines_ = 0;
}

void Progress::Redraw(TimePoint now) {
  if (!enabled_ || now - last_drawn_ < kRedrawInterval) return;
  last_drawn_ = now;
  Erase();
  for (const std::shared_ptr<Bar::State>& bar : bars_) {
    err_ << ProgressLine(bar->name, bar->done, bar->total, now - bar->started) << '\n';
  }
  drawn_lines_ = bars_.size();
  err_ << std::flush;
}

}  // namespace trimtab
