#include "trimtab/tracing/trace_analysis.h"

#include <algorithm>
#include <iterator>

namespace trimtab {

TraceAnalysis::TraceAnalysis(const NameTable& names, const Options& options)
    : names_(names),
      options_(options),
      assembler_(options.assembler, *this),
      visits_(options.visits),
      trees_(names, options.trees),
      operations_(names),
      class_windows_(options.class_window) {}

void TraceAnalysis::Accept(std::span<const TracedSpan> batch) {
  spans_ += batch.size();
  assembler_.Add(batch, Instant());
}

void TraceAnalysis::Add(std::span<const TracedSpan> batch, Instant now) {
  spans_ += batch.size();
  assembler_.Add(batch, now);
  assembler_.Settle(now);
}

void TraceAnalysis::Finish() {
  assembler_.Flush();
  while (!windows_.empty()) CloseWindow(windows_.begin());
}

std::uint32_t TraceAnalysis::IndexOf(NameId service) {
  constexpr std::uint32_t kNone = 0xffffffff;
  if (service.value() >= index_of_.size()) index_of_.resize(names_.size(), kNone);
  std::uint32_t& index = index_of_[service.value()];
  if (index == kNone) {
    index = static_cast<std::uint32_t>(services_.size());
    services_.emplace_back().name = service;
  }
  return index;
}

TraceAnalysis::OpenWindow& TraceAnalysis::WindowAt(Instant time) {
  if (window_samples_ >= options_.most_window_samples) {
    CloseWindow(std::ranges::min_element(
        windows_, {}, [](const auto& window) { return window.second.last_touch; }));
  }
  OpenWindow& window = windows_[time.time_since_epoch() / options_.window];
  window.last_touch = ++touches_;
  return window;
}

void TraceAnalysis::CloseWindow(std::map<std::int64_t, OpenWindow>::iterator window) {
  for (const auto& [service, tail] : window->second.latencies.Tails(kP95)) {
    Service& of = services_[IndexOf(service)];
    const auto weight = static_cast<double>(tail.samples);
    of.weighted_tail_nanoseconds += weight * static_cast<double>(tail.mean_over_pods.count());
    of.weight += weight;
  }
  window_samples_ -= window->second.latencies.samples();
  windows_.erase(window);
}

void TraceAnalysis::AcceptTrace(const TraceId& /*trace*/, std::span<const SpanRecord> spans) {
  const TraceVisits* const trace = visits_.Build(spans, names_);
  if (trace == nullptr) return;
  if (const auto tree = trees_.Add(*trace)) {
    class_windows_.Add(trace->visits.front().start, *tree, trace->argument_classes);
  }
  operations_.Add(*trace);
  const Visit& entry = trace->visits.front();
  end_to_end_.Add(entry.duration().count());
  OpenWindow& window = WindowAt(entry.start);
  for (const Visit& visit : trace->visits) {
    Service& service = services_[IndexOf(visit.service)];
    service.spans += visit.spans;
    ++service.visits;
    service.own_latency.Add(visit.own_latency.count());
    window.latencies.Add(visit.service, visit.pod, visit.own_latency);
  }
  window_samples_ += trace->visits.size();
}

std::vector<MicroserviceLatency> TraceAnalysis::microservices() const {
  std::vector<MicroserviceLatency> result;
  for (const Service& service : services_) {
    MicroserviceLatency& latency = result.emplace_back();
    latency.name = names_.Name(service.name);
    latency.spans = service.spans;
    latency.visits = service.visits;
    latency.own_latency = service.own_latency;
    if (service.weight > 0) {
      latency.p95_mean_over_pods =
          Latency(service.weighted_tail_nanoseconds / service.weight * 1e-6);
    }
  }
  std::ranges::sort(result, {}, &MicroserviceLatency::name);
  return result;
}

}  // namespace trimtab
