#include "trimtab/controller/world_observer.h"

#include <string>
#include <utility>

#include "fmt/format.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

// Decisions may be late by the work of one; later than this is no delay but a jump.
constexpr int kJumpIntervals = 4;

}  // namespace

absl::StatusOr<WorldObserver> WorldObserver::Create(const Application& application,
                                                    TraceSource& traces, MetricSource& metrics,
                                                    Actuator& actuator,
                                                    const ControlOptions& options) {
  auto monitor = Monitor::Create(application, options.monitor);
  if (!monitor.ok()) return monitor.status();
  TailTrackerOptions tail_options = options.tails;
  if (!tail_options.sla) tail_options.sla = options.sla.latency;
  auto tails = TailTracker::Create(application, tail_options);
  if (!tails.ok()) return tails.status();
  return WorldObserver(application, traces, metrics, actuator, options, *std::move(monitor),
                       *std::move(tails));
}

void WorldObserver::Observe(Decision& decision) {
  ReadMetrics(decision);
  ReadState(decision);
  ReadTraces(decision);
  CheckClock(decision);
}

void WorldObserver::ReadMetrics(Decision& decision) {
  const auto snapshot = metric_source_->Read(decision.at, monitor_.options().rate_window);
  if (snapshot.ok()) {
    decision.observation = monitor_.Observe(*snapshot);
    requests_.Append(snapshot->application_requests);
  } else {
    decision.observation.microservices.resize(application_->size());
    decision.observation.gaps.push_back("metrics: " + snapshot.status().ToString());
    decision.Hold(Degradation::kMetricsDown, snapshot.status().ToString());
  }
  decision.observation.at = decision.at;
}

absl::StatusOr<std::vector<MicroserviceState>> WorldObserver::States() {
  auto states = actuator_->State();
  if (states.ok() && states->size() != application_->size()) {
    return absl::InternalError(fmt::format("the world has {} microservices, application '{}' {}",
                                           states->size(), application_->name(),
                                           application_->size()));
  }
  return states;
}

void WorldObserver::ReadState(Decision& decision) {
  auto states = States();
  if (!states.ok()) {
    decision.Hold(Degradation::kStateUnknown, states.status().ToString());
    return;
  }
  decision.states = *std::move(states);
  decision.desired = Allocation(decision.states.size());
  for (std::size_t i = 0; i < decision.states.size(); ++i) {
    const MicroserviceState& state = decision.states[i];
    MicroserviceObservation& microservice = decision.observation.microservices[i];
    decision.desired[MicroserviceId(i)] = state.desired;
    microservice.desired = state.desired;
    microservice.ready = state.ready;
    microservice.pending = state.pending;
    microservice.draining = state.draining;
  }
}

void WorldObserver::ReadTraces(Decision& decision) {
  const absl::Status read = tails_->Read(*trace_source_, decision.at);
  if (read.ok()) {
    tails_->AddTo(decision.observation, decision.at);
    CheckWindow(decision);
    return;
  }
  // What was read before may be half of a window: no tail is better than that.
  decision.observation.window = tails_->options().window;
  decision.observation.gaps.push_back("traces: " + read.ToString());
  decision.Degrade(Degradation::kTracesDown, read.ToString());
}

void WorldObserver::CheckWindow(Decision& decision) {
  const WindowEvidence evidence = {
      .now = decision.at,
      .window = tails_->WindowAt(decision.at),
      .counts_in = [this](const TimeWindow& window) { return tails_->CountsIn(window); },
      .account = trace_source_->account(),
      .sampling_share = trace_source_->sampling_share(),
      .requests = &requests_};
  for (std::string& gap : rules_.Check(evidence)) {
    decision.observation.gaps.push_back(std::move(gap));
  }
}

absl::StatusOr<WorldObserver::SecondLook> WorldObserver::LookAgain(Instant now) {
  const auto snapshot = metric_source_->Read(now, monitor_.options().rate_window);
  if (!snapshot.ok()) return snapshot.status();
  auto states = States();
  if (!states.ok()) return states.status();
  Monitor monitor = monitor_;  // what is wrong in the data was counted in Observe()
  return SecondLook{.states = *std::move(states),
                    .observation = monitor.Observe(*snapshot),
                    .lost_spans = rules_.HasLostSince(trace_source_->account())};
}

void WorldObserver::CheckClock(Decision& decision) {
  const std::optional<Instant> last = std::exchange(last_, decision.at);
  if (last) {
    const Duration step = decision.at - *last;
    if (step < Duration(0) || step > kJumpIntervals * interval_) {
      steady_again_at_ = decision.at + tails_->lag() + tails_->options().window;
      decision.Degrade(Degradation::kClockJumped,
                       fmt::format("{} since the last decision, expected {}", FormatDuration(step),
                                   FormatDuration(interval_)));
    }
  }
  if (steady_again_at_ && decision.at < *steady_again_at_) {
    decision.observation.gaps.push_back("clock: no full window since it jumped");
    decision.observation.measured_tail_latency.reset();
  } else {
    steady_again_at_.reset();
  }
}

}  // namespace trimtab
