// Draws one argument of the requests from a mix that changes with time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trimtab/probability/random_stream.h"
#include "trimtab/simulation/event_queue.h"
#include "trimtab/simulation/request_model.h"

namespace trimtab {

// Thread-safety: none.
class ArgumentDraw {
 public:
  // REQUIRES: a spec that Validate() of the scenario accepts.
  ArgumentDraw(const ArgumentSpec& spec, std::uint64_t seed);

  std::int64_t Draw(SimNanos now);
  // The class of a value, from 0; 0 when nothing may be recorded.
  std::uint16_t ClassOf(std::int64_t value) const;
  // "distance=4-6"; empty when nothing may be recorded.
  std::string ClassName(std::uint16_t index) const;
  // The probability of each value at an instant.
  std::vector<double> SharesAt(SimNanos now) const;

 private:
  // Two mixes, and the share of the second.
  struct Blend {
    std::size_t from;
    std::size_t to;
    double share;
  };
  Blend BlendAt(SimNanos now) const;

  ArgumentSpec spec_;
  std::vector<std::vector<double>> cumulative_;  // by mix, ends at 1
  RandomStream stream_;
};

}  // namespace trimtab
