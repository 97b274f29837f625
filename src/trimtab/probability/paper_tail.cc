#include "trimtab/probability/paper_tail.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "trimtab/probability/latency_tree.h"
#include "trimtab/probability/sequence_tail.h"

namespace trimtab {
namespace {

using Kind = LatencyNode::Kind;

Stage Folded(const Stage& stage, double visits) {
  const double calls = stage.visits * visits;
  return {.rate = stage.rate / calls, .visits = 1.0, .offset = stage.offset * calls};
}

struct Exponentials {
  std::vector<double> rates;
  double floor = 0.0;
};

Exponentials Fold(std::span<const Stage> stages) {
  Exponentials folded;
  for (const Stage& stage : stages) {
    if (stage.visits == 0.0) continue;
    folded.rates.push_back(stage.rate / stage.visits);
    folded.floor += stage.offset * stage.visits;
  }
  return folded;
}

// sum_i factor_i exp(-l_i x) prod_{j != i} l_j / (l_j - l_i).
double PartialFractions(const std::vector<double>& rates, double x, bool density) {
  double sum = 0.0;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    double term = std::exp(-rates[i] * x) * (density ? rates[i] : 1.0);
    for (std::size_t j = 0; j < rates.size(); ++j) {
      if (j != i) term *= rates[j] / (rates[j] - rates[i]);
    }
    sum += term;
  }
  return sum;
}

std::string ClosestRates(std::vector<double> rates) {
  if (rates.size() < 2) return "one rate";
  std::ranges::sort(rates);
  std::size_t closest = 1;
  double gap = std::numeric_limits<double>::infinity();
  for (std::size_t i = 1; i < rates.size(); ++i) {
    const double here = (rates[i] - rates[i - 1]) / rates[i];
    if (here < gap) {
      gap = here;
      closest = i;
    }
  }
  return absl::StrCat("the closest of ", rates.size(), " rates are ", rates[closest - 1], " and ",
                      rates[closest], " /s, ", gap, " apart");
}

}  // namespace

std::vector<Stage> PaperSequence(const LatencyTree& tree, std::span<const Stage> stages) {
  const std::span<const LatencyNode> nodes = tree.nodes();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::vector<double> smallest(nodes.size(), kInfinity);
  std::vector<std::uint32_t> chosen(nodes.size(), 0);
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].kind == Kind::kStage) {
      const Stage& stage = stages[nodes[i].stage];
      if (stage.visits > 0.0) smallest[i] = Folded(stage, nodes[i].repeats).rate;
    }
    const std::uint32_t parent = nodes[i].parent;
    if (smallest[i] < smallest[parent]) {
      smallest[parent] = smallest[i];
      chosen[parent] = i;
    }
  }
  std::vector<Stage> sequence;
  std::vector<double> repeats(nodes.size(), 0.0);
  repeats.back() = nodes.back().repeats;
  for (auto i = static_cast<std::uint32_t>(nodes.size()); i-- > 0;) {
    const std::uint32_t parent = nodes[i].parent;
    if (i + 1 < nodes.size()) {
      const bool kept = nodes[parent].kind != Kind::kParallel || chosen[parent] == i;
      repeats[i] = kept ? repeats[parent] * nodes[i].repeats : 0.0;
    }
    if (nodes[i].kind != Kind::kStage || repeats[i] == 0.0) continue;
    const Stage& stage = stages[nodes[i].stage];
    if (stage.visits > 0.0) sequence.push_back(Folded(stage, repeats[i]));
  }
  std::ranges::reverse(sequence);
  return sequence;
}

absl::StatusOr<double> PaperWithin(std::span<const Stage> stages, double time) {
  const Exponentials folded = Fold(stages);
  const double x = time - folded.floor;
  if (folded.rates.empty()) return x >= 0.0 ? 1.0 : 0.0;
  if (!(x > 0.0)) return 0.0;
  const double within = 1.0 - PartialFractions(folded.rates, x, false);
  if (!(within >= -1e-9 && within <= 1.0 + 1e-9)) {
    return absl::OutOfRangeError(
        absl::StrCat("equation 10 gives the probability ", within,
                     ", expected within [0, 1]: ", ClosestRates(folded.rates)));
  }
  return std::clamp(within, 0.0, 1.0);
}

absl::StatusOr<double> PaperDensity(std::span<const Stage> stages, double time) {
  const Exponentials folded = Fold(stages);
  const double x = time - folded.floor;
  if (folded.rates.empty() || !(x > 0.0)) return 0.0;
  const double density = PartialFractions(folded.rates, x, true);
  const double largest = *std::ranges::max_element(folded.rates);
  if (!(density >= -1e-9 * largest && std::isfinite(density))) {
    return absl::OutOfRangeError(
        absl::StrCat("equation 7 gives the density ", density,
                     " /s, expected 0 or more: ", ClosestRates(folded.rates)));
  }
  return std::max(0.0, density);
}

}  // namespace trimtab
