#include "trimtab/monitoring/mean_interference.h"

#include <algorithm>
#include <vector>

namespace trimtab {

Interference MeanInterference(const std::vector<ContainerObservation>& containers) {
  Interference mean;
  for (const InterferenceKind kind : kInterferenceKinds) {
    double sum = 0;
    int known = 0;
    for (const ContainerObservation& container : containers) {
      const auto share = container.interference[kind];
      if (!share) continue;
      sum += share->value();
      ++known;
    }
    if (known > 0) mean.Set(kind, Ratio(std::clamp(sum / known, 0.0, 1.0)));
  }
  return mean;
}

}  // namespace trimtab
