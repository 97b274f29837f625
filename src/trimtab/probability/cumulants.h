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

}  // namespace trimtab
