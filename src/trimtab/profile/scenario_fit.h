// Whether what was learned belongs to the application and scenario at hand.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "trimtab/application/application.h"

namespace trimtab {

// What an artefact says that it was learned on.
struct LearnedOn {
  std::string_view application;
  std::string_view scenario_hash;
  const std::vector<std::string>& microservices;
};

// Every field that differs, with both values, joined by "; "; empty when it fits.
std::string DifferencesFromScenario(const LearnedOn& learned, const Application& application,
                                    std::string_view scenario_hash);

}  // namespace trimtab
