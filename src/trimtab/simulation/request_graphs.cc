#include "trimtab/simulation/request_graphs.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

namespace trimtab {

RequestGraphs::RequestGraphs(const ClusterScenario& scenario, const RequestProcess& process,
                             ClassKey key, std::uint64_t seed)
    : scenario_(scenario),
      process_(process),
      key_(key),
      stream_(seed, "request graphs"),
      known_(1) {
  for (const MicroserviceSpec& microservice : scenario.microservices) {
    for (const EndpointSpec& endpoint : microservice.endpoints) {
      endpoints_.emplace(std::pair(microservice.name, endpoint.name), &endpoint);
    }
  }
}

// Draws as the tree's own walk would, in the same order, so that what is remembered changes no
// outcome; the walk repeats them where it turns out to be needed.
ClassId RequestGraphs::ClassOf(const Request& request) {
  drawn_.clear();
  std::uint32_t at = FirstKnownOf(request);
  while (at != 0) {
    const Known& known = known_[at];
    if (known.id) return *known.id;
    const bool taken = stream_.Uniform() < known.probability;
    drawn_.push_back({known.probability, taken});
    at = known.next[taken ? 1 : 0];
  }
  CallTree tree = Walk(request);
  const ClassId id = trimtab::ClassOf(tree, key_);
  first_.try_emplace(id, std::move(tree));
  Remember(request, id);
  return id;
}

std::uint32_t& RequestGraphs::FirstKnownOf(const Request& request) {
  if (request.entry >= first_known_.size()) first_known_.resize(request.entry + 1U);
  std::vector<std::uint32_t>& of = first_known_[request.entry];
  if (request.kind >= of.size()) of.resize(request.kind + 1U, 0);
  return of[request.kind];
}

void RequestGraphs::Remember(const Request& request, ClassId id) {
  if (known_.size() + drawn_.size() > kMostDraws) return;
  std::uint32_t at = FirstKnownOf(request);
  const auto add = [&] {
    known_.emplace_back();
    return static_cast<std::uint32_t>(known_.size() - 1);
  };
  if (at == 0) at = FirstKnownOf(request) = add();
  for (const Drawn& drawn : drawn_) {
    known_[at].probability = drawn.probability;
    std::uint32_t next = known_[at].next[drawn.taken ? 1 : 0];
    if (next == 0) {
      next = add();
      known_[at].next[drawn.taken ? 1 : 0] = next;
    }
    at = next;
  }
  known_[at].id = id;
}

CallTree RequestGraphs::TreeOf(const Request& request) {
  drawn_.clear();
  return Walk(request);
}

CallTree RequestGraphs::Walk(const Request& request) {
  repeated_ = 0;
  const EntrySpec& entry = scenario_.entries[request.entry];
  CallTree root{.microservice = entry.microservice, .calls = 1, .steps = {}};
  AddSteps(endpoints_.at({entry.microservice, entry.endpoint})->program, request.kind, root);
  return root;
}

bool RequestGraphs::Draw(double probability) {
  if (probability >= 1) return true;
  if (repeated_ == drawn_.size()) {
    drawn_.push_back({probability, stream_.Uniform() < probability});
  }
  return drawn_[repeated_++].taken;
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
