// Fuzzes instances of Derm's problem: no crash; what is accepted is written and read again, and, if
// it is small, solved and rounded within its bounds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "trimtab/scaling/derm/derm_instance_json.h"
#include "trimtab/scaling/derm/derm_rounding.h"
#include "trimtab/scaling/derm/derm_solver.h"

namespace {

constexpr std::size_t kMostMicroservices = 10;
constexpr std::size_t kMostGraphs = 6;
constexpr std::size_t kMostNodes = 30;  // of a graph
constexpr int kMostContainers = 1000;

void Expect(bool condition) {
  if (!condition) std::abort();
}

std::size_t NodesOf(const trimtab::DermNode& node) {
  std::size_t nodes = 1;
  for (const trimtab::DermNode& child : node.children) nodes += NodesOf(child);
  return nodes;
}

bool Small(const trimtab::DermProblem& problem) {
  if (problem.microservices.size() > kMostMicroservices) return false;
  if (problem.graphs.size() > kMostGraphs) return false;
  for (const trimtab::DermGraph& graph : problem.graphs) {
    if (NodesOf(graph.tree) > kMostNodes) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto read =
      trimtab::DermInstanceFromJson(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!read.ok()) return 0;
  Expect(trimtab::DermInstanceFromJson(trimtab::DermInstanceToJson(*read)).ok());
  if (!Small(*read)) return 0;
  trimtab::DermProblem problem = *std::move(read);
  for (trimtab::DermMicroservice& each : problem.microservices) {
    each.most = std::max(each.fewest, std::min(each.most, kMostContainers));
  }
  const auto solution = trimtab::SolveDerm(problem, {.most_iterations = 30, .most_checks = 2});
  Expect(solution.ok());
  trimtab::DermCounts counts = trimtab::RoundDerm(problem, *solution);
  trimtab::Neighbours(problem, counts);
  for (std::size_t i = 0; i < problem.microservices.size(); ++i) {
    Expect(counts.containers[i] >= problem.microservices[i].fewest);
    Expect(counts.containers[i] <= problem.microservices[i].most);
  }
  Expect(!counts.feasible || counts.attainment >= problem.target);
  return 0;
}
