// What Grad's search changes: allocations, and the latencies that the models expect of them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "trimtab/application/application.h"
#include "trimtab/application/resource_price.h"
#include "trimtab/endtoend/incremental_tail.h"
#include "trimtab/endtoend/own_latency.h"
#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/scaling/grad/grad_models.h"
#include "trimtab/scaling/grad/grad_options.h"
#include "trimtab/scaling/planning_input.h"

namespace trimtab {

// The application as the models see it, each container a row: the ready ones with the interference
// of their host, and one row for those still to come, pending ones included, with the mean
// interference of the ready ones. The load of a microservice is spread evenly over all its
// replicas. Features outside the profiled ranges are cut to them: nothing is extrapolated.
// Interference is held constant while planning: it comes from what others use, and a larger limit
// at the same load uses no more.
// Allocates when containers or microservices are seen for the first time, not while searching.
// Not thread-safe; application and models must outlive it.
class PlanningState {
 public:
  struct Microservice {
    MicroserviceAllocation now;
    OwnLatency own;                         // expected at `now`
    double arrival_rate = 0;                // requests/s over all containers
    std::optional<double> cpu_per_request;  // core-seconds, measured
    Bytes memory_in_use;                    // the most that a container uses
    bool tradable = false;                  // has a model, a part in the tail and a known load
    std::size_t first_row = 0;
    std::size_t ready_rows = 0;
  };

  PlanningState(const Application& application, const GradModels& models);

  // Starts from `input`, which must have passed CheckPlanningInput. `desired` may differ from
  // input.desired: what has been raised before any trading.
  void Start(const PlanningInput& input, const GradOptions& options);

  std::size_t size() const { return microservices_.size(); }
  const Microservice& at(std::size_t i) const { return microservices_[i]; }
  const ScalingBounds& bounds(std::size_t i) const {
    return application_.microservice(MicroserviceId(i)).bounds;
  }
  const GradModels::Joined& joined(std::size_t i) const { return models_.of(MicroserviceId(i)); }
  const ResourcePrice& price() const { return *price_; }
  Latency tail() const { return tail_.tail(); }
  // Names of what could not be planned for and why; each forbids scaling down.
  const std::vector<std::string>& gaps() const { return gaps_; }

  // Changes one allocation before the search starts; latencies are not expected yet.
  void Raise(std::size_t i, const MicroserviceAllocation& to);
  // Puts in what is expected at the present allocation, before RecomputeTail().
  void SetOwn(std::size_t i, const OwnLatency& own) { microservices_[i].own = own; }
  // The tail of all present own latencies anew. Cost: O(microservices^2) with attention.
  void RecomputeTail();

  // What the models expect of `candidates`, one OwnLatency each. REQUIRES: tradable, at most 3.
  void Expect(std::size_t i, std::span<const MicroserviceAllocation> candidates,
              std::span<OwnLatency> own);
  // What they expect of one, and a prediction with slopes for each of its rows; valid until the
  // next call. REQUIRES: tradable.
  std::span<const LatencyPrediction> ExpectWithSlopes(std::size_t i,
                                                      const MicroserviceAllocation& candidate,
                                                      OwnLatency& own);
  // The tail if a microservice's own latency were this.
  Latency TailWith(std::size_t i, const OwnLatency& own);
  // Makes a candidate the present allocation.
  void Apply(std::size_t i, const MicroserviceAllocation& to, const OwnLatency& own);
  // d tail / d own latency, one a microservice; 0 for those without a token.
  void TailSlopes(std::span<OwnLatencySlope> slopes);

  // The least CPU, in quanta of 50 millicores, that a container may have so that its load lies
  // inside what was profiled.
  Millicores LeastCpu(std::size_t i, int replicas) const;
  // The fewest replicas whose load lies inside what was profiled whatever their CPU.
  int LeastReplicas(std::size_t i) const;
  // Whether so much more fits into the cluster.
  bool Fits(Millicores more_cpu, Bytes more_memory) const;

 private:
  void Observe(std::size_t i, const MicroserviceObservation& seen);
  void AddRows(std::size_t i, const MicroserviceObservation& seen);
  std::size_t RowsOf(const Microservice& m, int replicas) const;
  void FillRows(std::size_t i, const MicroserviceAllocation& allocation,
                std::span<LatencyFeatures> rows) const;
  OwnLatency Reduce(const Microservice& m, int replicas, std::span<const Latency> tails) const;
  OwnLatency FallbackOwnLatency(std::size_t i, const MicroserviceObservation& seen) const;

  const Application& application_;
  const GradModels& models_;
  double most_utilization_ = 0.8;
  std::optional<ResourcePrice> price_;
  std::optional<ClusterCapacity> capacity_;
  Millicores total_cpu_;
  Bytes total_memory_;
  std::vector<Microservice> microservices_;
  std::vector<Interference> rows_;  // those of the ready containers, then one for the others
  std::vector<std::string> gaps_;
  IncrementalTail tail_;

  std::vector<OwnLatency> token_own_;
  std::vector<OwnLatencySlope> token_slopes_;
  std::vector<LatencyFeatures> features_;
  std::vector<Latency> tails_;
  std::vector<LatencyPrediction> predictions_;
};

}  // namespace trimtab
