// The distribution of a sum of exponentials by positive terms only, in long double: a reference
// that shares nothing with the contour.
#pragma once

#include <span>
#include <vector>

#include "trimtab/probability/sequence_tail.h"

namespace trimtab::testing {

struct ReferenceTail {
  long double within = 0;
  long double beyond = 0;
};

// By uniformisation where few jumps are expected, else by squaring the transition matrix of the
// phases; absolute error about 1e-14. Offsets are taken off `time`; visits must be whole numbers.
ReferenceTail ReferenceTailAt(std::span<const Stage> stages, double time);

// Jumps of the uniformised chain times its phases: what uniformisation would cost.
double UniformisationWork(std::span<const Stage> stages, double time);

// Uniformisation alone.
ReferenceTail UniformisedTail(std::span<const Stage> stages, double time);

}  // namespace trimtab::testing
