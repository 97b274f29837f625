#include "trimtab/monitoring/tail_tracker.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "trimtab/quantity/text.h"
#include "trimtab/tracing/own_latency_window.h"

namespace trimtab {
namespace {

// Traces complete out of order by far less than this; a window boundary cuts exactly all the same.
constexpr Duration kDisorder = std::chrono::seconds(60);

using PodTails = std::map<std::pair<std::string, std::string>, Latency>;  // by service and pod

}  // namespace

absl::Status TailTrackerOptions::Validate() const {
  std::string problems;
  if (window <= Duration(0)) {
    problems += fmt::format("; window is {}, must be positive", FormatDuration(window));
  }
  if (settle_delay < Duration(0)) {
    problems +=
        fmt::format("; settle delay is {}, must not be negative", FormatDuration(settle_delay));
  }
  if (fewest_traces < 1) {
    problems += fmt::format("; fewest traces is {}, must be at least 1", fewest_traces);
  }
  if (most_samples < fewest_traces) {
    problems +=
        fmt::format("; most samples is {}, must be at least {}", most_samples, fewest_traces);
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("tail tracker options: " + problems.substr(2));
}

absl::StatusOr<std::unique_ptr<TailTracker>> TailTracker::Create(const Application& application,
                                                                 TailTrackerOptions options) {
  if (const absl::Status valid = options.Validate(); !valid.ok()) return valid;
  return std::unique_ptr<TailTracker>(new TailTracker(application, options));
}

TailTracker::TailTracker(const Application& application, TailTrackerOptions options)
    : application_(&application),
      options_(options),
      assembler_({.settle_delay = options.settle_delay}, *this),
      trees_(names_),
      lag_(options.settle_delay) {}

absl::Status TailTracker::Read(TraceSource& source, Instant now) {
  const absl::Status status = source.Read(now, [this, now](const Span& span) {
    // The clock of assembly is the end of the newest span, not the moment of reading: so a trace
    // settles by its own time however rarely the source is read. A span from the future, by a clock
    // that runs ahead, must not settle the others.
    newest_end_ = std::max(newest_end_, std::min(span.start + span.duration, now));
    const TracedSpan traced = Interned(span, names_);
    assembler_.Add(std::span(&traced, 1), newest_end_);
  });
  const std::optional<Duration> whole_after = source.whole_after();
  lag_ = whole_after.value_or(options_.settle_delay);
  if (status.ok()) newest_end_ = std::max(newest_end_, now);
  for (const Duration age : source.unfinished_ages()) {
    end_to_end_.push_back({.at = now - lag_, .latency = age, .tree = {}, .is_unfinished = true});
  }
  if (whole_after) {
    assembler_.Flush();
  } else if (status.ok()) {
    assembler_.Settle(now);
  }
  return status;
}

void TailTracker::AcceptTrace(const TraceId& /*trace*/, std::span<const SpanRecord> spans) {
  const bool rooted =
      std::ranges::any_of(spans, [](const SpanRecord& span) { return span.parent == 0; });
  if (!rooted && roots_seen_) {
    ++rootless_traces_;
    return;
  }
  roots_seen_ = roots_seen_ || rooted;
  const TraceVisits* const trace = visits_.Build(spans, names_);
  if (trace == nullptr) return;
  graph_.Add(*trace);
  const Visit& entry = trace->visits.front();
  end_to_end_.push_back({.at = entry.end,
                         .latency = entry.duration(),
                         .tree = trees_.Add(*trace),
                         .argument_classes = trace->argument_classes,
                         .is_error = trace->is_error});
  for (const Visit& visit : trace->visits) {
    const Duration transit = visit.waited - visit.duration();
    own_.push_back(
        {entry.end, visit.service, visit.pod, visit.own_latency, std::max(transit, Duration(0))});
  }
  while (std::cmp_greater(own_.size(), options_.most_samples)) {
    own_.pop_front();
    ++dropped_samples_;
  }
}

void TailTracker::Forget(Instant before) {
  while (!own_.empty() && own_.front().at <= before) own_.pop_front();
  while (!end_to_end_.empty() && end_to_end_.front().at <= before) end_to_end_.pop_front();
}

TraceCounts TailTracker::CountsIn(const TimeWindow& window) const {
  TraceCounts counts;
  for (const EndToEndSample& sample : end_to_end_) {
    if (sample.at <= window.begin || sample.at > window.end) continue;
    ++(sample.is_unfinished ? counts.unfinished : counts.finished);
    if (sample.is_error) ++counts.failed;
  }
  return counts;
}

void TailTracker::AddClasses(const TimeWindow& window, Observation& observation) const {
  struct Count {
    std::int64_t traces = 0;
    std::int64_t within = 0;
  };
  std::map<std::size_t, Count> counts;
  std::map<std::uint16_t, std::int64_t> arguments;
  std::int64_t classified = 0;
  for (const EndToEndSample& sample : end_to_end_) {
    if (!sample.tree || sample.at <= window.begin || sample.at > window.end) continue;
    Count& count = counts[*sample.tree];
    ++count.traces;
    ++classified;
    if (sample.argument_classes != 0) ++arguments[sample.argument_classes];
    if (options_.sla && ToLatency(sample.latency) <= *options_.sla) ++count.within;
  }
  observation.graph_classes.clear();
  for (const auto& [tree, count] : counts) {
    InferredClass seen = trees_.ClassAt(tree);
    const auto traces = static_cast<double>(count.traces);
    GraphClassObservation& of = observation.graph_classes.emplace_back();
    of.id = seen.id.ToString();
    of.tree = std::move(seen.tree);
    of.traces = count.traces;
    of.share = traces / static_cast<double>(classified);
    if (options_.sla) of.attainment = static_cast<double>(count.within) / traces;
  }
  observation.argument_classes.clear();
  for (const auto& [classes, traces] : arguments) {
    observation.argument_classes.push_back({names_.ArgumentClasses(classes), traces});
  }
  std::ranges::sort(observation.argument_classes, {}, &ArgumentClassObservation::name);
  std::ranges::sort(observation.graph_classes, [](const auto& a, const auto& b) {
    return a.traces != b.traces ? a.traces > b.traces : a.id < b.id;
  });
}

void TailTracker::AddTo(Observation& observation, Instant now) {
  const TimeWindow window = WindowAt(now);
  Forget(window.begin - kDisorder);
  const auto inside = [&window](Instant at) { return at > window.begin && at <= window.end; };

  std::vector<Duration> end_to_end;
  for (const EndToEndSample& sample : end_to_end_) {
    if (inside(sample.at)) end_to_end.push_back(sample.latency);
  }
  observation.window = options_.window;
  observation.tail_samples = end_to_end.size();
  if (std::cmp_less(end_to_end.size(), options_.fewest_traces)) {
    observation.gaps.push_back(fmt::format("traces: {} completed within {}, at least {} are needed",
                                           end_to_end.size(), FormatDuration(options_.window),
                                           options_.fewest_traces));
  } else {
    observation.measured_tail_latency = ToLatency(ExactQuantile(end_to_end, options_.quantile));
  }

  AddClasses(window, observation);
  AddOwnLatencies(window, observation);
}

void TailTracker::AddOwnLatencies(const TimeWindow& window, Observation& observation) const {
  struct Transit {
    Latency sum{0};
    int visits = 0;
  };
  std::map<std::pair<NameId, NameId>, std::vector<Duration>> by_pod;
  std::map<NameId, Transit> by_service;
  for (const OwnSample& sample : own_) {
    if (sample.at <= window.begin || sample.at > window.end) continue;
    by_pod[{sample.service, sample.pod}].push_back(sample.latency);
    Transit& transit = by_service[sample.service];
    transit.sum += ToLatency(sample.transit);
    ++transit.visits;
  }
  std::map<std::string, Latency> transits;
  for (const auto& [service, of] : by_service) {
    transits[std::string(names_.Name(service))] = of.sum / of.visits;
  }
  PodTails tails;
  for (auto& [key, samples] : by_pod) {
    tails[{names_.Name(key.first), names_.Name(key.second)}] =
        ToLatency(ExactQuantile(samples, options_.quantile));
  }
  for (std::size_t i = 0; i < observation.microservices.size(); ++i) {
    const std::string& name = application_->microservice(MicroserviceId(i)).name;
    MicroserviceObservation& microservice = observation.microservices[i];
    Latency sum{0};
    int pods = 0;
    for (auto it = tails.lower_bound({name, ""}); it != tails.end() && it->first.first == name;
         ++it) {
      sum += it->second;
      ++pods;
    }
    if (pods > 0) microservice.own_latency_tail = sum / pods;
    if (const auto of = transits.find(name); of != transits.end()) {
      microservice.transit = of->second;
    }
    for (ContainerObservation& container : microservice.containers) {
      const auto tail = tails.find({name, container.pod});
      if (tail != tails.end()) container.own_latency_tail = tail->second;
    }
  }
}

}  // namespace trimtab
