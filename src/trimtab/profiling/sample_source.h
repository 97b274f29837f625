// `SampleSource`: a setting in, a labelled sample out. The simulated cluster implements it twice:
// for a station alone and for the whole tree.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/application/ids.h"
#include "trimtab/application/interference.h"
#include "trimtab/probability/cumulants.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// How good a label must be before sampling stops (adaptive sizes: the run is tripled until its
// estimated error is small enough or the bound is met). Labels of different seeds come from
// independent streams.
struct LabelAccuracy {
  double relative_standard_error = 0.08;
  std::int64_t most_requests = 20000;
};

// The own latency of one microservice under one setting: its P95, and the cumulants of the same
// requests.
struct LatencyLabel {
  Latency tail{0};
  double relative_standard_error = 0;  // estimated, of `tail`
  double utilization = 0;              // CPU used / limit, per container
  double pool_full_share = 0;          // share of time in which no thread was free
  std::int64_t requests = 0;           // behind the label
  bool whole_tree = false;
  MeasuredCumulants cumulants = {};  // in s, s^2 and s^3
};

// The own latencies of one microservice under one setting, each request for itself.
struct LatencyDraws {
  std::vector<double> seconds;  // in order of the requests' ends
  double utilization = 0;       // as in LatencyLabel
  double pool_full_share = 0;
};

// One container of one microservice, alone under Poisson arrivals.
struct StationSetting {
  MicroserviceId microservice;
  ContainerConfig container;
  RequestsPerSecond container_load;
  Interference interference;  // all four present
};

// The whole application: an allocation, a load and the interference on the hosts of each
// microservice.
struct TreeSetting {
  Allocation allocation;
  RequestsPerSecond application_load;
  std::vector<Interference> interference;  // indexed by MicroserviceId, all four present
};

// The own latencies of one microservice among all others, its containers together.
struct TreeLatencies {
  double container_load = 0;  // calls/s to one of them, as measured
  int containers = 0;
  LatencyDraws draws;  // in order of the calls' ends up to a tenth of the run
  // s, above 0: of sampled requests, from their spans by plain subtraction (D21); roughly in order
  // of time. May be empty.
  std::vector<double> plain_seconds = {};
};

struct ContainerLabel {
  ContainerConfig container;
  RequestsPerSecond container_load;
  Interference interference;
  LatencyLabel label;
};

struct TreeSample {
  std::vector<std::vector<ContainerLabel>> containers;  // [microservice][replica]
  Latency end_to_end_tail{0};
  double end_to_end_relative_standard_error = 0;
  std::int64_t requests = 0;
};

// What is known of a microservice before it is measured.
struct StationTraits {
  double visits_per_request = 1;  // of the application, over all its operations; the mean
  // No bound on the requests in flight, so that callees never hold back the queue of the caller.
  bool asynchronous = true;
};

// A setting that stands for others: their labels are its label, each plus its own constant.
struct StationEquivalent {
  StationSetting representative;
  Latency shift{0};
};

// Deterministic: the same setting, seed and accuracy give the same label, whatever was measured
// before. Thread-safety: Measure() may be called from several threads.
class SampleSource {
 public:
  virtual ~SampleSource() = default;

  virtual StationTraits Traits(MicroserviceId microservice) const = 0;

  // The CPU time that the container burns for one request on average, misses and contention
  // included: utilization = container_load * CpuPerRequest / limit.
  // kInvalidArgument for a container that cannot run: memory below what it cannot give back.
  virtual absl::StatusOr<Duration> CpuPerRequest(MicroserviceId microservice,
                                                 const ContainerConfig& container,
                                                 const Interference& interference) const = 0;

  // The representative of all settings that behave alike, such as those with memory above the
  // working set, or those that differ by a constant delay. Its own representative is itself.
  virtual StationEquivalent Equivalent(const StationSetting& setting) const = 0;

  // kInvalidArgument for a setting outside what the world can run (memory below what the
  // microservice cannot give back, a load above its capacity).
  virtual absl::StatusOr<LatencyLabel> Measure(const StationSetting& setting,
                                               const LabelAccuracy& accuracy,
                                               std::uint64_t seed) const = 0;
  // Exactly `requests` own latencies after a warm-up. Fails as Measure().
  virtual absl::StatusOr<LatencyDraws> Draw(const StationSetting& setting, std::int64_t requests,
                                            std::uint64_t seed) const = 0;
  virtual absl::StatusOr<TreeSample> Measure(const TreeSetting& setting,
                                             const LabelAccuracy& accuracy,
                                             std::uint64_t seed) const = 0;
  // By MicroserviceId, of `requests` requests of the application after a warm-up; a microservice
  // that none of them visits has no latencies. A load above its capacity is run all the same, for
  // how often a microservice is visited may differ from the mean that Traits() tells; otherwise
  // fails as Measure().
  virtual absl::StatusOr<std::vector<TreeLatencies>> Draw(const TreeSetting& setting,
                                                          std::int64_t requests,
                                                          std::uint64_t seed) const = 0;
};

}  // namespace trimtab
