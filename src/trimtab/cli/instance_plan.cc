#include "trimtab/cli/instance_plan.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/profile/atomic_file.h"
#include "trimtab/scaling/derm/derm_instance_json.h"
#include "trimtab/scaling/derm/derm_options.h"
#include "trimtab/scaling/derm/derm_paper.h"
#include "trimtab/scaling/derm/derm_rounding.h"
#include "trimtab/scaling/derm/derm_solver.h"

namespace trimtab {
namespace {

using Json = nlohmann::ordered_json;

struct Solved {
  DermProblem problem;
  DermSolution solution;
  DermCounts counts;
};

absl::StatusOr<Solved> SolveInstance(DermProblem problem, DermFidelity fidelity) {
  Solved solved{.problem = std::move(problem), .solution = {}, .counts = {}};
  if (fidelity == DermFidelity::kPaper) {
    auto plan = PlanAsPaper(solved.problem);
    if (!plan.ok()) return plan.status();
    solved.solution = std::move(plan->solution);
    solved.counts = std::move(plan->counts);
  } else {
    auto solution = SolveDerm(solved.problem);
    if (!solution.ok()) return solution.status();
    solved.solution = *std::move(solution);
    solved.counts = RoundDerm(solved.problem, solved.solution);
  }
  Neighbours(solved.problem, solved.counts);
  return solved;
}

const std::string& NameOf(const Solved& solved, int microservice) {
  return solved.problem.microservices[static_cast<std::size_t>(microservice)].name;
}

Json NumberOrNull(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json ToJson(const Solved& solved) {
  const DermCounts& counts = solved.counts;
  Json classes = Json::array();
  for (std::size_t g = 0; g < solved.problem.graphs.size(); ++g) {
    const DermGraph& graph = solved.problem.graphs[g];
    classes.push_back(
        {{"id", graph.id}, {"share", graph.share}, {"attainment", counts.graph_attainment[g]}});
  }
  Json containers = Json::object();
  Json changes = Json::array();
  for (std::size_t i = 0; i < counts.containers.size(); ++i) {
    const std::string& name = solved.problem.microservices[i].name;
    containers[name] = counts.containers[i];
    changes.push_back({{"microservice", name},
                       {"continuous", solved.solution.containers[i]},
                       {"withOneMore", NumberOrNull(counts.with_one_more[i])},
                       {"withOneLess", NumberOrNull(counts.with_one_less[i])}});
  }
  Json binding = Json::array();
  for (const int i : solved.solution.binding) binding.push_back(NameOf(solved, i));
  return {{"feasible", counts.feasible},
          {"classes", std::move(classes)},
          {"attainment", counts.attainment},
          {"attainmentTarget", solved.problem.target},
          {"containers", std::move(containers)},
          {"totalContainers", counts.total},
          {"continuousBound", solved.solution.total},
          {"binding", std::move(binding)},
          {"changes", std::move(changes)},
          {"converged", solved.solution.converged},
          {"iterations", solved.solution.iterations},
          {"kktResidual", solved.solution.kkt_residual}};
}

Table ContainerTable(const Solved& solved) {
  Table table({{.key = "microservice", .header = "microservice"},
               {.key = "containers", .header = "containers"},
               {.key = "continuous", .header = "continuous", .decimals = 2},
               {.key = "withOneMore", .header = "one more %", .scale = 100, .decimals = 3},
               {.key = "withOneLess", .header = "one less %", .scale = 100, .decimals = 3}});
  const DermCounts& counts = solved.counts;
  for (std::size_t i = 0; i < counts.containers.size(); ++i) {
    Table::Cell less;
    if (std::isfinite(counts.with_one_less[i])) less = counts.with_one_less[i];
    table.AddRow({solved.problem.microservices[i].name,
                  static_cast<std::int64_t>(counts.containers[i]), solved.solution.containers[i],
                  counts.with_one_more[i], less});
  }
  return table;
}

void WriteText(const Solved& solved, Context& context) {
  Table classes({{.key = "id", .header = "class"},
                 {.key = "share", .header = "share %", .scale = 100, .decimals = 2},
                 {.key = "attainment", .header = "in time %", .scale = 100, .decimals = 2}});
  for (std::size_t g = 0; g < solved.problem.graphs.size(); ++g) {
    classes.AddRow({solved.problem.graphs[g].id, solved.problem.graphs[g].share,
                    solved.counts.graph_attainment[g]});
  }
  classes.WriteText(context.out, context.color);
  context.out << "\n";
  ContainerTable(solved).WriteText(context.out, context.color);
  context.out << fmt::format(
      "\n{} containers, at least {:.2f} in any plan; {:.3f} % of all requests in time, {:.3f} % "
      "wanted\n",
      solved.counts.total, solved.solution.total, 100 * solved.counts.attainment,
      100 * solved.problem.target);
  if (solved.counts.feasible) return;
  context.out << "not feasible; bound by";
  for (const int i : solved.solution.binding) context.out << " " << NameOf(solved, i);
  context.out << "\n";
}

}  // namespace

absl::StatusOr<ExitCode> RunInstancePlan(const InstancePlanArguments& arguments, Context& context) {
  const auto fidelity = ParseDermFidelity(arguments.fidelity);
  if (!fidelity.ok()) return fidelity.status();
  const auto text = ReadWholeFile(arguments.file);
  if (!text.ok()) return text.status();
  auto problem = DermInstanceFromJson(*text);
  if (!problem.ok()) {
    return absl::Status(
        problem.status().code(),
        fmt::format("'{}': {}", arguments.file, std::string(problem.status().message())));
  }
  const auto solved = SolveInstance(*std::move(problem), *fidelity);
  if (!solved.ok()) return solved.status();
  switch (arguments.output) {
    case OutputFormat::kTable:
      WriteText(*solved, context);
      break;
    case OutputFormat::kJson:
      WriteJson(ToJson(*solved), context.out);
      break;
    case OutputFormat::kCsv:
      ContainerTable(*solved).WriteCsv(context.out);
      break;
  }
  return solved->counts.feasible ? ExitCode::kSuccess : ExitCode::kInfeasible;
}

}  // namespace trimtab
