// The first three cumulants of a distribution.
#pragma once

namespace trimtab {

// They add up along a sequence of independent stages. In powers of one unit, usually s, s^2 and
// s^3. The third one is the third central moment.
struct Cumulants {
  double mean = 0;
  double variance = 0;
  double third = 0;
  friend bool operator==(const Cumulants&, const Cumulants&) = default;
};

// Those of a finite sample.
struct MeasuredCumulants {
  Cumulants value;
  // Estimated, each of its own cumulant; of the third one, which may be about 0, relative to its
  // amount. 1 where nothing is known.
  Cumulants relative_standard_error = {.mean = 1, .variance = 1, .third = 1};
};

}  // namespace trimtab
