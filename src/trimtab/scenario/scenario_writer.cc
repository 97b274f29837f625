#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fmt/format.h"
#include "trimtab/application/interference.h"
#include "trimtab/quantity/text.h"
#include "trimtab/quantity/time.h"
#include "trimtab/scenario/request_writer.h"
#include "trimtab/scenario/scenario.h"
#include "trimtab/simulation/scenario.h"
#include "trimtab/workload/workload.h"
#include "trimtab/yaml/yaml_writer.h"

namespace trimtab {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

// Files hold whole nanoseconds.
Duration Rounded(Latency latency) {
  return Duration(static_cast<std::int64_t>(std::llround(latency.count() * 1e6)));
}

void WriteDistribution(YamlWriter& out, std::string_view key, const Distribution& distribution) {
  const auto law = [&](std::string_view name, const auto& inside) {
    out.Open(key);
    out.Open(name);
    inside();
    out.Close();
    out.Close();
  };
  std::visit(Overloaded{
                 [&](const Deterministic& d) { out.Time(key, Rounded(d.value)); },
                 [&](const Exponential& d) {
                   law("exponential", [&] { out.Time("mean", Rounded(d.mean)); });
                 },
                 [&](const Lognormal& d) {
                   law("lognormal", [&] {
                     out.Time("mean", Rounded(d.mean));
                     out.Number("cv", d.cv);
                   });
                 },
                 [&](const ShiftedLognormal& d) {
                   law("shiftedLognormal", [&] {
                     out.Time("shift", Rounded(d.shift));
                     out.Time("mean", Rounded(d.mean));
                     out.Number("cv", d.cv);
                   });
                 },
                 [&](const TwoPoint& d) {
                   law("twoPoint", [&] {
                     out.Time("low", Rounded(d.low));
                     out.Time("high", Rounded(d.high));
                     out.Number("highShare", d.high_share);
                   });
                 },
                 [&](const EmpiricalLaw& d) {
                   law("quantiles", [&] {
                     for (const auto& point : d.points) {
                       out.ScalarItem(fmt::format("[{}, {}]", point.probability,
                                                  FormatDuration(Rounded(point.value))));
                     }
                   });
                 },
             },
             distribution);
}

void WriteCall(YamlWriter& out, const CallStep& call) {
  out.Open("call");
  out.Open("to");
  for (const CallTarget& target : call.targets) {
    out.ScalarItem(YamlWriter::Quoted(target.microservice + "/" + target.endpoint));
  }
  out.Close();
  out.Word("parallel", call.parallel ? "true" : "false");
  out.Number("probability", call.probability);
  if (!call.targets.empty() && call.targets.front().timeout) {
    out.Time("timeout", *call.targets.front().timeout);
  }
  out.Close();
}

void WriteProgram(YamlWriter& out, std::string_view key, const std::vector<ProgramStep>& program) {
  if (program.empty()) {
    out.Word(key, "[]");
    return;
  }
  out.Open(key);
  for (const ProgramStep& step : program) {
    out.OpenItem();
    std::visit(Overloaded{
                   [&](const CpuStep& s) { WriteDistribution(out, "cpu", s.demand); },
                   [&](const WaitStep& s) { WriteDistribution(out, "wait", s.time); },
                   [&](const CallStep& s) { WriteCall(out, s); },
                   [&](const BranchStep& s) {
                     out.Open("branch");
                     if (s.when.empty()) {
                       out.Number("probability", s.probability);
                     } else {
                       WriteConditions(out, s.when);
                     }
                     WriteProgram(out, "then", s.then);
                     WriteProgram(out, "otherwise", s.otherwise);
                     out.Close();
                   },
                   [&](const RepeatStep& s) {
                     out.Open("repeat");
                     WriteRepeatCount(out, s.count);
                     WriteProgram(out, "steps", s.steps);
                     out.Close();
                   },
               },
               step.step);
    out.Close();
  }
  out.Close();
}

void WriteSensitivity(YamlWriter& out, std::string_view key, const Sensitivity& sensitivity) {
  out.Open(key);
  out.Number("slope", sensitivity.slope);
  out.Number("floor", sensitivity.floor);
  out.Close();
}

void WriteContainer(YamlWriter& out, const ContainerConfig& config) {
  out.Cpu("cpu", config.cpu);
  out.Memory("memory", config.memory);
}

void WriteResources(YamlWriter& out, const MicroserviceSpec& m) {
  out.Open("bounds");
  out.Open("smallest");
  WriteContainer(out, m.bounds.smallest);
  out.Close();
  out.Open("largest");
  WriteContainer(out, m.bounds.largest);
  out.Close();
  out.Integer("fewestReplicas", m.bounds.fewest_replicas);
  out.Integer("mostReplicas", m.bounds.most_replicas);
  out.Memory("workingSet", m.bounds.working_set);
  out.Close();
  out.Open("initial");
  out.Integer("replicas", m.initial.replicas);
  WriteContainer(out, m.initial.container);
  out.Close();
  out.Open("memory");
  out.Memory("heap", m.memory.heap);
  out.Memory("perFrame", m.memory.per_frame);
  out.Memory("filePages", m.memory.file_pages);
  out.Number("pagesPerRequest", m.memory.pages_per_request);
  out.Number("skew", m.memory.skew);
  out.Time("faultCpu", m.memory.fault_cpu);
  out.Time("faultWait", m.memory.fault_wait);
  out.Close();
  out.Number("memoryTraffic", m.memory_traffic);
}

void WriteMicroservice(YamlWriter& out, const MicroserviceSpec& m) {
  constexpr std::array<std::string_view, 3> kBalancing = {"random", "roundRobin", "leastOfTwo"};
  out.OpenItem();
  out.Text("name", m.name);
  out.Integer("threads", m.threads);
  out.Number("parallelism", m.parallelism);
  out.Word("balancing", kBalancing[static_cast<std::size_t>(m.balancing)]);
  WriteResources(out, m);
  out.Open("sensitivity");
  WriteSensitivity(out, "cpu", m.sensitivity.cpu);
  WriteSensitivity(out, "memoryCapacity", m.sensitivity.memory_capacity);
  WriteSensitivity(out, "memoryBandwidth", m.sensitivity.memory_bandwidth);
  out.Close();
  out.Open("coldCache");
  out.Number("missingShare", m.cold_cache.missing_share);
  out.Number("requests", m.cold_cache.requests);
  out.Close();
  out.Open("startUp");
  WriteDistribution(out, "delay", m.start_up.delay);
  WriteDistribution(out, "cpu", m.start_up.cpu);
  out.Close();
  if (!m.hosts.empty()) {
    out.Open("hosts");
    for (const std::string& host : m.hosts) out.ScalarItem(YamlWriter::Quoted(host));
    out.Close();
  }
  out.Open("endpoints");
  for (const EndpointSpec& endpoint : m.endpoints) {
    out.OpenItem();
    out.Text("name", endpoint.name);
    out.Time("transfer", endpoint.transfer);
    out.Memory("networkBytes", endpoint.network_bytes);
    WriteProgram(out, "program", endpoint.program);
    out.Close();
  }
  out.Close();
  out.Close();
}

void WriteHosts(YamlWriter& out, const ClusterScenario& cluster) {
  out.Open("hosts");
  for (const HostSpec& host : cluster.hosts) {
    out.OpenItem();
    out.Text("name", host.name);
    out.Cpu("cpu", host.cpu);
    out.Memory("memory", host.memory);
    out.Number("memoryBandwidth", host.memory_bandwidth);
    out.Number("networkBandwidth", host.network_bandwidth);
    out.Close();
  }
  out.Close();
}

void WriteCluster(YamlWriter& out, const ClusterScenario& cluster) {
  out.Open("cluster");
  WriteHosts(out, cluster);
  out.Open("network");
  out.Time("hop", cluster.network.hop);
  out.Time("entryHop", cluster.network.entry_hop);
  out.Number("idleUntil", cluster.network.idle_until);
  out.Close();
  out.Open("life");
  out.Time("decisionDelay", cluster.life.decision_delay);
  out.Time("resizeDelay", cluster.life.resize_delay);
  out.Number("startsPerSecond", cluster.life.starts_per_second);
  out.Time("readinessPeriod", cluster.life.readiness_period);
  out.Time("shortestPropagation", cluster.life.shortest_propagation);
  out.Time("longestPropagation", cluster.life.longest_propagation);
  out.Time("terminationGrace", cluster.life.termination_grace);
  out.Time("firstBackOff", cluster.life.first_back_off);
  out.Time("longestBackOff", cluster.life.longest_back_off);
  out.Close();
  out.Time("quotaPeriod", cluster.quota_period);
  out.Word("spanStart", cluster.span_start == SpanStart::kArrival ? "arrival" : "threadStart");
  out.Close();
}

// What a profile depends on: hosts, operation mix, microservices.
void WriteWorld(YamlWriter& out, const ClusterScenario& cluster) {
  WriteCluster(out, cluster);
  out.Open("operations");
  for (const EntrySpec& entry : cluster.entries) {
    out.OpenItem();
    out.Text("name", entry.operation);
    out.Text("entry", entry.microservice + "/" + entry.endpoint);
    out.Number("share", entry.share);
    if (entry.timeout) out.Time("timeout", *entry.timeout);
    WriteEffects(out, entry.effects);
    out.Close();
  }
  out.Close();
  WriteRequestModel(out, cluster);
  out.Open("microservices");
  for (const MicroserviceSpec& m : cluster.microservices) WriteMicroservice(out, m);
  out.Close();
}

void WriteSeries(YamlWriter& out, std::string_view key, const SeriesDescription& series) {
  out.Open(key);
  if (const double* constant = std::get_if<double>(&series); constant != nullptr) {
    out.Number("constant", *constant);
    out.Close();
    return;
  }
  const auto& [fitted, stretch] = std::get<StretchedSeries>(series);
  out.Open("fitted");
  out.Number("stretch", stretch);
  out.Time("length", fitted.length);
  out.Time("step", fitted.step);
  out.Number("level", fitted.level);
  out.Number("slope", fitted.slope);
  if (!fitted.harmonics.empty()) {
    out.Open("harmonics");
    for (const Harmonic& h : fitted.harmonics) {
      out.ScalarItem(fmt::format("{{period: {}, amplitude: {}, phase: {}}}",
                                 FormatDuration(h.period), h.amplitude, h.phase));
    }
    out.Close();
  }
  if (!fitted.autoregression.empty()) {
    out.Open("autoregression");
    for (const double coefficient : fitted.autoregression) {
      out.ScalarItem(fmt::format("{}", coefficient));
    }
    out.Close();
  }
  out.Number("sigma", fitted.sigma);
  out.Number("lowest", fitted.lowest);
  out.Number("highest", fitted.highest);
  out.Close();
  out.Close();
}

void WriteWorkload(YamlWriter& out, const Workload& workload) {
  out.Open("workload");
  WriteSeries(out, "load", workload.load);
  bool any = false;
  for (const auto& series : workload.interference) any = any || series.has_value();
  if (any) {
    out.Open("interference");
    for (const InterferenceKind kind : kInterferenceKinds) {
      const auto& series = workload.interference[static_cast<std::size_t>(kind)];
      if (series) WriteSeries(out, InterferenceName(kind), *series);
    }
    out.Close();
  }
  if (workload.surge) {
    out.Open("surge");
    out.Time("start", workload.surge->start);
    out.Time("end", workload.surge->end);
    out.Number("loadFactor", workload.surge->load_factor);
    out.Number("interference", workload.surge->interference.value());
    out.Number("fluctuation", workload.surge->fluctuation);
    out.Time("step", workload.surge->step);
    out.Close();
  }
  out.Close();
}

// Everything that has a meaning.
void WriteMeaning(YamlWriter& out, const Scenario& scenario) {
  out.Text("name", scenario.name);
  out.Open("sla");
  out.Time("latency", Rounded(scenario.sla.latency));
  out.Number("quantile", scenario.sla.quantile.level());
  out.Close();
  WriteWorld(out, scenario.cluster);
  WriteWorkload(out, scenario.workload);
}

// FNV-1a, 64 bit: a fingerprint of configuration, not a defence against an adversary.
std::string HashOf(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace

std::string WriteScenario(const Scenario& scenario) {
  YamlWriter out;
  out.Word("apiVersion", "trimtab.dev/v1alpha1");
  out.Word("kind", "Scenario");
  WriteMeaning(out, scenario);
  if (!scenario.provenance.empty()) {
    out.Open("provenance");
    for (const Provenance& row : scenario.provenance) {
      out.OpenItem();
      out.Text("parameter", row.parameter);
      out.Text("value", row.value);
      out.Word("status", row.status == Provenance::Status::kMeasured ? "measured" : "assumed");
      out.Text("source", row.source);
      out.Text("effect", row.effect);
      out.Close();
    }
    out.Close();
  }
  return out.text();
}

std::string WriteSeriesDescription(std::string_view key, const SeriesDescription& series) {
  YamlWriter out;
  WriteSeries(out, key, series);
  return out.text();
}

std::string ScenarioHash(const Scenario& scenario) {
  YamlWriter out;
  WriteMeaning(out, scenario);
  return HashOf(out.text());
}

std::string ClusterHash(const ClusterScenario& cluster) {
  YamlWriter out;
  WriteWorld(out, cluster);
  return HashOf(out.text());
}

}  // namespace trimtab
