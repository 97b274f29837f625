#include "trimtab/endtoend/end_to_end_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/endtoend/tail_network.h"

namespace trimtab {
namespace {

constexpr std::array<std::string_view, 5> kKindNames = {
    "paper", "paper-without-attention", "corrected", "corrected-without-attention", "composition"};

constexpr double kMostMagnitude = 1e9;

template <class T>
void CheckNumbers(std::string_view name, std::span<const T> numbers, std::size_t expected,
                  double low, std::vector<std::string>& problems) {
  if (numbers.size() != expected) {
    problems.push_back(
        fmt::format("{} has {} numbers, expected {}", name, numbers.size(), expected));
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] >= low && numbers[i] <= kMostMagnitude) continue;
    problems.push_back(
        fmt::format("{}[{}] is {}, expected {} to {}", name, i, numbers[i], low, kMostMagnitude));
    return;
  }
}

}  // namespace

std::string_view EndToEndKindName(EndToEndKind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}

absl::StatusOr<EndToEndKind> ParseEndToEndKind(std::string_view name) {
  for (std::size_t i = 0; i < kKindNames.size(); ++i) {
    if (kKindNames[i] == name) return static_cast<EndToEndKind>(i);
  }
  return absl::InvalidArgumentError(
      fmt::format("end-to-end kind '{}' is none of {}", name, fmt::join(kKindNames, ", ")));
}

bool HasNetwork(EndToEndKind kind) { return kind != EndToEndKind::kComposition; }

bool HasComposition(EndToEndKind kind) {
  return kind != EndToEndKind::kPaper && kind != EndToEndKind::kPaperWithoutAttention;
}

TailNetworkShape ShapeOf(EndToEndKind kind, int tokens, int hidden) {
  const bool corrected = kind == EndToEndKind::kCorrected;
  return {.tokens = tokens,
          .hidden = hidden,
          .attention = corrected || kind == EndToEndKind::kPaper,
          .embedding = corrected,
          .residual = corrected};
}

absl::Status EndToEndModel::Validate() const {
  std::vector<std::string> problems;
  const std::size_t n = microservices.size();
  if (n == 0 || n > std::size_t{TailNetworkShape::kMaxTokens}) {
    problems.push_back(fmt::format("microservices has {} names, expected 1 to {}", n,
                                   TailNetworkShape::kMaxTokens));
  }
  if (hidden < 1 || hidden > TailNetworkShape::kMaxHidden) {
    problems.push_back(
        fmt::format("hidden is {}, expected 1 to {}", hidden, TailNetworkShape::kMaxHidden));
  }
  std::vector<std::string> names = microservices;
  std::sort(names.begin(), names.end());
  if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end()) {
    problems.push_back(fmt::format("microservices names '{}' twice", *twice));
  }
  if (problems.empty()) {
    const std::size_t weights =
        HasNetwork(kind) ? ShapeOf(kind, tokens(), hidden).parameter_count() : 0;
    CheckNumbers<double>("input_center", input_center, 2 * n, -kMostMagnitude, problems);
    CheckNumbers<double>("input_scale", input_scale, 2 * n, 0, problems);
    CheckNumbers<double>("composition_shares", composition_shares, HasComposition(kind) ? n : 0, 0,
                         problems);
    CheckNumbers<float>("parameters", parameters, weights, -kMostMagnitude, problems);
    CheckNumbers<double>("error_ratios", error_ratios, error_ratios.size(), 1e-9, problems);
  }
  if (!(composition_weight >= 0 && composition_weight <= 1)) {
    problems.push_back(
        fmt::format("composition_weight is {}, expected 0 to 1", composition_weight));
  }
  const std::array<double, 2> scalars = {composition_constant, output_scale};
  CheckNumbers<double>("composition_constant and output_scale", scalars, 2, 0, problems);
  if (!(std::abs(output_center) <= 100)) {
    problems.push_back(fmt::format("output_center is {}, expected -100 to 100", output_center));
  }
  if (!std::is_sorted(error_ratios.begin(), error_ratios.end())) {
    problems.emplace_back("error_ratios do not rise");
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("end-to-end model: {}", fmt::join(problems, "; ")));
}

}  // namespace trimtab
