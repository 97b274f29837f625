#include "trimtab/controller/second_look.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

std::string Words(const MicroserviceAllocation& allocation) {
  return fmt::format("{} x {} millicores and {} bytes", allocation.replicas,
                     allocation.container.cpu.value(), allocation.container.memory.value());
}

std::set<std::string_view> ReadyPods(const Observation& observation) {
  std::set<std::string_view> pods;
  for (const MicroserviceObservation& microservice : observation.microservices) {
    for (const ContainerObservation& container : microservice.containers) {
      if (container.ready) pods.insert(container.pod);
    }
  }
  return pods;
}

// The first gap that is none of a pod that has become ready in between.
std::optional<std::string> NewGap(const Observation& before, const Observation& after) {
  const std::set<std::string_view> old_pods = ReadyPods(before);
  std::set<std::string_view> new_pods;
  for (const std::string_view pod : ReadyPods(after)) {
    if (!old_pods.contains(pod)) new_pods.insert(pod);
  }
  for (const std::string& gap : after.gaps) {
    const std::string_view of = std::string_view(gap).substr(0, gap.find(": "));
    if (!new_pods.contains(of)) return gap;
  }
  return std::nullopt;
}

std::optional<std::string> NoRoom(const AllocationChange& lower, const Observation& observation) {
  if (lower.to.container.memory >= lower.from.container.memory) return std::nullopt;
  for (const auto& container : observation.microservices[lower.microservice.value()].containers) {
    if (!container.memory_usage || container.memory_usage->value <= lower.to.container.memory) {
      continue;
    }
    return fmt::format("{} uses {} bytes of memory, and would be left {}", container.pod,
                       container.memory_usage->value.value(), lower.to.container.memory.value());
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> ForeignChange(const Allocation& asked,
                                         const std::vector<MicroserviceState>& states,
                                         const Application& application) {
  for (std::size_t i = 0; i < states.size(); ++i) {
    const MicroserviceId id(i);
    if (states[i].desired == asked[id]) continue;
    return fmt::format("{}: {} were asked for, and someone else asks for {}",
                       application.microservice(id).name, Words(asked[id]),
                       Words(states[i].desired));
  }
  return std::nullopt;
}

std::optional<std::string> AgainstLowers(const Decision& decision,
                                         const WorldObserver::SecondLook& look,
                                         const Application& application) {
  if (auto foreign = ForeignChange(decision.Reached(), look.states, application)) return foreign;
  for (const AllocationChange& raise : decision.changes.raises) {
    if (!look.states[raise.microservice.value()].Effective()) {
      return fmt::format("{}: the raise is effective no more",
                         application.microservice(raise.microservice).name);
    }
  }
  if (auto gap = NewGap(decision.observation, look.observation)) return gap;
  for (std::size_t i = 0; i < application.size(); ++i) {
    if (!look.observation.microservices[i].WarmsUp()) continue;
    return fmt::format("{}: containers warm up", application.microservice(MicroserviceId(i)).name);
  }
  if (look.lost_spans) return "spans were lost meanwhile";
  for (const AllocationChange& lower : decision.changes.lowers) {
    if (auto no_room = NoRoom(lower, look.observation)) {
      return fmt::format("{}: {}", application.microservice(lower.microservice).name, *no_room);
    }
  }
  return std::nullopt;
}

}  // namespace trimtab
