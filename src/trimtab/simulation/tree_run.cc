#include "trimtab/simulation/tree_run.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/simulation/contention.h"
#include "trimtab/simulation/cumulant_estimate.h"
#include "trimtab/simulation/event_loop.h"
#include "trimtab/simulation/plain_latencies.h"
#include "trimtab/simulation/tail_estimate.h"

namespace trimtab {
namespace {

constexpr std::int64_t kFirstBatch = 100;  // application requests
constexpr double kWarmUpRequests = 1000;
constexpr double kShortestWarmUp = 3;  // seconds: some thirty quota periods
constexpr int kBins = 128;
constexpr int kParts = 10;  // of a run that latencies are drawn from
// Of the requests of such a run: 2,000 traces at 20,000 requests.
constexpr double kTracedShare = 0.1;

// What is kept of one container: a histogram a batch, and counters at the end of the warm-up.
struct Track {
  std::uint32_t container = 0;
  std::vector<LogHistogram> batches;
  std::uint64_t served = 0;  // of batches that were given away
  double used = 0;
  SimNanos pool_full = 0;
};

class TreeRun {
 public:
  TreeRun(const ClusterScenario& scenario, const TreeSetting& setting, std::uint64_t seed)
      : setting_(setting), scenario_(ScenarioFor(scenario, setting)) {
    options_.seed = seed;
    options_.load = StepSeries::Constant(setting.application_load.value());
    options_.bins_per_octave = kBins;
  }

  absl::StatusOr<TreeSample> Measure(const LabelAccuracy& accuracy) {
    if (absl::Status status = Start(); !status.ok()) return status;
    std::int64_t batch = kFirstBatch;
    for (;;) {
      while (end_to_end_.size() < kTailBatches) {
        RunBatch(batch);
        if (absl::Status status = CheckKilled(); !status.ok()) return status;
      }
      if (requests_ * 3 > accuracy.most_requests ||
          MeanError() <= accuracy.relative_standard_error) {
        break;
      }
      // Three times as long a run: batches three times as long, the old ones put together.
      batch *= 3;
      Coarsen(end_to_end_);
      for (Track& track : tracks_) Coarsen(track.batches);
    }
    return Sample();
  }

  absl::StatusOr<std::vector<TreeLatencies>> Draw(std::int64_t requests) {
    options_.span_share = kTracedShare;
    if (absl::Status status = Start(); !status.ok()) return status;
    loop_->spans().records().clear();  // of the warm-up
    PlainLatencies plain(*loop_);
    std::vector<TreeLatencies> all(scenario_.microservices.size());
    RandomStream order(options_.seed, "order of latencies");
    for (int part = 0; part < kParts; ++part) {
      RunBatch(std::max<std::int64_t>(requests / kParts, 1));
      if (absl::Status status = CheckKilled(); !status.ok()) return status;
      TakeLatencies(order, all);
      if (absl::Status status = plain.Read(); !status.ok()) return status;
    }
    Average(all);
    std::vector<std::vector<double>> seconds = plain.Take();
    for (std::size_t m = 0; m < all.size(); ++m) all[m].plain_seconds = std::move(seconds[m]);
    return all;
  }

 private:
  absl::Status Start() {
    auto loop = EventLoop::Create(scenario_, options_, [](EventKind) {});
    if (!loop.ok()) return loop.status();
    loop_ = *std::move(loop);
    ApplyInterference();
    WarmUp();
    return absl::OkStatus();
  }

  // Adds the last batch of every container, in seconds, in random order.
  void TakeLatencies(RandomStream& order, std::vector<TreeLatencies>& all) {
    std::vector<std::vector<double>> nanos(all.size());
    for (Track& track : tracks_) {
      const std::uint32_t m = loop_->state().containers[track.container].microservice;
      track.served += track.batches.back().total();
      track.batches.back().AppendTo(nanos[m]);
      track.batches.clear();
    }
    for (std::size_t m = 0; m < all.size(); ++m) {
      std::vector<double>& values = nanos[m];
      for (std::size_t i = values.size(); i > 1; --i) {
        std::swap(values[i - 1], values[order.Below(i)]);
      }
      for (const double value : values) all[m].draws.seconds.push_back(1e-9 * value);
    }
  }

  // What is told of a container, over those of each microservice.
  void Average(std::vector<TreeLatencies>& all) const {
    for (const Track& track : tracks_) {
      const Usage usage = UsageOf(track);
      TreeLatencies& of = all[loop_->state().containers[track.container].microservice];
      ++of.containers;
      of.container_load += usage.load;
      of.draws.utilization += usage.utilization;
      of.draws.pool_full_share += usage.pool_full_share;
    }
    for (TreeLatencies& of : all) {
      of.container_load /= of.containers;
      of.draws.utilization /= of.containers;
      of.draws.pool_full_share /= of.containers;
    }
  }

  void ApplyInterference() {
    std::uint32_t host = 0;
    for (std::size_t m = 0; m < scenario_.microservices.size(); ++m) {
      const Contention contention = Contention::From(setting_.interference[m]);
      for (int r = 0; r < scenario_.microservices[m].initial.replicas; ++r) {
        loop_->contention().SetAnomaly(host++, contention);
      }
    }
  }

  void WarmUp() {
    const double seconds =
        std::max(kShortestWarmUp, kWarmUpRequests / setting_.application_load.value());
    loop_->RunUntil(static_cast<SimNanos>(seconds * 1e9));
    start_ = loop_->state().now;
    loop_->requests().Clear();
    for (ReplicaSet& set : loop_->state().replica_sets) {
      for (const std::uint32_t index : set.containers) {
        Container& c = loop_->state().containers[index];
        c.own_latency.Clear();
        c.pool_full = 0;
        if (c.pool_full_since != kNever) c.pool_full_since = start_;
        tracks_.push_back({index, {}, 0, c.cpu.UsedAt(start_), 0});
      }
    }
  }

  void RunBatch(std::int64_t requests) {
    loop_->RunUntil(loop_->state().now +
                    static_cast<SimNanos>(static_cast<double>(requests) /
                                          setting_.application_load.value() * 1e9));
    requests_ += requests;
    LogHistogram all(kBins);
    for (const OperationRecord& record : loop_->requests().operations()) all.Merge(record.latency);
    end_to_end_.push_back(std::move(all));
    loop_->requests().Clear();
    for (Track& track : tracks_) {
      Container& c = loop_->state().containers[track.container];
      track.batches.push_back(c.own_latency);
      c.own_latency.Clear();
    }
  }

  absl::Status CheckKilled() const {
    for (const Track& track : tracks_) {
      const Container& c = loop_->state().containers[track.container];
      if (c.kills == 0) continue;
      return absl::InvalidArgumentError(
          fmt::format("microservice '{}' is killed for memory at a limit of {} bytes",
                      scenario_.microservices[c.microservice].name, c.limits.memory.value()));
    }
    return absl::OkStatus();
  }

  static void Coarsen(std::vector<LogHistogram>& batches) {
    std::vector<LogHistogram> coarse;
    for (std::size_t i = 0; i < batches.size(); ++i) {
      if (i % 3 == 0) {
        coarse.push_back(std::move(batches[i]));
      } else {
        coarse.back().Merge(batches[i]);
      }
    }
    batches = std::move(coarse);
  }

  double MeanError() const {
    double sum = 0;
    int count = 0;
    for (const Track& track : tracks_) {
      const TailEstimate estimate = EstimateTail(track.batches);
      if (estimate.tail.count() <= 0) continue;
      sum += estimate.relative_standard_error;
      ++count;
    }
    return count > 0 ? sum / count : 0;
  }

  struct Usage {
    std::uint64_t served = 0;
    double load = 0;  // calls/s
    double utilization = 0;
    double pool_full_share = 0;
  };

  Usage UsageOf(const Track& track) const {
    const Container& c = loop_->state().containers[track.container];
    const SimNanos now = loop_->state().now;
    const double seconds = static_cast<double>(now - start_) * 1e-9;
    Usage usage{.served = track.served};
    for (const LogHistogram& batch : track.batches) usage.served += batch.total();
    usage.load = static_cast<double>(usage.served) / seconds;
    usage.utilization = (c.cpu.UsedAt(now) - track.used) * 1e-9 / seconds / InCores(c.limits.cpu);
    const SimNanos full = c.pool_full + (c.pool_full_since == kNever ? 0 : now - c.pool_full_since);
    usage.pool_full_share = static_cast<double>(full) * 1e-9 / seconds;
    return usage;
  }

  TreeSample Sample() {
    TreeSample sample;
    sample.containers.resize(scenario_.microservices.size());
    for (const Track& track : tracks_) {
      const Container& c = loop_->state().containers[track.container];
      const Usage usage = UsageOf(track);
      const TailEstimate estimate = EstimateTail(track.batches);
      ContainerLabel& label = sample.containers[c.microservice].emplace_back();
      label.container = c.limits;
      label.container_load = RequestsPerSecond(usage.load);
      label.interference = setting_.interference[c.microservice];
      label.label.tail = estimate.tail;
      label.label.relative_standard_error = estimate.relative_standard_error;
      label.label.utilization = usage.utilization;
      label.label.pool_full_share = usage.pool_full_share;
      label.label.requests = static_cast<std::int64_t>(usage.served);
      label.label.whole_tree = true;
      label.label.cumulants = EstimateCumulants(track.batches);
    }
    const TailEstimate end_to_end = EstimateTail(end_to_end_);
    sample.end_to_end_tail = end_to_end.tail;
    sample.end_to_end_relative_standard_error = end_to_end.relative_standard_error;
    sample.requests = requests_;
    return sample;
  }

  const TreeSetting& setting_;
  const ClusterScenario scenario_;
  EventLoopOptions options_;
  std::unique_ptr<EventLoop> loop_;
  SimNanos start_ = 0;
  std::int64_t requests_ = 0;
  std::vector<LogHistogram> end_to_end_;  // by batch
  std::vector<Track> tracks_;             // in order of microservice and replica
};

}  // namespace

ClusterScenario ScenarioFor(const ClusterScenario& scenario, const TreeSetting& setting) {
  ClusterScenario made = scenario;
  made.hosts.clear();
  for (std::size_t m = 0; m < made.microservices.size(); ++m) {
    MicroserviceSpec& spec = made.microservices[m];
    spec.initial = setting.allocation[MicroserviceId(m)];
    HostSpec host = scenario.hosts.front();
    for (const HostSpec& candidate : scenario.hosts) {
      if (!spec.hosts.empty() && candidate.name == spec.hosts.front()) host = candidate;
    }
    spec.hosts.clear();
    for (int r = 0; r < spec.initial.replicas; ++r) {
      host.name = fmt::format("{:05}", made.hosts.size());
      made.hosts.push_back(host);
      spec.hosts.push_back(host.name);
    }
  }
  return made;
}

absl::StatusOr<TreeSample> MeasureTree(const ClusterScenario& scenario, const TreeSetting& setting,
                                       const LabelAccuracy& accuracy, std::uint64_t seed) {
  return TreeRun(scenario, setting, seed).Measure(accuracy);
}

absl::StatusOr<std::vector<TreeLatencies>> DrawTree(const ClusterScenario& scenario,
                                                    const TreeSetting& setting,
                                                    std::int64_t requests, std::uint64_t seed) {
  return TreeRun(scenario, setting, seed).Draw(requests);
}

}  // namespace trimtab
