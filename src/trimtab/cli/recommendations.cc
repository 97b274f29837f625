#include "trimtab/cli/recommendations.h"

#include <cstdint>
#include <memory>
#include <ostream>

#include "fmt/format.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/operator/scaler_conditions.h"

namespace trimtab {
namespace {

// What the numbers rest on, a line each.
void WriteGrounds(const Recommendation& of, std::ostream& err) {
  const Decision& decision = of.decision;
  const std::string name = fmt::format("{}/{}", of.scaler.meta.name_space, of.scaler.meta.name);
  const Latency target = of.scaler.objective.latency;
  std::string line = fmt::format("{}: {:.0f} ms promised", name, InMilliseconds(target));
  if (const auto& measured = decision.observation.measured_tail_latency) {
    line += fmt::format(", {:.0f} ms measured", InMilliseconds(*measured));
  }
  if (decision.plan && decision.plan->predicted_tail_latency) {
    line += fmt::format(", {:.0f} ms expected of the recommendation",
                        InMilliseconds(*decision.plan->predicted_tail_latency));
  }
  err << line << fmt::format(" ({})\n", ReasonOf(decision, target));
  for (const std::string& gap : decision.observation.gaps) err << name << ": " << gap << '\n';
  for (const Trouble& trouble : decision.troubles) err << name << ": " << trouble.words << '\n';
  for (const RivalNotice& rival : of.rivals) err << name << ": " << rival.words << '\n';
  if (decision.plan && !decision.plan->feasible) {
    err << name << ": " << decision.plan->summary.message << '\n';
  }
}

}  // namespace

absl::StatusOr<std::vector<Recommendation>> RecommendNow(const RunSettings& settings,
                                                         const std::string& name,
                                                         Context& context) {
  const auto config = std::make_unique<RunConfig>();
  if (absl::Status valid = settings.Resolve(EnvironmentVariable, *config); !valid.ok()) {
    return valid;
  }
  const SystemClock clock;
  auto recommendations = Recommend(config->options, name, clock, context.stop);
  if (!recommendations.ok()) return recommendations.status();
  for (const Recommendation& of : *recommendations) WriteGrounds(of, context.err);
  return recommendations;
}

Table TableOf(const std::vector<Recommendation>& recommendations) {
  constexpr double kPerMebibyte = 1.0 / (1 << 20);
  Table table({{.key = "namespace", .header = "NAMESPACE"},
               {.key = "appScaler", .header = "APPSCALER"},
               {.key = "workload", .header = "WORKLOAD"},
               {.key = "replicas", .header = "REPLICAS"},
               {.key = "cpuCores", .header = "CPU m", .scale = 1000},
               {.key = "memoryBytes", .header = "MEMORY Mi", .scale = kPerMebibyte},
               {.key = "recommendedReplicas", .header = "-> REPLICAS"},
               {.key = "recommendedCpuCores", .header = "-> CPU m", .scale = 1000},
               {.key = "recommendedMemoryBytes", .header = "-> MEMORY Mi", .scale = kPerMebibyte}});
  for (const Recommendation& of : recommendations) {
    for (std::size_t i = 0; i < of.decision.desired.size(); ++i) {
      const MicroserviceId id(i);
      const MicroserviceAllocation now = of.decision.desired[id];
      const MicroserviceAllocation then = of.decision.safe ? of.decision.safe->target[id] : now;
      table.AddRow({of.scaler.meta.name_space, of.scaler.meta.name,
                    of.application->microservice(id).name, std::int64_t{now.replicas},
                    InCores(now.container.cpu), now.container.memory.as_double(),
                    std::int64_t{then.replicas}, InCores(then.container.cpu),
                    then.container.memory.as_double()});
    }
  }
  return table;
}

ExitCode CodeOf(const std::vector<Recommendation>& recommendations, bool tells_changes) {
  bool changes = false;
  bool infeasible = false;
  for (const Recommendation& of : recommendations) {
    if (of.decision.held) return ExitCode::kInsufficientData;
    infeasible = infeasible || (of.decision.plan && !of.decision.plan->feasible);
    changes = changes || !of.ToChangeSet().changes.empty();
  }
  if (infeasible) return ExitCode::kInfeasible;
  return tells_changes && changes ? ExitCode::kChanges : ExitCode::kSuccess;
}

}  // namespace trimtab
