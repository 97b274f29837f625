#include "trimtab/scaling/derm/derm_problem.h"

#include <cmath>
#include <cstddef>
#include <set>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "fmt/format.h"

namespace trimtab {
namespace {

constexpr int kDeepest = 512;
constexpr int kMostVisits = 1'000'000;
constexpr double kShareTolerance = 1e-6;
constexpr std::size_t kMostProblems = 20;

absl::StatusOr<LoadLaw> LawOf(const DermMicroservice& microservice) {
  return std::visit([](const auto& law) { return LoadLaw::Of(law); }, microservice.law);
}

// Of all microservices together, in one request; nodes below `depth` are left out.
double VisitsOf(const DermNode& node, int depth) {
  double visits = node.kind == DermNode::Kind::kVisit ? 1 : 0;
  if (depth > 0) {
    for (const DermNode& child : node.children) visits += VisitsOf(child, depth - 1);
  }
  return node.visits * visits;
}

class Checker {
 public:
  explicit Checker(std::size_t microservices) : microservices_(microservices) {}

  template <class... Args>
  void Fail(fmt::format_string<Args...> words, Args&&... args) {
    ++count_;
    if (problems_.size() < kMostProblems) {
      problems_.push_back(fmt::format(words, std::forward<Args>(args)...));
    }
  }

  void CheckTree(const DermNode& node, const std::string& graph, int depth) {
    if (depth > kDeepest) return Fail("graph '{}' is nested deeper than {}", graph, kDeepest);
    if (node.visits < 1 || node.visits > kMostVisits) {
      Fail("graph '{}' has {} visits, expected 1 to {}", graph, node.visits, kMostVisits);
    }
    if (node.kind == DermNode::Kind::kVisit) {
      if (node.microservice < 0 || static_cast<std::size_t>(node.microservice) >= microservices_) {
        Fail("graph '{}' visits microservice {} of {}", graph, node.microservice, microservices_);
      }
      return;
    }
    if (node.children.empty()) Fail("graph '{}' has a step without calls", graph);
    for (const DermNode& child : node.children) CheckTree(child, graph, depth + 1);
  }

  absl::Status Result() const {
    if (count_ == 0) return absl::OkStatus();
    std::string more;
    if (count_ > problems_.size()) more = fmt::format("; and {} more", count_ - problems_.size());
    return absl::InvalidArgumentError(
        fmt::format("scaling problem: {}{}", fmt::join(problems_, "; "), more));
  }

 private:
  std::size_t microservices_;
  std::size_t count_ = 0;
  std::vector<std::string> problems_;
};

void CheckMicroservices(const DermProblem& problem, Checker& check) {
  if (problem.microservices.empty()) check.Fail("there is no microservice");
  std::set<std::string> names;
  for (const DermMicroservice& each : problem.microservices) {
    if (each.name.empty()) check.Fail("a microservice has no name");
    if (!names.insert(each.name).second) check.Fail("microservice '{}' is named twice", each.name);
    if (const auto law = LawOf(each); !law.ok()) {
      check.Fail("microservice '{}': {}", each.name, std::string(law.status().message()));
    }
    if (each.fewest < 1 || each.fewest > each.most) {
      check.Fail("microservice '{}' has {} to {} containers, expected 1 <= fewest <= most",
                 each.name, each.fewest, each.most);
    }
    if (!(each.other_demand >= 0 && std::isfinite(each.other_demand))) {
      check.Fail("microservice '{}' has a further demand of {} calls/s, expected 0 or more",
                 each.name, each.other_demand);
    }
  }
}

void CheckGraphs(const DermProblem& problem, Checker& check) {
  if (problem.graphs.empty()) check.Fail("there is no graph");
  std::set<std::string> ids;
  double sum = 0;
  for (const DermGraph& graph : problem.graphs) {
    if (!ids.insert(graph.id).second) check.Fail("graph '{}' is named twice", graph.id);
    if (!(graph.share >= 0 && graph.share <= 1 + kShareTolerance)) {
      check.Fail("graph '{}' has the share {}, expected 0 to 1", graph.id, graph.share);
    }
    sum += graph.share;
    check.CheckTree(graph.tree, graph.id, 1);
    if (const double visits = VisitsOf(graph.tree, kDeepest); !(visits <= kMostVisits)) {
      check.Fail("graph '{}' has {} visits in all, expected at most {}", graph.id, visits,
                 kMostVisits);
    }
  }
  if (!problem.graphs.empty() && !(std::fabs(sum - 1) <= kShareTolerance)) {
    check.Fail("the shares of the graphs sum to {}, expected 1 within {}", sum, kShareTolerance);
  }
}

void AddVisits(const DermNode& node, double weight, std::vector<double>& demand) {
  const double each = weight * node.visits;
  if (node.kind == DermNode::Kind::kVisit) {
    demand[static_cast<std::size_t>(node.microservice)] += each;
  }
  for (const DermNode& child : node.children) AddVisits(child, each, demand);
}

}  // namespace

DermNode DermNode::Visit(int microservice, int visits) {
  return {.kind = Kind::kVisit, .microservice = microservice, .visits = visits, .children = {}};
}
DermNode DermNode::Sequence(std::vector<DermNode> children) {
  return {.kind = Kind::kSequence, .children = std::move(children)};
}
DermNode DermNode::Parallel(std::vector<DermNode> children) {
  return {.kind = Kind::kParallel, .children = std::move(children)};
}

absl::Status ValidateDermProblem(const DermProblem& problem) {
  Checker check(problem.microservices.size());
  CheckMicroservices(problem, check);
  CheckGraphs(problem, check);
  if (!(problem.application_load >= 0 && std::isfinite(problem.application_load))) {
    check.Fail("the load is {} requests/s, expected 0 or more", problem.application_load);
  }
  if (!(problem.sla > 0 && std::isfinite(problem.sla))) {
    check.Fail("the SLA is {} s, expected above 0", problem.sla);
  }
  if (!(problem.target > 0 && problem.target < 1)) {
    check.Fail("the target is {}, expected between 0 and 1", problem.target);
  }
  if (!(problem.share_error >= 0 && problem.share_error < 1)) {
    check.Fail("the share error is {}, expected from 0 to below 1", problem.share_error);
  }
  return check.Result();
}

std::vector<LoadLaw> LawsOf(const DermProblem& problem) {
  std::vector<LoadLaw> laws;
  laws.reserve(problem.microservices.size());
  for (const DermMicroservice& each : problem.microservices) laws.push_back(*LawOf(each));
  return laws;
}

std::vector<double> DemandOf(const DermProblem& problem) {
  std::vector<double> demand;
  for (const DermMicroservice& each : problem.microservices) demand.push_back(each.other_demand);
  for (const DermGraph& graph : problem.graphs) {
    AddVisits(graph.tree, graph.share * problem.application_load, demand);
  }
  return demand;
}

}  // namespace trimtab
