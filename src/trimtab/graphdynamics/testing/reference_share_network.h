// The share network again, in doubles and plain loops: an oracle that shares no code with the
// kernels.
#pragma once

#include <vector>

#include "trimtab/graphdynamics/share_network.h"

namespace trimtab::testing {

struct ReferenceSample {
  std::vector<double> inputs;   // [window][inputs]
  std::vector<double> shares;   // [window][graphs]
  std::vector<double> targets;  // [graphs]
};

// Predicted shares of one sample, [graphs].
std::vector<double> ReferenceShares(const ShareNetworkShape& shape,
                                    const std::vector<double>& weights,
                                    const ReferenceSample& sample);
// Its cross-entropy.
double ReferenceLoss(const ShareNetworkShape& shape, const std::vector<double>& weights,
                     const ReferenceSample& sample);

}  // namespace trimtab::testing
