// Which interferences a sweep injects.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "trimtab/application/interference.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {

// Grad VI-A: four intensities a kind, CPU and both bandwidths from 0.3 to 0.8, memory capacity from
// 0.3 to 0.6, and none. That makes 1 state without interference, 16 with a single kind and 608 with
// several. All four kinds are present in every state. Thread-safety: immutable.
class InterferenceDesign {
 public:
  InterferenceDesign();

  static constexpr std::size_t kIntensities = 4;
  static std::array<double, kIntensities> Intensities(InterferenceKind kind);

  const std::vector<Interference>& single() const { return single_; }
  const std::vector<Interference>& joint() const { return joint_; }

  // `count` different states for cell number `cell` of a grid: none, then count / 2 single ones,
  // then joint ones. Consecutive cells take up where the last one ended, so that a grid uses all
  // states equally often. REQUIRES: 1 <= count <= kMostPerCell.
  std::vector<Interference> ForCell(std::size_t cell, std::size_t count) const;
  static constexpr std::size_t kMostPerCell = 33;

  // The state at `position` in [0, 1) when none, single and joint states have the shares that
  // ForCell(count) gives them.
  const Interference& At(double position, std::size_t count) const;

  // A state with intensities between the levels too: none with probability 1/8, otherwise each
  // kind absent with probability 0.4 and else uniform up to its highest intensity.
  static Interference Random(RandomStream& random);

 private:
  Interference none_ = Interference::None();
  std::vector<Interference> single_;
  std::vector<Interference> joint_;
};

}  // namespace trimtab
