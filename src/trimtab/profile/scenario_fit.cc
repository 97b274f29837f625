#include "trimtab/profile/scenario_fit.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_join.h"
#include "fmt/format.h"

namespace trimtab {

std::string DifferencesFromScenario(const LearnedOn& learned, const Application& application,
                                    std::string_view scenario_hash) {
  std::vector<std::string> names;
  for (const Microservice& microservice : application.microservices()) {
    names.push_back(microservice.name);
  }
  std::vector<std::string> differences;
  const auto compare = [&](std::string_view field, std::string_view ours, std::string_view wanted) {
    if (ours == wanted) return;
    differences.push_back(fmt::format("{}: '{}', the scenario's is '{}'", field, ours, wanted));
  };
  compare("application", learned.application, application.name());
  compare("scenarioHash", learned.scenario_hash, scenario_hash);
  compare("microservices", absl::StrJoin(learned.microservices, ","), absl::StrJoin(names, ","));
  return absl::StrJoin(differences, "; ");
}

}  // namespace trimtab
