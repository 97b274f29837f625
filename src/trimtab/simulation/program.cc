#include "trimtab/simulation/program.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "trimtab/quantity/time.h"
#include "trimtab/simulation/scenario.h"

namespace trimtab {
namespace {

class Compiler {
 public:
  explicit Compiler(const ClusterScenario& scenario)
      : scenario_(scenario), rules_(RequestRules::Of(scenario)) {
    std::uint32_t next = 0;
    for (const auto& microservice : scenario.microservices) {
      for (const auto& endpoint : microservice.endpoints) {
        index_[{microservice.name, endpoint.name}] = next++;
      }
    }
  }

  CompiledPrograms Run() {
    for (std::size_t m = 0; m < scenario_.microservices.size(); ++m) {
      for (const auto& endpoint : scenario_.microservices[m].endpoints) AddEndpoint(m, endpoint);
    }
    out_.first_start_up = static_cast<std::uint32_t>(out_.endpoints.size());
    for (std::size_t m = 0; m < scenario_.microservices.size(); ++m) {
      AddEndpoint(m, {"start-up", {{CpuStep{scenario_.microservices[m].start_up.cpu}}}, {}, {}});
    }
    for (const auto& entry : scenario_.entries) {
      out_.entries.push_back(Target({entry.microservice, entry.endpoint, entry.timeout}));
    }
    return std::move(out_);
  }

 private:
  void AddEndpoint(std::size_t microservice, const EndpointSpec& endpoint) {
    out_.endpoints.push_back({static_cast<std::uint32_t>(microservice), Here(),
                              static_cast<double>(endpoint.transfer.count()),
                              endpoint.network_bytes.as_double(), endpoint.name});
    AddSteps(endpoint.program);
    out_.steps.push_back({StepKind::kEnd, 0, 0});
  }

  void AddSteps(const std::vector<ProgramStep>& program) {
    for (const auto& step : program) {
      std::visit([this](const auto& s) { Add(s); }, step.step);
    }
  }
  void Add(const CpuStep& step) { AddSampled(StepKind::kCpu, step.demand); }
  void Add(const WaitStep& step) { AddSampled(StepKind::kWait, step.time); }
  void Add(const CallStep& step) {
    const std::optional<std::size_t> branch = OpenBranch(step.probability);
    if (step.parallel) {
      AddCall(step.targets.data(), step.targets.size());
    } else {
      for (const auto& target : step.targets) AddCall(&target, 1);
    }
    if (branch) out_.steps[*branch].b = Here();
  }
  void Add(const BranchStep& step) {
    std::optional<std::size_t> branch;
    if (step.when.empty()) {
      branch = OpenBranch(step.probability);
    } else {
      branch = out_.steps.size();
      out_.steps.push_back({StepKind::kWhen, rules_.IndexOf(step.when), 0});
    }
    AddSteps(step.then);
    if (!branch) return;
    if (step.otherwise.empty()) {
      out_.steps[*branch].b = Here();
      return;
    }
    const std::size_t jump = out_.steps.size();
    out_.steps.push_back({StepKind::kJump, 0, 0});
    out_.steps[*branch].b = Here();
    AddSteps(step.otherwise);
    out_.steps[jump].b = Here();
  }

  void Add(const RepeatStep& step) {
    const std::size_t head = out_.steps.size();
    out_.steps.push_back({StepKind::kRepeat, rules_.IndexOf(step.count), 0});
    const std::uint32_t body = Here();
    AddSteps(step.steps);
    out_.steps.push_back({StepKind::kAgain, 0, body});
    out_.steps[head].b = Here();
  }

  // Nothing is drawn for a certain step.
  std::optional<std::size_t> OpenBranch(double probability) {
    if (probability >= 1) return std::nullopt;
    out_.steps.push_back({StepKind::kBranch, static_cast<std::uint32_t>(out_.branches.size()), 0});
    out_.branches.push_back(probability);
    return out_.steps.size() - 1;
  }
  void AddSampled(StepKind kind, const Distribution& distribution) {
    out_.steps.push_back({kind, static_cast<std::uint32_t>(out_.samplers.size()), 0});
    out_.samplers.push_back(samplers_.Make(distribution));
  }
  void AddCall(const CallTarget* targets, std::size_t count) {
    out_.steps.push_back({StepKind::kCall, static_cast<std::uint32_t>(out_.targets.size()),
                          static_cast<std::uint32_t>(count)});
    for (std::size_t i = 0; i < count; ++i) out_.targets.push_back(Target(targets[i]));
  }
  CompiledTarget Target(const CallTarget& target) {
    CompiledTarget compiled{index_.at({target.microservice, target.endpoint}), kNoTimeout};
    if (target.timeout) {
      const SimNanos timeout = target.timeout->count();
      const auto found = std::find(out_.timeouts.begin(), out_.timeouts.end(), timeout);
      compiled.timeout_class = static_cast<std::uint32_t>(found - out_.timeouts.begin());
      if (found == out_.timeouts.end()) out_.timeouts.push_back(timeout);
    }
    return compiled;
  }
  std::uint32_t Here() const { return static_cast<std::uint32_t>(out_.steps.size()); }

  const ClusterScenario& scenario_;
  const RequestRules rules_;
  std::map<std::pair<std::string, std::string>, std::uint32_t> index_;
  SamplerFactory samplers_;
  CompiledPrograms out_;
};

}  // namespace

CompiledPrograms CompiledPrograms::Compile(const ClusterScenario& scenario) {
  return Compiler(scenario).Run();
}

}  // namespace trimtab
