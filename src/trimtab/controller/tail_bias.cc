#include "trimtab/controller/tail_bias.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "fmt/format.h"

namespace trimtab {

absl::Status TailBiasOptions::Validate() const {
  std::string problems;
  if (!(weight >= 0 && weight <= 1)) {
    problems += fmt::format("; weight is {}, must lie in [0, 1]", weight);
  }
  if (!(least > 0 && least <= 1)) {
    problems += fmt::format("; least is {}, must lie in (0, 1]", least);
  }
  if (!(most >= 1 && most <= 100)) {
    problems += fmt::format("; most is {}, must lie in [1, 100]", most);
  }
  if (fewest_traces < 1) {
    problems += fmt::format("; fewest traces is {}, must be at least 1", fewest_traces);
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("tail bias options: " + problems.substr(2));
}

void TailBias::Predicted(Instant at, std::optional<Latency> uncorrected) {
  if (uncorrected && !(std::isfinite(uncorrected->count()) && uncorrected->count() > 0)) {
    uncorrected.reset();
  }
  predictions_.push_back({at, uncorrected});
}

std::optional<Latency> TailBias::MeanPrediction(const TimeWindow& window) const {
  double covered = 0;
  double sum = 0;
  for (std::size_t i = 0; i < predictions_.size(); ++i) {
    const Instant until = i + 1 < predictions_.size() ? predictions_[i + 1].from : window.end;
    const double seconds =
        InSeconds(std::min(until, window.end) - std::max(predictions_[i].from, window.begin));
    if (seconds <= 0 || !predictions_[i].tail) continue;
    covered += seconds;
    sum += seconds * predictions_[i].tail->count();
  }
  if (covered < 0.5 * InSeconds(window.length())) return std::nullopt;
  return Latency(sum / covered);
}

void TailBias::Measured(const TimeWindow& window, Latency tail, std::size_t traces) {
  // The last prediction before the window still holds when it begins.
  while (predictions_.size() > 1 && predictions_[1].from <= window.begin) predictions_.pop_front();
  if (!(std::isfinite(tail.count()) && tail.count() > 0)) return;
  if (std::cmp_less(traces, options_.fewest_traces)) return;
  const std::optional<Latency> predicted = MeanPrediction(window);
  if (!predicted) return;
  const double ratio =
      std::clamp(std::log(tail / *predicted), std::log(options_.least), std::log(options_.most));
  log_correction_ += options_.weight * (ratio - log_correction_);
}

void TailBias::Reset() {
  predictions_.clear();
  log_correction_ = 0;
}

double TailBias::correction() const {
  return std::clamp(std::exp(log_correction_), options_.least, options_.most);
}

}  // namespace trimtab
