#include "trimtab/simulation/simulated_cluster.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

// Above this many containers, fine histograms would push each other out of the cache.
constexpr std::size_t kManyContainers = 1000;

EventLoopOptions LoopOptions(const ClusterScenario& scenario,
                             const SimulatedClusterOptions& options) {
  std::size_t containers = 0;
  for (const MicroserviceSpec& spec : scenario.microservices) {
    containers += static_cast<std::size_t>(spec.initial.replicas);
  }
  EventLoopOptions loop;
  loop.seed = options.seed;
  loop.load = options.load;
  loop.span_share = options.span_share;
  loop.is_hosted = options.is_hosted;
  loop.bins_per_octave = containers > kManyContainers ? 16 : 128;
  return loop;
}

}  // namespace

absl::Status SimulatedClusterOptions::Validate() const {
  std::vector<std::string> violations;
  const auto at_least = [&](const char* name, Duration value, Duration bound) {
    if (value < bound) {
      violations.push_back(fmt::format("{} is {}, must be at least {}", name, FormatDuration(value),
                                       FormatDuration(bound)));
    }
  };
  if (!(span_share >= 0 && span_share <= 1)) {
    violations.push_back(fmt::format("span share is {}, must be between 0 and 1", span_share));
  }
  at_least("reporting delay", reporting_delay, Duration(0));
  if (scrape_interval != Duration(0)) {
    at_least("scrape interval", scrape_interval, std::chrono::milliseconds(1));
  }
  at_least("scrape lag", scrape_lag, Duration(0));
  at_least("retention", retention, Duration(0));
  at_least("window", window, std::chrono::milliseconds(1));
  if (violations.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(violations, "\n"));
}

absl::StatusOr<std::unique_ptr<SimulatedCluster>> SimulatedCluster::Create(
    ClusterScenario scenario, SimulatedClusterOptions options) {
  absl::StatusOr<Application> application = ApplicationOf(scenario);
  if (!application.ok()) return application.status();
  if (absl::Status status = options.Validate(); !status.ok()) return status;
  std::unique_ptr<SimulatedCluster> cluster(
      new SimulatedCluster(std::move(scenario), std::move(options), *std::move(application)));
  if (absl::Status status = cluster->Start(); !status.ok()) return status;
  return cluster;
}

SimulatedCluster::SimulatedCluster(ClusterScenario scenario, SimulatedClusterOptions options,
                                   Application application)
    : scenario_(std::move(scenario)),
      options_(std::move(options)),
      application_(std::move(application)) {}

absl::Status SimulatedCluster::Start() {
  absl::StatusOr<std::unique_ptr<EventLoop>> loop = EventLoop::Create(
      scenario_, LoopOptions(scenario_, options_), [this](EventKind kind) { Handle(kind); });
  if (!loop.ok()) return loop.status();
  loop_ = *std::move(loop);
  clock_ = std::make_unique<SimulatedClock>(*loop_, options_.end);
  traces_ = std::make_unique<SimulatedTraces>(*loop_, options_.reporting_delay, options_.seed);
  metrics_ = std::make_unique<SimulatedMetrics>(*loop_, options_.scrape_lag, options_.retention);
  actuator_ = std::make_unique<SimulatedActuator>(*loop_);
  anomalies_ = std::make_unique<SimulatedAnomalies>(*loop_);
  hosted_ = std::make_unique<HostedReplicas>(*loop_);
  windows_ = std::make_unique<WindowRecorder>(*loop_);
  EventQueue& events = loop_->state().events;
  events.Push(options_.window.count(), EventKind::kWindowEnd, 0);
  if (options_.scrape_interval > Duration(0)) {
    events.Push(options_.scrape_interval.count(), EventKind::kScrape, 0);
  }
  return absl::OkStatus();
}

void SimulatedCluster::Handle(EventKind kind) {
  ClusterState& state = loop_->state();
  if (kind == EventKind::kAnomaly) {
    anomalies_->Update();
  } else if (kind == EventKind::kScrape) {
    metrics_->Scrape();
    state.events.Push(state.now + options_.scrape_interval.count(), EventKind::kScrape, 0);
  } else if (kind == EventKind::kWindowEnd) {
    const WindowRecord record = windows_->Close();
    state.events.Push(state.now + options_.window.count(), EventKind::kWindowEnd, 0);
    if (options_.on_window) options_.on_window(record);
  }
}

}  // namespace trimtab
