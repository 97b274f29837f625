#include "trimtab/calibration/hold_out.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/calibration/latency_law.h"
#include "trimtab/calibration/run_samples.h"

namespace trimtab {
namespace {

std::vector<LatencyRun> RunsOf(const std::vector<RecordedRun>& runs, const std::string& name,
                               std::optional<std::size_t> left_out) {
  std::vector<LatencyRun> kept;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (i == left_out) continue;
    const auto found = runs[i].own_latency.find(name);
    if (found != runs[i].own_latency.end()) kept.push_back({runs[i].rate, found->second});
  }
  return kept;
}

// With another run's values a threshold may leave a mode empty; then one mode is all there is.
absl::StatusOr<LatencyLaw> Fit(const std::vector<LatencyRun>& runs) {
  const auto threshold = ModeThreshold(runs);
  auto law = FitLatencyLaw(runs, threshold);
  if (!law.ok() && threshold) law = FitLatencyLaw(runs, std::nullopt);
  return law;
}

void CompareModes(const LatencyLaw& law, double rate, std::span<const double> values,
                  HoldOutRow& row) {
  const auto split = static_cast<std::size_t>(
      std::lower_bound(values.begin(), values.end(), law.threshold) - values.begin());
  row.fast_share =
      Comparison{static_cast<double>(split) / static_cast<double>(values.size()), law.fast_share};
  if (split > 0) {
    const auto fast = values.subspan(0, split);
    row.fast_p50 = Comparison{QuantileOfSorted(fast, 0.5), law.fast->Quantile(0.5, rate)};
    row.fast_p95 = Comparison{QuantileOfSorted(fast, 0.95), law.fast->Quantile(0.95, rate)};
  }
  if (split < values.size()) {
    const auto slow = values.subspan(split);
    row.slow_p50 = Comparison{QuantileOfSorted(slow, 0.5), law.slow.Quantile(0.5, rate)};
    row.slow_p95 = Comparison{QuantileOfSorted(slow, 0.95), law.slow.Quantile(0.95, rate)};
  }
}

void AddFloor(const std::vector<RecordedRun>& runs, const std::string& name, HoldOut& result) {
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (std::size_t j = i + 1; j < runs.size(); ++j) {
      if (std::abs(runs[j].rate / runs[i].rate - 1) > 0.05) continue;
      const auto& a = runs[i].own_latency.at(name);
      const auto& b = runs[j].own_latency.at(name);
      result.floor.push_back({name, i, j, QuantileOfSorted(b, 0.5) / QuantileOfSorted(a, 0.5) - 1,
                              QuantileOfSorted(b, 0.95) / QuantileOfSorted(a, 0.95) - 1});
    }
  }
}

}  // namespace

absl::StatusOr<LatencyLaw> LawOf(const std::vector<RecordedRun>& runs,
                                 const std::string& microservice) {
  auto law = Fit(RunsOf(runs, microservice, std::nullopt));
  if (law.ok()) return law;
  return absl::InvalidArgumentError(
      fmt::format("microservice '{}': {}", microservice, std::string(law.status().message())));
}

absl::StatusOr<HoldOut> LeaveEachRunOut(const std::vector<RecordedRun>& runs) {
  if (runs.size() < 2) {
    return absl::InvalidArgumentError(
        fmt::format("{} run, leaving one out needs at least 2", runs.size()));
  }
  HoldOut result;
  std::vector<double> errors;
  for (const auto& [name, unused] : runs.front().own_latency) {
    const bool everywhere = std::all_of(runs.begin(), runs.end(), [&](const RecordedRun& run) {
      return run.own_latency.contains(name);
    });
    if (!everywhere) continue;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const auto law = Fit(RunsOf(runs, name, i));
      if (!law.ok()) {
        return absl::InvalidArgumentError(
            fmt::format("microservice '{}': {}", name, std::string(law.status().message())));
      }
      const std::vector<double>& values = runs[i].own_latency.at(name);
      HoldOutRow row;
      row.microservice = name;
      row.run = i;
      row.rate = runs[i].rate;
      row.p50 = {QuantileOfSorted(values, 0.5), law->Quantile(0.5, runs[i].rate)};
      row.p95 = {QuantileOfSorted(values, 0.95), law->Quantile(0.95, runs[i].rate)};
      if (law->fast) CompareModes(*law, runs[i].rate, values, row);
      errors.push_back(std::abs(row.p50.error()));
      errors.push_back(std::abs(row.p95.error()));
      result.rows.push_back(row);
    }
    AddFloor(runs, name, result);
  }
  if (errors.empty()) {
    return absl::InvalidArgumentError("no microservice was seen in every run");
  }
  std::sort(errors.begin(), errors.end());
  result.median_absolute_error = QuantileOfSorted(errors, 0.5);
  return result;
}

}  // namespace trimtab
