#include "trimtab/scaling/grad/demand_memory.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <optional>

#include "trimtab/application/interference.h"
#include "trimtab/monitoring/mean_interference.h"
#include "trimtab/monitoring/observation.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

// Weight of a new window in the visits of a request.
constexpr double kVisitsWeight = 0.2;
// A microservice that sees less than this share of what its visits say has lost requests on the
// way: such a window teaches nothing about them.
constexpr double kIntactShare = 0.7;

std::optional<double> RateOf(const MicroserviceObservation& of) {
  if (!of.arrival_rate || !std::isfinite(of.arrival_rate->value())) return std::nullopt;
  return std::max(0.0, of.arrival_rate->value());
}

template <class T>
std::optional<double> Larger(std::optional<double> a, const std::optional<T>& b) {
  if (!b) return a;
  return a ? std::max(*a, *b) : *b;
}

void RaiseTo(Interference& high, const Interference& other) {
  for (const InterferenceKind kind : kInterferenceKinds) {
    const auto share = other[kind];
    if (share && share->value() > high.ValueOr(kind, -1)) high.Set(kind, *share);
  }
}

// As much more of each kind as the mean has been higher.
void Add(Interference& to, const Interference& high, const Interference& now) {
  for (const InterferenceKind kind : kInterferenceKinds) {
    const auto share = to[kind];
    if (!share || !high[kind] || !now[kind]) continue;
    const double more = high[kind]->value() - now[kind]->value();
    to.Set(kind, Ratio(std::clamp(share->value() + more, 0.0, 1.0)));
  }
}

// A window that is planned for again is still one window.
template <class Note>
void ForgetFrom(std::deque<Note>& notes, Instant at) {
  while (!notes.empty() && notes.back().at >= at) notes.pop_back();
}

}  // namespace

DemandMemory::Noted DemandMemory::Note(const Observation& seen,
                                       const MicroserviceObservation& of) const {
  Noted note{.at = seen.at,
             .arrival_rate = RateOf(of),
             .cpu_per_request = {},
             .interference = MeanInterference(of.containers)};
  double usage = 0;
  double load = 0;
  for (const ContainerObservation& container : of.containers) {
    if (!container.ready || !container.cpu_usage || !container.container_load) continue;
    usage += container.cpu_usage->value;
    load += container.container_load->value.value();
  }
  if (load > 0 && usage >= 0 && std::isfinite(usage / load)) note.cpu_per_request = usage / load;
  return note;
}

void DemandMemory::Learn(const Observation& seen) {
  microservices_.resize(seen.microservices.size());
  const Instant oldest = seen.at - options_.horizon;
  const bool load_known = seen.application_load && std::isfinite(seen.application_load->value()) &&
                          seen.application_load->value() > 0;
  ForgetFrom(loads_, seen.at);
  if (load_known) loads_.push_back({seen.at, seen.application_load->value()});
  while (!loads_.empty() && loads_.front().at < oldest) loads_.pop_front();
  for (std::size_t i = 0; i < microservices_.size(); ++i) {
    Microservice& m = microservices_[i];
    Noted note = Note(seen, seen.microservices[i]);
    if (load_known && note.arrival_rate) {
      const double visits = *note.arrival_rate / seen.application_load->value();
      if (!m.visits) {
        m.visits = visits;
      } else if (visits >= kIntactShare * *m.visits) {
        *m.visits += kVisitsWeight * (visits - *m.visits);
      }
      // Requests that were lost on the way have not cost what a request costs.
      if (m.visits && visits < kIntactShare * *m.visits) note.cpu_per_request = std::nullopt;
    }
    ForgetFrom(m.notes, seen.at);
    m.notes.push_back(note);
    while (!m.notes.empty() && m.notes.front().at < oldest) m.notes.pop_front();
  }
}

double DemandMemory::HighestLoad() const {
  double highest = 0;
  for (const LoadNote& note : loads_) highest = std::max(highest, note.load);
  return highest * (1 + options_.load_margin);
}

Observation DemandMemory::Foresee(const Observation& seen) {
  Learn(seen);
  Observation foreseen = seen;
  const double load = HighestLoad();
  for (std::size_t i = 0; i < microservices_.size(); ++i) {
    const Microservice& m = microservices_[i];
    MicroserviceObservation& of = foreseen.microservices[i];
    std::optional<double> rate;
    std::optional<double> cpu_per_request;
    Interference interference;
    for (const Noted& note : m.notes) {
      rate = Larger(rate, note.arrival_rate);
      cpu_per_request = Larger(cpu_per_request, note.cpu_per_request);
      RaiseTo(interference, note.interference);
    }
    if (m.visits && load > 0) rate = Larger(rate, std::optional<double>(*m.visits * load));
    if (!rate) continue;
    of.arrival_rate = RequestsPerSecond(*rate);
    const bool none_ready = std::none_of(of.containers.begin(), of.containers.end(),
                                         [](const auto& container) { return container.ready; });
    const double share = *rate / std::max(1, of.desired.replicas);
    for (ContainerObservation& container : of.containers) {
      container.ready = container.ready || none_ready;
      if (!container.ready) continue;
      Add(container.interference, interference, m.notes.back().interference);
      if (!cpu_per_request) continue;
      container.container_load = {.value = RequestsPerSecond(share)};
      container.cpu_usage = {.value = share * *cpu_per_request};
    }
  }
  return foreseen;
}

}  // namespace trimtab
