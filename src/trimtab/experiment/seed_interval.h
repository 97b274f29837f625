// What several seeds say together.
#pragma once

#include <span>
#include <string>

namespace trimtab {

struct SeedInterval {
  double mean = 0;
  double half = 0;  // half the width of the 95 % interval of the mean; 0 for a single value
};

// Student's t over the values, which are taken as independent and normal. REQUIRES: not empty.
SeedInterval IntervalOf(std::span<const double> values);

// "31.5 +- 2.1" with `decimals` places, both times `scale`.
std::string IntervalText(const SeedInterval& interval, double scale, int decimals);

}  // namespace trimtab
