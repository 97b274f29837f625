#include "trimtab/calibration/run_samples.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

void MergeSorted(const std::vector<double>& from, std::vector<double>& into) {
  const auto middle = static_cast<std::ptrdiff_t>(into.size());
  into.insert(into.end(), from.begin(), from.end());
  std::inplace_merge(into.begin(), into.begin() + middle, into.end());
}

// The rate of a pool is that of a trace's run, averaged over its traces.
std::vector<RecordedRun> Pooled(std::vector<RecordedRun> runs, std::size_t pools) {
  std::vector<RecordedRun> pooled(std::min(pools, runs.size()));
  for (std::size_t i = 0; i < runs.size(); ++i) {
    RecordedRun& pool = pooled[i % pooled.size()];
    pool.rate += runs[i].rate * static_cast<double>(runs[i].traces);
    pool.traces += runs[i].traces;
    MergeSorted(runs[i].end_to_end, pool.end_to_end);
    for (const auto& [name, values] : runs[i].own_latency) {
      MergeSorted(values, pool.own_latency[name]);
    }
  }
  for (RecordedRun& pool : pooled) pool.rate /= static_cast<double>(pool.traces);
  return pooled;
}

}  // namespace

double QuantileOfSorted(std::span<const double> values, double p) {
  const double place = p * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  if (below + 1 >= values.size()) return values.back();
  const double share = place - static_cast<double>(below);
  return values[below] + share * (values[below + 1] - values[below]);
}

RunCollector::RunCollector(const NameTable& names, Options options)
    : names_(names), options_(std::move(options)) {}

bool RunCollector::IsMerged(NameId service) {
  while (merged_.size() < names_.size()) {
    const std::string& name = names_.Name(NameId(merged_.size()));
    merged_.push_back(std::find(options_.merged.begin(), options_.merged.end(), name) !=
                      options_.merged.end());
  }
  return merged_[service.value()];
}

bool RunCollector::IsFaulty(const Visit& visit) const {
  return std::any_of(options_.faults.begin(), options_.faults.end(), [&](const FaultWindow& fault) {
    return visit.start >= fault.start && visit.start < fault.end &&
           names_.Name(visit.pod) == fault.pod;
  });
}

void RunCollector::AcceptTrace(const TraceId&, std::span<const SpanRecord> spans) {
  // A span without a service belongs to its parent's visit.
  spans_.assign(spans.begin(), spans.end());
  for (SpanRecord& span : spans_) {
    if (IsMerged(span.service)) span.service = NameId();
  }
  const TraceVisits* trace = visits_.Build(spans_, names_);
  if (trace == nullptr || trace->visits.empty()) return;
  if (samples_.size() + trace->visits.size() > options_.most_visits) {
    overflow_ = true;
    return;
  }
  const auto index = static_cast<std::uint32_t>(traces_.size());
  traces_.push_back({trace->visits[0].start, ToLatency(trace->visits[0].duration()).count()});
  for (const Visit& visit : trace->visits) {
    if (IsFaulty(visit)) continue;
    samples_.push_back(
        {index, visit.service, static_cast<float>(ToLatency(visit.own_latency).count())});
  }
}

absl::StatusOr<std::vector<RecordedRun>> RunCollector::Runs() const {
  if (overflow_) {
    return absl::InvalidArgumentError(fmt::format(
        "more than {} visits; calibrate on a part of the recording", options_.most_visits));
  }
  if (traces_.empty()) return absl::InvalidArgumentError("there is no whole trace");
  std::vector<std::uint32_t> order(traces_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return traces_[a].start < traces_[b].start;
  });
  std::vector<RecordedRun> runs;
  std::vector<std::uint32_t> run_of(traces_.size());
  Instant first;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Instant start = traces_[order[i]].start;
    if (i == 0 || start - traces_[order[i - 1]].start > options_.pause) {
      runs.emplace_back();
      first = start;
    }
    RecordedRun& run = runs.back();
    run_of[order[i]] = static_cast<std::uint32_t>(runs.size() - 1);
    run.end_to_end.push_back(traces_[order[i]].milliseconds);
    ++run.traces;
    if (run.traces > 1 && start > first) {
      run.rate = static_cast<double>(run.traces - 1) / InSeconds(start - first) / options_.sampling;
    }
  }
  for (const Sample& sample : samples_) {
    runs[run_of[sample.trace]].own_latency[names_.Name(sample.service)].push_back(
        static_cast<double>(sample.own_milliseconds));
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (runs[i].rate <= 0) {
      return absl::InvalidArgumentError(
          fmt::format("run {} has {} traces that start at one instant, a rate needs time", i + 1,
                      runs[i].traces));
    }
    for (auto& [name, values] : runs[i].own_latency) std::sort(values.begin(), values.end());
    std::sort(runs[i].end_to_end.begin(), runs[i].end_to_end.end());
  }
  if (options_.pools > 0) return Pooled(std::move(runs), static_cast<std::size_t>(options_.pools));
  return runs;
}

}  // namespace trimtab
