// The call tree of a request and its class, worked out from the programs alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
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
// Cost: a look-up for what has been drawn before, one more for each draw; else a walk of the tree.
// Memory: 24 bytes for each draw of each distinct sequence of draws, up to kMostDraws of them.
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
  static constexpr std::size_t kMostDraws = 1'000'000;

  struct Drawn {
    double probability = 0;
    bool taken = false;
  };
  // What is known of the requests of one entry and kind that have drawn the same so far: the class,
  // or what they draw next.
  struct Known {
    double probability = 0;
    std::uint32_t next[2] = {0, 0};  // into known_; 0: never seen
    std::optional<ClassId> id;
  };

  std::uint32_t& FirstKnownOf(const Request& request);
  CallTree Walk(const Request& request);
  void Remember(const Request& request, ClassId id);
  void AddSteps(const std::vector<ProgramStep>& program, std::uint32_t kind, CallTree& visit);
  void AddCall(const CallStep& call, std::uint32_t kind, CallTree& visit);
  bool Draw(double probability);

  const ClusterScenario& scenario_;
  const RequestProcess& process_;
  ClassKey key_;
  RandomStream stream_;
  std::map<std::pair<std::string, std::string>, const EndpointSpec*> endpoints_;
  std::map<ClassId, CallTree> first_;
  std::vector<std::vector<std::uint32_t>> first_known_;  // by entry and kind, into known_
  std::vector<Known> known_;                             // the first stands for none
  std::vector<Drawn> drawn_;                             // of the present request
  std::size_t repeated_ = 0;                             // of them, by the walk of its tree
};

}  // namespace trimtab
