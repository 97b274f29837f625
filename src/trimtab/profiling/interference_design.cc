#include "trimtab/profiling/interference_design.h"

#include <algorithm>

namespace trimtab {
namespace {

constexpr double kLowest = 0.3;
double HighestIntensity(InterferenceKind kind) {
  return kind == InterferenceKind::kMemoryCapacity ? 0.6 : 0.8;
}

}  // namespace

std::array<double, InterferenceDesign::kIntensities> InterferenceDesign::Intensities(
    InterferenceKind kind) {
  std::array<double, kIntensities> levels{};
  const double step = (HighestIntensity(kind) - kLowest) / (kIntensities - 1);
  for (std::size_t i = 0; i < kIntensities; ++i) {
    // Whole millionths, the resolution of a table.
    levels[i] = static_cast<double>(
                    static_cast<int>((kLowest + step * static_cast<double>(i)) * 1e6 + 0.5)) /
                1e6;
  }
  return levels;
}

InterferenceDesign::InterferenceDesign() {
  constexpr std::size_t kStates = 5 * 5 * 5 * 5;  // none or one of four intensities, for each kind
  for (std::size_t state = 0; state < kStates; ++state) {
    Interference interference = Interference::None();
    int disturbed = 0;
    std::size_t rest = state;
    for (const InterferenceKind kind : kInterferenceKinds) {
      const std::size_t level = rest % (kIntensities + 1);
      rest /= kIntensities + 1;
      if (level == 0) continue;
      interference.Set(kind, Ratio(Intensities(kind)[level - 1]));
      ++disturbed;
    }
    if (disturbed == 1) single_.push_back(interference);
    if (disturbed > 1) joint_.push_back(interference);
  }
}

std::vector<Interference> InterferenceDesign::ForCell(std::size_t cell, std::size_t count) const {
  // Strides without a common factor with the sizes 16 and 608 visit every state before repeating.
  constexpr std::size_t kSingleStride = 5;
  constexpr std::size_t kJointStride = 233;
  const std::size_t singles = count / 2;
  const std::size_t joints = count - 1 - singles;
  std::vector<Interference> states = {none_};
  states.reserve(count);
  for (std::size_t i = 0; i < singles; ++i) {
    states.push_back(single_[(cell * singles + i) * kSingleStride % single_.size()]);
  }
  for (std::size_t i = 0; i < joints; ++i) {
    states.push_back(joint_[(cell * joints + i) * kJointStride % joint_.size()]);
  }
  return states;
}

const Interference& InterferenceDesign::At(double position, std::size_t count) const {
  const std::size_t singles = count / 2;
  double slot = position * static_cast<double>(count);
  if (slot < 1) return none_;
  slot -= 1;
  const auto pick = [](const std::vector<Interference>& states,
                       double share) -> const Interference& {
    const auto index = static_cast<std::size_t>(share * static_cast<double>(states.size()));
    return states[std::min(index, states.size() - 1)];
  };
  if (slot < static_cast<double>(singles)) {
    return pick(single_, slot / static_cast<double>(singles));
  }
  slot -= static_cast<double>(singles);
  // Rounding may leave no slot for a joint state when `count` allows none.
  const std::size_t joints = count - 1 - singles;
  return joints == 0 ? none_ : pick(joint_, slot / static_cast<double>(joints));
}

Interference InterferenceDesign::Random(RandomStream& random) {
  Interference interference = Interference::None();
  if (random.Uniform() < 0.125) return interference;
  for (const InterferenceKind kind : kInterferenceKinds) {
    const bool absent = random.Uniform() < 0.4;
    const double intensity = random.Uniform() * HighestIntensity(kind);
    if (!absent) interference.Set(kind, Ratio(intensity));
  }
  return interference;
}

}  // namespace trimtab
