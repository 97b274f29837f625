// Writes what makes requests differ, as request_section.cc reads it.
#pragma once

#include <vector>

#include "trimtab/simulation/scenario.h"
#include "trimtab/yaml/yaml_writer.h"

namespace trimtab {

void WriteConditions(YamlWriter& out, const std::vector<ConditionSpec>& when);
void WriteRepeatCount(YamlWriter& out, const RepeatCountSpec& count);
void WriteEffects(YamlWriter& out, const std::vector<EffectSpec>& effects);
// Arguments and states; nothing when there are none.
void WriteRequestModel(YamlWriter& out, const ClusterScenario& cluster);

}  // namespace trimtab
