// The own latencies in a recording of spans, by the load under which they arose.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/quantity/time.h"
#include "trimtab/tracing/name_table.h"
#include "trimtab/tracing/trace_assembler.h"
#include "trimtab/tracing/visits.h"

namespace trimtab {

// Stretches of a recording whose measured rates are alike.
struct RecordedLoad {
  double traces_per_second = 0;  // sampling undone
  double seconds = 0;
  std::int64_t traces = 0;
};

struct LatenciesAtLoad {
  double container_load = 0;    // calls/s to one container, sampling undone
  std::vector<double> seconds;  // own latencies, in order of time of their traces
};

struct LoadedLatencies {
  std::vector<RecordedLoad> loads;  // rising
  // Of each whole trace, in the order in which they came; nothing where its window has no rate.
  std::vector<std::optional<std::size_t>> load_of_trace;
  struct OfMicroservice {
    std::string name;
    std::vector<LatenciesAtLoad> loads;  // rising; of the loads above those with visits
  };
  std::vector<OfMicroservice> microservices;  // by name
};

// What of a visit is its own (D21).
enum class OwnLatencyRule : std::uint8_t {
  kUncovered,  // the time that no call covers
  kPlain,      // as published: Visit::plain_own_latency(); what is not above 0 is dropped
};

// Collects visits, each a sample of its own (D11).
// The load of a moment is what was measured, whatever the recording calls it: the recording is cut
// where nothing starts for `pause`, the stretches between into windows of equal length, and windows
// whose rates differ by less than `same_load`, or by the least while there are more than
// `most_loads` or fewer than `fewest_traces` in one, are one load.
// Thread-safety: none. Memory: 16 bytes a visit, at most `most_visits` of them.
class LoadCollector : public TraceSink {
 public:
  struct Options {
    double sampling = 1;  // share of the requests that was traced, in (0, 1]
    Duration pause = std::chrono::seconds(30);
    Duration window = std::chrono::seconds(60);
    double same_load = 1.15;  // ratio of rates
    std::size_t most_loads = 10;
    std::int64_t fewest_traces = 100;
    std::size_t most_visits = 50'000'000;
    // A visit whose own latency is dropped counts in the load all the same.
    OwnLatencyRule own_latency = OwnLatencyRule::kUncovered;
  };

  // `names` must outlive the object.
  explicit LoadCollector(const NameTable& names) : LoadCollector(names, Options{}) {}
  LoadCollector(const NameTable& names, const Options& options)
      : names_(names), options_(options) {}

  void AcceptTrace(const TraceId& trace, std::span<const SpanRecord> spans) override;

  const VisitCounts& visit_counts() const { return visits_.counts(); }

  // kInvalidArgument when there is no whole trace, all start at one instant, or there were more
  // visits than the bound.
  absl::StatusOr<LoadedLatencies> Collect() const;

 private:
  struct Sample {
    std::uint32_t trace;
    NameId service;
    NameId pod;
    float own_milliseconds;  // not a number: dropped
  };
  struct Window {
    std::int64_t traces = 0;
    double seconds = 0;
    std::size_t load = 0;
  };

  // Cuts the recording; window_of[trace] is its window.
  std::vector<Window> CutWindows(std::vector<std::uint32_t>& window_of) const;
  std::vector<RecordedLoad> GroupWindows(std::vector<Window>& windows) const;

  const NameTable& names_;
  Options options_;
  VisitBuilder visits_;
  std::vector<Instant> starts_;  // by trace
  std::vector<Sample> samples_;
  bool overflow_ = false;
};

}  // namespace trimtab
