// Steps whose classes have names and are not yet bound to a model's roster.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "trimtab/graphdynamics/share_series.h"

namespace trimtab {

// Requests, or shares of them, by class.
using ShareMix = std::map<std::string, double>;

// What was counted of the requests of one step.
struct ShareStep {
  ShareMix arguments = {};  // empty where spans carry none
  ShareMix graphs = {};     // at least one request
  double load = 0;          // requests/s
};

// Steps one after another without a gap.
struct ShareRun {
  std::vector<ShareStep> steps;  // the newest at the back
  std::size_t end = 0;           // when the last of them was measured
  std::size_t stride = 1;        // from one to the next, in the same unit
};

// Scaled to sum to one; a mix of nothing stays as it is.
ShareMix SharesOfMix(ShareMix mix);
// The total variation of two mixes whose shares sum to one.
double TotalVariation(const ShareMix& a, const ShareMix& b);

// One row of `space`, added to `row`. Classes that the space does not have count as its last one,
// "(other)". REQUIRES: the last class of either kind is "(other)", or there are no argument
// classes.
void AppendShareStep(const ShareStep& step, const ShareSpace& space, std::vector<double>& row);

// The same steps in another space, class by name. REQUIRES: as AppendShareStep, for both spaces.
ShareSeries InSpace(const ShareSeries& series, const ShareSpace& space);

}  // namespace trimtab
