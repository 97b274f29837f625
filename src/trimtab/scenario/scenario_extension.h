// A scenario file that is another one with some sections of its own.
#pragma once

#include "absl/status/statusor.h"
#include "trimtab/simulation/scenario.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab {

// The document of `own` on top of `base`: each top-level section of `own` stands for that of
// `base`, the rows of `provenance` come before those of `base`. `extends` is gone.
YamlNode Extended(YamlNode own, YamlNode base);

// Drops the endpoints that no operation reaches, and the microservices that have none left.
void DropUnreached(ClusterScenario& cluster);

}  // namespace trimtab
