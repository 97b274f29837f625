#include "trimtab/simulation/scenario.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include "trimtab/quantity/text.h"
#include "trimtab/simulation/request_model_check.h"

namespace trimtab {
namespace {

// Collects every violation of a scenario, each as "place: what, bound".
class ScenarioCheck {
 public:
  explicit ScenarioCheck(const ClusterScenario& scenario) : scenario_(scenario) {
    for (const auto& microservice : scenario.microservices) {
      for (const auto& endpoint : microservice.endpoints) {
        endpoints_.insert({microservice.name, endpoint.name});
      }
    }
  }

  absl::Status Run() {
    CheckHosts();
    CheckMicroservices();
    CheckEntries();
    CheckTimes();
    CheckCycles();
    CheckRequestModel(scenario_, violations_);
    if (violations_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrJoin(violations_, "\n"));
  }

 private:
  template <class... Args>
  void Add(fmt::format_string<Args...> format, Args&&... args) {
    violations_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }
  void InRange(const std::string& place, const char* what, double value, double low, double high) {
    if (!(value >= low && value <= high)) {
      Add("{}: {} is {}, must be between {} and {}", place, what, value, low, high);
    }
  }
  void NotNegative(const std::string& place, const char* what, Duration value) {
    if (value < Duration(0)) {
      Add("{}: {} is {}, must not be negative", place, what, FormatDuration(value));
    }
  }
  void Law(const std::string& place, const char* what, const Distribution& distribution) {
    if (const absl::Status status = ValidateDistribution(distribution); !status.ok()) {
      Add("{}: {}: {}", place, what, std::string(status.message()));
    }
  }

  void CheckHosts() {
    if (scenario_.hosts.empty()) Add("hosts: none, must be at least 1");
    std::set<std::string> names;
    for (const HostSpec& host : scenario_.hosts) {
      const std::string place = fmt::format("host '{}'", host.name);
      if (host.name.empty()) Add("hosts: a host has an empty name");
      if (!names.insert(host.name).second) Add("{}: the name is taken twice", place);
      InRange(place, "cpu in millicores", host.cpu.as_double(), 1, 1e9);
      InRange(place, "memory in bytes", host.memory.as_double(), 1, 1e15);
      InRange(place, "memory bandwidth in bytes/s", host.memory_bandwidth, 1, 1e15);
      InRange(place, "network bandwidth in bytes/s", host.network_bandwidth, 1, 1e15);
    }
    host_names_ = std::move(names);
  }

  void CheckMicroservices() {
    if (scenario_.microservices.empty()) Add("microservices: none, must be at least 1");
    std::set<std::string> names;
    for (const MicroserviceSpec& spec : scenario_.microservices) {
      const std::string place = fmt::format("microservice '{}'", spec.name);
      if (spec.name.empty()) Add("microservices: a microservice has an empty name");
      if (!names.insert(spec.name).second) Add("{}: the name is taken twice", place);
      InRange(place, "threads", spec.threads, 0, 1e6);
      InRange(place, "parallelism", spec.parallelism, 0.001, 1e5);
      InRange(place, "memory traffic in bytes/CPU second", spec.memory_traffic, 0, 1e12);
      InRange(place, "initial replicas", spec.initial.replicas, 0, 1e5);
      InRange(place, "initial cpu in millicores", spec.initial.container.cpu.as_double(), 1, 1e9);
      InRange(place, "initial memory in bytes", spec.initial.container.memory.as_double(), 1, 1e15);
      for (const std::string& host : spec.hosts) {
        if (!host_names_.contains(host)) Add("{}: host '{}' is not declared", place, host);
      }
      CheckBehaviour(place, spec);
      if (spec.endpoints.empty()) Add("{}: no endpoints, must be at least 1", place);
      std::set<std::string> endpoints;
      for (const EndpointSpec& endpoint : spec.endpoints) {
        const std::string where = fmt::format("{}, endpoint '{}'", place, endpoint.name);
        if (endpoint.name.empty()) Add("{}: the endpoint has an empty name", place);
        if (!endpoints.insert(endpoint.name).second) Add("{}: the name is taken twice", where);
        NotNegative(where, "transfer", endpoint.transfer);
        InRange(where, "network bytes", endpoint.network_bytes.as_double(), 0, 1e12);
        CheckProgram(where, endpoint.program, 0);
      }
    }
  }

  void CheckBehaviour(const std::string& place, const MicroserviceSpec& spec) {
    const MemorySpec& memory = spec.memory;
    InRange(place, "memory heap in bytes", memory.heap.as_double(), 0, 1e15);
    InRange(place, "memory per frame in bytes", memory.per_frame.as_double(), 0, 1e15);
    InRange(place, "memory file pages in bytes", memory.file_pages.as_double(), 0, 1e15);
    InRange(place, "memory pages per request", memory.pages_per_request, 0, 1e9);
    InRange(place, "memory skew", memory.skew, 0.01, 100);
    NotNegative(place, "memory fault cpu", memory.fault_cpu);
    NotNegative(place, "memory fault wait", memory.fault_wait);
    CheckSensitivity(place, "cpu sensitivity", spec.sensitivity.cpu);
    CheckSensitivity(place, "memory capacity sensitivity", spec.sensitivity.memory_capacity);
    CheckSensitivity(place, "memory bandwidth sensitivity", spec.sensitivity.memory_bandwidth);
    InRange(place, "cold cache missing share", spec.cold_cache.missing_share, 0, 1);
    InRange(place, "cold cache requests", spec.cold_cache.requests, 0, 1e12);
    Law(place, "start-up delay", spec.start_up.delay);
    Law(place, "start-up cpu", spec.start_up.cpu);
  }
  void CheckSensitivity(const std::string& place, const char* what, const Sensitivity& s) {
    const std::string where = fmt::format("{}, {}", place, what);
    InRange(where, "slope", s.slope, 0, 1e3);
    InRange(where, "floor", s.floor, 0, 1);
  }

  void CheckProgram(const std::string& place, const std::vector<ProgramStep>& program, int depth) {
    if (depth > kDeepestBranch) {
      Add("{}: branches are nested deeper than {}", place, kDeepestBranch);
      return;
    }
    for (std::size_t i = 0; i < program.size(); ++i) {
      const std::string where = fmt::format("{}, step {}", place, i);
      if (const auto* cpu = std::get_if<CpuStep>(&program[i].step)) {
        Law(where, "cpu demand", cpu->demand);
      } else if (const auto* wait = std::get_if<WaitStep>(&program[i].step)) {
        Law(where, "wait", wait->time);
      } else if (const auto* call = std::get_if<CallStep>(&program[i].step)) {
        CheckCall(where, *call);
      } else if (const auto* branch = std::get_if<BranchStep>(&program[i].step)) {
        InRange(where, "branch probability", branch->probability, 0, 1);
        CheckProgram(where + " then", branch->then, depth + 1);
        CheckProgram(where + " otherwise", branch->otherwise, depth + 1);
      } else if (const auto* repeat = std::get_if<RepeatStep>(&program[i].step)) {
        if (RepeatsInside(repeat->steps, 0)) {
          Add("{}: a repeat stands inside another, must be in an endpoint of its own", where);
        }
        CheckProgram(where + " repeated", repeat->steps, depth + 1);
      }
    }
  }
  // A call has one counter of repeats.
  static bool RepeatsInside(const std::vector<ProgramStep>& program, int depth) {
    if (depth > kDeepestBranch) return false;
    return std::ranges::any_of(program, [depth](const ProgramStep& step) {
      if (std::holds_alternative<RepeatStep>(step.step)) return true;
      const auto* branch = std::get_if<BranchStep>(&step.step);
      return branch != nullptr && (RepeatsInside(branch->then, depth + 1) ||
                                   RepeatsInside(branch->otherwise, depth + 1));
    });
  }
  void CheckCall(const std::string& place, const CallStep& call) {
    InRange(place, "call probability", call.probability, 0, 1);
    InRange(place, "number of called endpoints", static_cast<double>(call.targets.size()), 1,
            60000);
    for (const CallTarget& target : call.targets) {
      CheckTarget(place, target.microservice, target.endpoint, target.timeout);
    }
  }
  void CheckTarget(const std::string& place, const std::string& microservice,
                   const std::string& endpoint, const std::optional<Duration>& timeout) {
    if (!endpoints_.contains({microservice, endpoint})) {
      Add("{}: calls '{}' of '{}', which is not declared", place, endpoint, microservice);
    }
    if (timeout && *timeout <= Duration(0)) {
      Add("{}: timeout is {}, must be above 0", place, FormatDuration(*timeout));
    }
  }

  void CheckEntries() {
    if (scenario_.entries.empty()) Add("entries: none, must be at least 1");
    double sum = 0;
    for (const EntrySpec& entry : scenario_.entries) {
      const std::string place = fmt::format("entry '{}'", entry.operation);
      InRange(place, "share", entry.share, 0, 1e9);
      CheckTarget(place, entry.microservice, entry.endpoint, entry.timeout);
      sum += entry.share;
    }
    if (!scenario_.entries.empty() && !(sum > 0))
      Add("entries: shares sum to {}, must be above 0", sum);
    if (scenario_.entries.size() > 60000)
      Add("entries: {}, must be at most 60000", scenario_.entries.size());
  }

  void CheckTimes() {
    const LifeSpec& life = scenario_.life;
    NotNegative("network", "hop", scenario_.network.hop);
    NotNegative("network", "entry hop", scenario_.network.entry_hop);
    InRange("network", "idle until", scenario_.network.idle_until, 0, 0.99);
    NotNegative("life", "decision delay", life.decision_delay);
    NotNegative("life", "resize delay", life.resize_delay);
    InRange("life", "starts per second", life.starts_per_second, 1e-6, 1e6);
    NotNegative("life", "readiness period", life.readiness_period);
    NotNegative("life", "shortest propagation", life.shortest_propagation);
    if (life.longest_propagation < life.shortest_propagation) {
      Add("life: longest propagation is {}, must be at least the shortest, {}",
          FormatDuration(life.longest_propagation), FormatDuration(life.shortest_propagation));
    }
    NotNegative("life", "termination grace", life.termination_grace);
    NotNegative("life", "first back-off", life.first_back_off);
    NotNegative("life", "longest back-off", life.longest_back_off);
    if (scenario_.quota_period < Duration(1'000'000)) {
      Add("quota period is {}, must be at least 1ms", FormatDuration(scenario_.quota_period));
    }
  }

  // A request that can call itself again never ends. Depth-first over endpoints, iterative so that
  // a hostile file cannot exhaust the stack.
  void CheckCycles() {
    using Key = std::pair<std::string, std::string>;
    absl::flat_hash_map<Key, std::vector<Key>> callees;
    std::vector<Key> keys;
    for (const auto& microservice : scenario_.microservices) {
      for (const auto& endpoint : microservice.endpoints) {
        const Key key{microservice.name, endpoint.name};
        keys.push_back(key);
        Collect(endpoint.program, callees[key], 0);
      }
    }
    absl::flat_hash_map<Key, int> mark;  // 1: on the path, 2: done
    for (const Key& root : keys) {
      std::vector<std::pair<Key, std::size_t>> path;
      if (mark[root] == 0) path.emplace_back(root, 0);
      while (!path.empty()) {
        auto& [key, next] = path.back();
        mark[key] = 1;
        const std::vector<Key>& below = callees[key];
        if (next == below.size()) {
          mark[key] = 2;
          path.pop_back();
          continue;
        }
        const Key callee = below[next++];
        if (mark[callee] == 1) {
          Add("endpoint '{}' of '{}' is called by itself, through '{}' of '{}'", callee.second,
              callee.first, key.second, key.first);
          return;
        }
        if (mark[callee] == 0) path.emplace_back(callee, 0);
      }
    }
  }
  static void Collect(const std::vector<ProgramStep>& program,
                      std::vector<std::pair<std::string, std::string>>& callees, int depth) {
    if (depth > kDeepestBranch) return;
    for (const ProgramStep& step : program) {
      if (const auto* call = std::get_if<CallStep>(&step.step)) {
        for (const auto& target : call->targets) {
          callees.emplace_back(target.microservice, target.endpoint);
        }
      } else if (const auto* branch = std::get_if<BranchStep>(&step.step)) {
        Collect(branch->then, callees, depth + 1);
        Collect(branch->otherwise, callees, depth + 1);
      } else if (const auto* repeat = std::get_if<RepeatStep>(&step.step)) {
        Collect(repeat->steps, callees, depth + 1);
      }
    }
  }

  static constexpr int kDeepestBranch = 32;

  const ClusterScenario& scenario_;
  std::set<std::pair<std::string, std::string>> endpoints_;
  std::set<std::string> host_names_;
  std::vector<std::string> violations_;
};

}  // namespace

absl::Status ClusterScenario::Validate() const { return ScenarioCheck(*this).Run(); }

absl::StatusOr<Application> ApplicationOf(const ClusterScenario& scenario) {
  if (absl::Status status = scenario.Validate(); !status.ok()) return status;
  std::vector<Microservice> microservices;
  for (const MicroserviceSpec& spec : scenario.microservices) {
    ScalingBounds bounds = spec.bounds;
    if (bounds.working_set == Bytes(0)) bounds.working_set = spec.memory.heap;
    microservices.push_back({spec.name, bounds});
  }
  std::vector<Operation> operations;
  for (const EntrySpec& entry : scenario.entries) {
    operations.push_back({entry.operation, entry.microservice});
  }
  return Application::Create(scenario.name, std::move(microservices), std::move(operations));
}

}  // namespace trimtab
