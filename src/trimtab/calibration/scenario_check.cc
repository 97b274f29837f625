#include "trimtab/calibration/scenario_check.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/calibration/run_samples.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/simulation/simulated_cluster.h"
#include "trimtab/tracing/trace_assembler.h"

namespace trimtab {
namespace {

constexpr double kLoad = 20;
constexpr Duration kLength = std::chrono::seconds(1000);
constexpr Duration kRead = std::chrono::seconds(10);

absl::Status CollectSpans(ClusterScenario cluster, std::uint64_t seed, NameTable& names,
                          RunCollector& collector) {
  SimulatedClusterOptions options;
  options.seed = seed;
  // No request is under way at the end, so that no trace is cut.
  auto load = StepSeries::Create(kLength - kRead, {kLoad, 0});
  if (!load.ok()) return load.status();
  options.load = *std::move(load);
  options.span_share = 1;
  options.scrape_interval = Duration(0);
  auto world = SimulatedCluster::Create(std::move(cluster), std::move(options));
  if (!world.ok()) return world.status();
  TraceAssembler assembler({}, collector);
  std::vector<TracedSpan> spans;
  for (Duration at = kRead; at <= kLength; at += kRead) {
    (*world)->clock().WaitUntil(Instant(at));
    spans.clear();
    const absl::Status read = (*world)->traces().Read(
        Instant(at), [&](const Span& span) { spans.push_back(Interned(span, names)); });
    if (!read.ok()) return read;
    assembler.Add(spans, Instant(at));
  }
  assembler.Flush();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<ScenarioCheckRow>> CheckScenario(
    const Scenario& scenario, const std::map<std::string, LatencyLaw>& laws,
    const RecordedRun* not_fitted, const std::string& operation, std::uint64_t seed) {
  ClusterScenario cluster = scenario.cluster;
  std::erase_if(cluster.entries, [&](const EntrySpec& entry) {
    return !operation.empty() && entry.operation != operation;
  });
  if (cluster.entries.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("scenario '{}' has no operation '{}'", scenario.name, operation));
  }
  RunCollector::Options options;
  for (MicroserviceSpec& m : cluster.microservices) {
    m.initial = {1, {Cores(4), Mebibytes(1000)}};
    m.cold_cache = {};
    if (!laws.contains(m.name)) options.merged.push_back(m.name);
  }
  NameTable names;
  RunCollector collector(names, options);
  if (absl::Status status = CollectSpans(std::move(cluster), seed, names, collector);
      !status.ok()) {
    return status;
  }
  const auto runs = collector.Runs();
  if (!runs.ok()) return runs.status();
  std::vector<ScenarioCheckRow> rows;
  for (const auto& [name, own] : runs->front().own_latency) {
    const LatencyLaw& law = laws.at(name);
    const auto wanted = [&](double p) {
      if (not_fitted == nullptr) return law.Quantile(p, 0);
      return QuantileOfSorted(not_fitted->own_latency.at(name), p);
    };
    if (not_fitted != nullptr && !not_fitted->own_latency.contains(name)) continue;
    rows.push_back({name,
                    {wanted(0.5), QuantileOfSorted(own, 0.5)},
                    {wanted(0.95), QuantileOfSorted(own, 0.95)}});
  }
  return rows;
}

}  // namespace trimtab
