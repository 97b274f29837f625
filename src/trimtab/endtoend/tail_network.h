// The shape of the end-to-end network and the layout of its weights (Grad IV-C).
#pragma once

#include <cstddef>

namespace trimtab {

// n tokens, one a microservice, each x_i = (mean, max) of its containers' own latency, normalised
// (eq. 6). With u = x + e (the embedding, when there is one):
//   Q = u W_Q, K = u W_K, V = u W_V                          all 2 x 2: d_k = 2
//   A = softmax(Q K^T / sqrt 2) V                            eq. 7; z = A, or x + A with residual
//   y = SiLU(b1 + sum_i z_i W1_i) . w2 + b2                  the fully connected part
// Without attention z = x. Logits are cut at +-kLogitBound, inputs at +-kInputBound, so that sums
// of exponentials stay exact enough to be updated term by term.
struct TailNetworkShape {
  static constexpr double kLogitBound = 12;
  static constexpr double kInputBound = 5;
  static constexpr int kMaxTokens = 4096;
  static constexpr int kMaxHidden = 256;

  int tokens = 0;
  int hidden = 32;
  bool attention = true;
  bool embedding = true;  // e: the service's identity, which eq. 7 does not see
  bool residual = true;

  friend bool operator==(const TailNetworkShape&, const TailNetworkShape&) = default;

  // Offsets in numbers: e [tokens][2], W_Q, W_K, W_V [2][2] (rows: inputs), W1 [tokens *
  // 2][hidden], b1 [hidden], w2 [hidden], b2. A part that the shape does not have takes no room.
  std::size_t query_offset() const { return embedding ? 2 * static_cast<std::size_t>(tokens) : 0; }
  std::size_t key_offset() const { return query_offset() + (attention ? 4 : 0); }
  std::size_t value_offset() const { return key_offset() + (attention ? 4 : 0); }
  std::size_t dense_offset() const { return value_offset() + (attention ? 4 : 0); }
  std::size_t bias_offset() const {
    return dense_offset() + 2 * static_cast<std::size_t>(tokens) * static_cast<std::size_t>(hidden);
  }
  std::size_t output_offset() const { return bias_offset() + static_cast<std::size_t>(hidden); }
  std::size_t parameter_count() const {
    return output_offset() + static_cast<std::size_t>(hidden) + 1;
  }
};

}  // namespace trimtab
