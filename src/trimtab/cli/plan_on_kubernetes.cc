#include "trimtab/cli/plan_on_kubernetes.h"

#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "trimtab/cli/recommendations.h"
#include "trimtab/operator/change_set.h"
#include "trimtab/profile/atomic_file.h"

namespace trimtab {
namespace {

absl::Status CheckOne(const std::vector<Recommendation>& recommendations) {
  if (recommendations.size() == 1) return absl::OkStatus();
  std::vector<std::string> names;
  for (const Recommendation& of : recommendations) {
    names.push_back(fmt::format("{}/{}", of.scaler.meta.name_space, of.scaler.meta.name));
  }
  return absl::InvalidArgumentError(
      fmt::format("a plan is for one AppScaler, there are {}: {}; give name and --namespace",
                  names.size(), fmt::join(names, ", ")));
}

}  // namespace

absl::StatusOr<ExitCode> PlanOnKubernetes(const RunSettings& settings, const ClusterPlan& plan,
                                          Context& context) {
  const auto recommendations = RecommendNow(settings, plan.name, context);
  if (!recommendations.ok()) return recommendations.status();
  if (absl::Status one = CheckOne(*recommendations); !one.ok()) return one;
  const Recommendation& of = recommendations->front();
  const std::string set = ChangeSetToJson(of.ToChangeSet());
  if (plan.output == OutputFormat::kJson) {
    context.out << set;
  } else {
    TableOf(*recommendations).Write(plan.output, context.color, context.out);
  }
  if (!plan.file.empty() && of.decision.held) {
    context.err << fmt::format("{} was not written: there is no decision to save\n", plan.file);
  } else if (!plan.file.empty()) {
    if (absl::Status saved = ReplaceFile(plan.file, set); !saved.ok()) return saved;
    context.err << fmt::format("wrote {0}; `trimtab apply {0}` does it\n", plan.file);
  }
  return CodeOf(*recommendations, plan.tells_changes);
}

}  // namespace trimtab
