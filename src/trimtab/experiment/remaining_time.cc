#include "trimtab/experiment/remaining_time.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "fmt/format.h"

namespace trimtab {
namespace {

constexpr std::array kShares = {0.05, 0.25, 0.5, 0.75};
constexpr double kLeastSeconds = 30;

}  // namespace

RemainingTime::RemainingTime(std::string name, double total, Stopwatch stopwatch,
                             std::function<void(const std::string& line)> note)
    : name_(std::move(name)),
      total_(total),
      stopwatch_(std::move(stopwatch)),
      note_(std::move(note)) {
  if (stopwatch_) started_ = stopwatch_();
}

void RemainingTime::Add(double work) {
  const std::lock_guard lock(mutex_);
  done_ += work;
  if (!stopwatch_ || said_ == kShares.size() || done_ < kShares[said_] * total_) return;
  while (said_ < kShares.size() && done_ >= kShares[said_] * total_) ++said_;
  const double left = InSeconds(stopwatch_() - started_) * (total_ - done_) / done_;
  if (left < kLeastSeconds) return;
  note_(fmt::format("{}: {:.0f} % done, about {:.0f} min left", name_, 100 * done_ / total_,
                    std::ceil(left / 60)));
}

}  // namespace trimtab
