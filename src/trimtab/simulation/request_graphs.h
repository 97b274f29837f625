// The call tree of a request and its class, worked out from the programs alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "trimtab/callgraph/call_tree.h"
#include "trimtab/callgraph/graph_class.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/simulation/request_process.h"
#include "trimtab/simulation/scenario.h"

namespace trimtab {

// What tracing sees of a request that no timeout cuts short: calls of a microservice to itself are
// part of its visit. What conditions and counts leave open (the probabilities of calls and
// branches) is drawn from a stream of its own, not from those of a run: shares of classes agree
// with the run, single requests need not.
// Cost: a look-up for operations whose programs draw nothing, else a walk of the tree.
// Thread-safety: none.
class RequestGraphs {
 public:
  // The arguments must outlive it; `scenario` must be the valid one of `process`.
  RequestGraphs(const ClusterScenario& scenario, const RequestProcess& process, ClassKey key,
                std::uint64_t seed);

  ClassId ClassOf(const Request& request);
  CallTree TreeOf(const Request& request);
  // The first tree of a class that ClassOf() has returned.
  const CallTree& FirstOf(ClassId id) const { return first_.at(id); }

 private:
  void AddSteps(const std::vector<ProgramStep>& program, std::uint32_t kind, CallTree& visit);
  void AddCall(const CallStep& call, std::uint32_t kind, CallTree& visit);
  bool Draw(double probability);

  const ClusterScenario& scenario_;
  const RequestProcess& process_;
  ClassKey key_;
  RandomStream stream_;
  std::map<std::pair<std::string, std::string>, const EndpointSpec*> endpoints_;
  std::map<std::pair<std::uint16_t, std::uint32_t>, ClassId> certain_;  // by entry and kind
  std::map<ClassId, CallTree> first_;
  bool has_drawn_ = false;
};

}  // namespace trimtab
