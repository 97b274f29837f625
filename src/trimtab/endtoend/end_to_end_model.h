// Everything that training learns about an application's tail, as plain data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/endtoend/tail_network.h"

namespace trimtab {

enum class EndToEndKind : std::uint8_t {
  kPaper,                      // attention of d_k = 2 and a dense network: Grad as written
  kPaperWithoutAttention,      // its ablation (figure 8b)
  kCorrected,                  // and embedding, residual and composition
  kCorrectedWithoutAttention,  // the composition and a dense network
  kComposition,                // the composition alone: the structural baseline
};
// "paper", "paper-without-attention", "corrected", "corrected-without-attention", "composition".
std::string_view EndToEndKindName(EndToEndKind kind);
absl::StatusOr<EndToEndKind> ParseEndToEndKind(std::string_view name);
bool HasNetwork(EndToEndKind kind);
bool HasComposition(EndToEndKind kind);
// REQUIRES: HasNetwork(kind).
TailNetworkShape ShapeOf(EndToEndKind kind, int tokens, int hidden);

// With m_i, M_i the mean and max of token i in ms, N the network and s the composition (a learned,
// never negative weight for each microservice: what a sequence of calls adds up to):
//   x_i = ((log m_i - center) * scale, (log M_i - center) * scale)
//   log tail = [weight log(constant + sum_i share_i m_i)] + output_center + output_scale N(x)
struct EndToEndModel {
  EndToEndKind kind = EndToEndKind::kCorrected;
  std::vector<std::string> microservices;  // the tokens
  std::vector<double> input_center;        // [tokens][2], of the logarithm of ms
  std::vector<double> input_scale;         // [tokens][2]
  double output_center = 0;
  double output_scale = 1;
  double composition_weight = 1;           // 0 to 1
  double composition_constant = 0;         // in ms
  std::vector<double> composition_shares;  // [tokens], ms per ms; empty without composition
  int hidden = 32;
  std::vector<float> parameters;  // of the network, laid out as its shape says
  // Measured over predicted tail on runs that training did not see, rising: the calibration.
  std::vector<double> error_ratios;

  int tokens() const { return static_cast<int>(microservices.size()); }

  // kInvalidArgument names the member that does not fit.
  absl::Status Validate() const;
  // JSON text; the way back gives the same numbers.
  std::string ToJson() const;
  // kInvalidArgument names the member that is unknown, missing, mistyped or out of bounds.
  static absl::StatusOr<EndToEndModel> FromJson(std::string_view text);
};

}  // namespace trimtab
