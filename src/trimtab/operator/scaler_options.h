// How the control loop of an AppScaler is set.
#pragma once

#include <string_view>

#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/controller/control_options.h"

namespace trimtab {

// `base` with the objective, the window and the behaviour of the resource.
ControlOptions ControlOptionsOf(const AppScaler& scaler, const ControlOptions& base);

}  // namespace trimtab
