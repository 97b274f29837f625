// The latency of a sequence of stages: P(Z <= t), its density and its slopes in one pass.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/status.h"

namespace trimtab {

// One microservice of a sequence. Its latency is `visits` independent draws of a shifted
// exponential (Derm, eq. 2): offset + Exp(rate) each. Calls are an Erlang, not Exp(rate / visits)
// (paper-notes D11); a fractional number of visits is the gamma between its neighbours.
struct Stage {
  double rate = 1.0;    // latency_rate, in 1/s
  double visits = 1.0;  // calls a request
  double offset = 0.0;  // latency_floor a visit, in s; a moment fit may make it negative
};

// kInvalidArgument with the stage's index (counted from first_index), value and bound: rates in
// [1e-9, 1e12], visits in [0, 1e6], offsets within 1e9 of 0, nothing NaN.
absl::Status ValidateStages(std::span<const Stage> stages, std::size_t first_index = 0);

struct SequenceTail {
  double within = 0.0;   // P(Z <= t)
  double beyond = 1.0;   // P(Z > t); of the two the smaller one is computed, the other is 1 - it
  double density = 0.0;  // of Z at t, in 1/s
};

// Scratch memory of SequenceTailAt: grows to the longest sequence seen and is kept. Results never
// depend on what it was used for before. Thread-safety: one a thread.
class SequenceWorkspace {
 public:
 private:
  friend struct SequencePass;
  std::vector<double> memory_;
};

// The distribution of the sum of all stages at `time` (s), by trapezoidal quadrature of the inverse
// Laplace transform on the parabola of steepest descent through the saddle point (equations 4, 5
// and 7 of Derm without their poles: equal and nearly equal rates are nothing special). With
// `rate_slopes` of the size of `stages`, also d within / d rate of every stage, in s; the slope
// by a stage's offset is -visits * density.
// |error| of `within`: 1e-10 typically, 1e-7 at worst. Cost: O(stages * nodes), 8 to 32 nodes; no
// allocation once the workspace has grown. Deterministic: the same bits on every instruction set.
// REQUIRES: ValidateStages(stages) is OK; rate_slopes is empty or of the size of stages.
SequenceTail SequenceTailAt(std::span<const Stage> stages, double time,
                            SequenceWorkspace& workspace, std::span<double> rate_slopes = {});

// The time (s) by which a share `level` is done, to 1e-9 of the standard deviation.
// REQUIRES: as SequenceTailAt; 0 < level < 1; some stage has visits > 0.
double SequenceQuantile(std::span<const Stage> stages, double level, SequenceWorkspace& workspace);

}  // namespace trimtab
