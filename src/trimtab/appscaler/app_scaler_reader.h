// The reader behind ReadAppScaler() and ReadAppScalerYaml().
#pragma once

#include <nlohmann/json.hpp>

#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/appscaler/field_reader.h"

namespace trimtab {

// What could be read of the object; every fault is in `problems`.
AppScaler ReadAppScalerFields(const nlohmann::json& object, FieldProblems& problems);

}  // namespace trimtab
