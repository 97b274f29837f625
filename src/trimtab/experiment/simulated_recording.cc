#include "trimtab/experiment/simulated_recording.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "trimtab/simulation/simulated_cluster.h"
#include "trimtab/tracing/name_table.h"
#include "trimtab/tracing/span_record.h"
#include "trimtab/tracing/trace_assembler.h"
#include "trimtab/workload/load_series.h"

namespace trimtab {
namespace {

constexpr Duration kReadEvery = std::chrono::seconds(5);
constexpr Duration kDrain = std::chrono::seconds(30);  // after the last load

}  // namespace

absl::StatusOr<RecordedTraces> RecordSimulation(ClusterScenario cluster,
                                                const Allocation& allocation,
                                                const RecordingOptions& options) {
  for (std::size_t i = 0; i < cluster.microservices.size(); ++i) {
    cluster.microservices[i].initial = allocation[MicroserviceId(i)];
  }
  std::vector<double> loads = options.loads;
  loads.push_back(0);
  auto series = StepSeries::Create(options.length, std::move(loads));
  if (!series.ok()) return series.status();
  double requests = 0;
  for (const double load : options.loads) requests += load * InSeconds(options.length);
  const double traces =
      static_cast<double>(options.traces_per_load) * static_cast<double>(options.loads.size());
  const double share = std::min(1.0, traces / requests);
  const Instant end{options.length * static_cast<std::int64_t>(options.loads.size()) + kDrain};
  auto world = SimulatedCluster::Create(std::move(cluster), {.seed = options.seed,
                                                             .load = *std::move(series),
                                                             .end = end,
                                                             .span_share = share,
                                                             .scrape_interval = Duration(0),
                                                             .on_window = nullptr});
  if (!world.ok()) return world.status();
  NameTable names;
  TraceRecorder recorder(names, options.key, {.sampling = share});
  TraceAssembler assembler({}, recorder);
  for (Instant now{kReadEvery}; now <= end; now += kReadEvery) {
    if (options.stopped && options.stopped()) return absl::CancelledError("stopped while tracing");
    (*world)->clock().WaitUntil(now);
    const absl::Status read = (*world)->traces().Read(now, [&](const Span& span) {
      const TracedSpan traced = Interned(span, names);
      assembler.Add(std::span(&traced, 1), now);
    });
    if (!read.ok()) return read;
    assembler.Settle(now);
  }
  assembler.Flush();
  return recorder.Collect();
}

}  // namespace trimtab
