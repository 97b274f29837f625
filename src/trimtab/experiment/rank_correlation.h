// Whether two quantities rise together, whatever the shape of the curve.
#pragma once

#include <span>

namespace trimtab {

// Spearman's rank correlation, in [-1, 1]; equal values share their mean rank. 0 where one of the
// two does not vary, or there are fewer than two. REQUIRES: equal lengths, no NaN.
double RankCorrelation(std::span<const double> x, std::span<const double> y);

}  // namespace trimtab
