// Cumulants as laws of branches, for the two halves of CumulantEvaluator.
#pragma once

#include <cmath>

#include "trimtab/probability/cumulant_kernels.h"
#include "trimtab/probability/cumulants.h"

namespace trimtab::cumulant {

// Of so many independent times one after the other.
inline Cumulants Times(double repeats, const Cumulants& one) {
  return {repeats * one.mean, repeats * one.variance, repeats * one.third};
}

// A spread that double precision cannot tell from a constant.
inline bool IsConstant(const Cumulants& k) {
  return k.variance <= 1e-24 * k.mean * k.mean || k.variance < 1e-290;
}

// REQUIRES: !IsConstant(k).
inline Law LawOf(const Cumulants& k) {
  Law law;
  law.mean = k.mean;
  law.deviation = std::sqrt(k.variance);
  law.skewness = k.third / (k.variance * law.deviation);
  if (std::abs(law.skewness - 2.0) < 1e-9) {
    law.kind = Law::Kind::kExponential;
  } else if (std::abs(law.skewness) < 1e-3) {
    law.kind = Law::Kind::kNormal;
  } else {
    law.kind = Law::Kind::kGamma;
  }
  return law;
}

}  // namespace trimtab::cumulant
