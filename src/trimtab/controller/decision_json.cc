#include "trimtab/controller/decision_json.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "nlohmann/json.hpp"
#include "trimtab/deployment/change_json.h"
#include "trimtab/monitoring/mean_interference.h"
#include "trimtab/scaling/plan_json.h"

namespace trimtab {
namespace {

using Json = nlohmann::ordered_json;

// Above this many microservices a journal of all of them at every decision would be gigabytes.
constexpr std::size_t kMostListed = 200;

// Six decimals: a microsecond, a byte less than anyone measures; and a journal of half the size.
Json Rounded(double value) { return std::round(value * 1e6) / 1e6; }
Json Seconds(Latency latency) { return Rounded(InSeconds(latency)); }
Json Seconds(Instant at) { return Rounded(InSeconds(at.time_since_epoch())); }

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json InterferenceToJson(const Interference& interference) {
  Json json = Json::object();
  for (const InterferenceKind kind : kInterferenceKinds) {
    if (const auto share = interference[kind]) {
      json[std::string(InterferenceName(kind))] = Rounded(share->value());
    }
  }
  return json;
}

Json MicroserviceToJson(const MicroserviceObservation& seen, const std::string& name,
                        const std::string& waits_because) {
  Json json = {{"microservice", name}};
  json.update(AllocationToJson(seen.desired));
  json["ready"] = seen.ready;
  json["pending"] = seen.pending;
  json["draining"] = seen.draining;
  if (!waits_because.empty()) json["waitsBecause"] = waits_because;
  if (seen.arrival_rate) json["arrivalRate"] = Rounded(seen.arrival_rate->value());
  if (seen.own_latency_tail) json["ownLatencySeconds"] = Seconds(*seen.own_latency_tail);
  if (seen.transit) json["transitSeconds"] = Seconds(*seen.transit);
  double cpu = 0;
  int cpu_known = 0;
  std::optional<Bytes> memory;
  for (const ContainerObservation& container : seen.containers) {
    if (container.cpu_usage) {
      cpu += container.cpu_usage->value;
      ++cpu_known;
    }
    if (container.memory_usage) {
      memory = std::max(memory.value_or(Bytes(0)), container.memory_usage->value);
    }
  }
  if (cpu_known > 0) json["cpuUsageCores"] = Rounded(cpu / cpu_known);
  if (memory) json["memoryUsageBytes"] = memory->value();
  if (seen.memory_peak) json["memoryPeakBytes"] = seen.memory_peak->value();
  std::optional<double> throttled;
  for (const ContainerObservation& container : seen.containers) {
    if (!container.throttled) continue;
    throttled = std::max(throttled.value_or(0), container.throttled->value.value());
  }
  if (throttled) json["throttledShare"] = Rounded(*throttled);
  const auto warming = std::ranges::count(seen.containers, true, &ContainerObservation::warming_up);
  if (warming > 0) json["warmingUp"] = warming;
  json["interference"] = InterferenceToJson(MeanInterference(seen.containers));
  return json;
}

// What a plan over graph classes was made from, and how many of each class met the SLA.
Json ClassesToJson(const Observation& seen) {
  Json json = Json::array();
  for (const GraphClassObservation& of : seen.graph_classes) {
    json.push_back({{"id", of.id}, {"share", Rounded(of.share)}, {"traces", of.traces}});
    if (of.attainment) json.back()["attainment"] = Rounded(*of.attainment);
  }
  return json;
}

Json TroublesToJson(const std::vector<Trouble>& troubles) {
  Json json = Json::array();
  for (const Trouble& trouble : troubles) {
    json.push_back({{"what", DegradationName(trouble.what)}, {"words", trouble.words}});
  }
  return json;
}

// By microservice: whether the journal lists it.
std::vector<bool> ListedMicroservices(const Decision& decision, std::size_t count) {
  std::vector<bool> listed(count, count <= kMostListed);
  if (decision.plan) {
    for (const PlanStep& step : decision.plan->steps) listed[step.microservice.value()] = true;
  }
  for (const auto* changes : {&decision.changes.raises, &decision.changes.lowers}) {
    for (const AllocationChange& change : *changes) listed[change.microservice.value()] = true;
  }
  for (std::size_t i = 0; i < std::min(count, decision.states.size()); ++i) {
    if (!decision.states[i].reason.empty()) listed[i] = true;
  }
  return listed;
}

}  // namespace

std::string ObservationToJson(const Decision& decision, const Application& application) {
  const Observation& seen = decision.observation;
  Json json = {{"windowSeconds", Rounded(InSeconds(seen.window))}};
  if (seen.application_load) json["applicationLoad"] = Rounded(seen.application_load->value());
  if (seen.measured_tail_latency) {
    json["measuredTailLatencySeconds"] = Seconds(*seen.measured_tail_latency);
  }
  json["tailTraces"] = seen.tail_samples;
  if (decision.plan && decision.plan->attainment) json["classes"] = ClassesToJson(seen);
  json["gaps"] = seen.gaps;
  Json& microservices = json["microservices"] = Json::array();
  const std::vector<bool> listed = ListedMicroservices(decision, seen.microservices.size());
  for (std::size_t i = 0; i < seen.microservices.size(); ++i) {
    if (!listed[i]) continue;
    microservices.push_back(
        MicroserviceToJson(seen.microservices[i], application.microservice(MicroserviceId(i)).name,
                           i < decision.states.size() ? decision.states[i].reason : ""));
  }
  Json& hosts = json["hosts"] = Json::array();
  for (const HostObservation& host : seen.hosts) {
    hosts.push_back({{"host", host.name}, {"interference", InterferenceToJson(host.interference)}});
  }
  return Dump(json);
}

std::string PlanText(const Decision& decision, const Application& application) {
  if (!decision.plan) return "null";
  return Dump(Json::parse(PlanToJson(*decision.plan, application), nullptr,
                          /*allow_exceptions=*/false));
}

std::string CommitmentToJson(const Decision& decision, Latency sla,
                             const Application& application) {
  std::string_view action = decision.HasChanges() ? "commit" : "keep";
  if (decision.held) action = "hold";
  Json limits = Json::array();
  if (decision.safe) {
    for (const AppliedLimit& each : decision.safe->limits) {
      limits.push_back({{"microservice", application.microservice(each.microservice).name},
                        {"limit", SafetyLimitName(each.limit)},
                        {"wanted", AllocationToJson(each.wanted)},
                        {"allowed", AllocationToJson(each.allowed)}});
    }
  }
  return Dump({{"action", action},
               {"tailCorrection", Rounded(decision.tail_correction)},
               {"scaleDownAllowed", decision.scale_down_allowed},
               {"slaSeconds", Seconds(sla)},
               {"troubles", TroublesToJson(decision.troubles)},
               {"limits", std::move(limits)},
               {"raises", ChangesToJson(decision.changes.raises, application)},
               {"lowers", ChangesToJson(decision.changes.lowers, application)}});
}

std::string AppliedToJson(const Decision& decision, const Application& application) {
  Json json = {{"dryRun", decision.dry_run}};
  if (decision.raises) json["raises"] = CommitReportToJson(*decision.raises, application);
  if (decision.lowers) json["lowers"] = CommitReportToJson(*decision.lowers, application);
  json["troubles"] = TroublesToJson(decision.troubles);
  return Dump(json);
}

std::string VerificationToJson(const Verification& verification, Latency sla) {
  Json json = {{"met", verification.met},
               {"measuredTailLatencySeconds", Seconds(verification.measured)}};
  if (verification.predicted) {
    json["predictedTailLatencySeconds"] = Seconds(*verification.predicted);
  }
  json["slaSeconds"] = Seconds(sla);
  json["effectiveSeconds"] = Seconds(verification.effective);
  json["windowSeconds"] = {Seconds(verification.window.begin), Seconds(verification.window.end)};
  return Dump(json);
}

}  // namespace trimtab
