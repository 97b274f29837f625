#include "trimtab/simulation/request_graphs.h"

#include <utility>
#include <variant>
#include <vector>

namespace trimtab {

RequestGraphs::RequestGraphs(const ClusterScenario& scenario, const RequestProcess& process,
                             ClassKey key, std::uint64_t seed)
    : scenario_(scenario), process_(process), key_(key), stream_(seed, "request graphs") {
  for (const MicroserviceSpec& microservice : scenario.microservices) {
    for (const EndpointSpec& endpoint : microservice.endpoints) {
      endpoints_.emplace(std::pair(microservice.name, endpoint.name), &endpoint);
    }
  }
}

ClassId RequestGraphs::ClassOf(const Request& request) {
  const std::pair place(request.entry, request.kind);
  if (const auto known = certain_.find(place); known != certain_.end()) return known->second;
  has_drawn_ = false;
  CallTree tree = TreeOf(request);
  const ClassId id = trimtab::ClassOf(tree, key_);
  first_.try_emplace(id, std::move(tree));
  if (!has_drawn_) certain_.emplace(place, id);
  return id;
}

CallTree RequestGraphs::TreeOf(const Request& request) {
  const EntrySpec& entry = scenario_.entries[request.entry];
  CallTree root{.microservice = entry.microservice, .calls = 1, .steps = {}};
  AddSteps(endpoints_.at({entry.microservice, entry.endpoint})->program, request.kind, root);
  return root;
}

bool RequestGraphs::Draw(double probability) {
  if (probability >= 1) return true;
  has_drawn_ = true;
  return stream_.Uniform() < probability;
}

void RequestGraphs::AddSteps(const std::vector<ProgramStep>& program, std::uint32_t kind,
                             CallTree& visit) {
  for (const ProgramStep& step : program) {
    if (const auto* call = std::get_if<CallStep>(&step.step)) {
      if (Draw(call->probability)) AddCall(*call, kind, visit);
    } else if (const auto* branch = std::get_if<BranchStep>(&step.step)) {
      const bool taken = branch->when.empty()
                             ? Draw(branch->probability)
                             : process_.Holds(kind, process_.rules().IndexOf(branch->when));
      AddSteps(taken ? branch->then : branch->otherwise, kind, visit);
    } else if (const auto* repeat = std::get_if<RepeatStep>(&step.step)) {
      const int times = process_.Repeats(kind, process_.rules().IndexOf(repeat->count));
      for (int i = 0; i < times; ++i) AddSteps(repeat->steps, kind, visit);
    }
  }
}

void RequestGraphs::AddCall(const CallStep& call, std::uint32_t kind, CallTree& visit) {
  TreeStep group{.parallel = true, .branches = {}};
  for (const CallTarget& target : call.targets) {
    const EndpointSpec& endpoint = *endpoints_.at({target.microservice, target.endpoint});
    if (target.microservice == visit.microservice) {
      AddSteps(endpoint.program, kind, visit);
      continue;
    }
    CallTree callee{.microservice = target.microservice, .calls = 1, .steps = {}};
    AddSteps(endpoint.program, kind, callee);
    if (call.parallel) {
      group.branches.push_back(std::move(callee));
    } else {
      visit.steps.push_back(Sequential(std::move(callee)));
    }
  }
  if (!group.branches.empty()) visit.steps.push_back(std::move(group));
}

}  // namespace trimtab
