// The end-to-end tail while one microservice after another changes.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "trimtab/endtoend/attention_kernels.h"
#include "trimtab/endtoend/end_to_end_predictor.h"
#include "trimtab/endtoend/own_latency.h"
#include "trimtab/endtoend/tail_network.h"
#include "trimtab/neural/aligned_floats.h"
#include "trimtab/neural/simd_level.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// Holds the sums of every row of attention, in double: a token that changes takes its old
// exponentials out and puts new ones in, exactly those that were put in before, so that nothing
// drifts: within 1e-5 of EndToEndPredictor::Predict() after 10,000 changes.
// Allocates at construction only. Not thread-safe; the predictor must outlive it.
class IncrementalTail {
 public:
  IncrementalTail(const EndToEndPredictor& predictor, SimdLevel level);

  // Starts anew. Cost: O(tokens^2). REQUIRES: one finite value a token.
  void Reset(std::span<const OwnLatency> own_latency);

  Latency tail() const { return tail_; }
  const OwnLatency& own_latency(std::size_t token) const { return own_[token]; }

  // The tail if one token were this; nothing changes. Cost: O(tokens).
  Latency TailWith(std::size_t token, const OwnLatency& own);
  // Makes it so. Cost: O(tokens).
  void Set(std::size_t token, const OwnLatency& own);
  // The slopes here, one a token. Cost: O(tokens^2).
  void Gradient(std::span<OwnLatencySlope> slopes);

 private:
  // One microservice as the network sees it.
  struct Token {
    float x[2];      // its input, cut
    bool inside[2];  // it was not
    float query[2];
    float key[2];
    float value[2];
  };
  struct Columns {
    AlignedFloats first;
    AlignedFloats second;
    TokenPairs pairs() const { return {first.data(), second.data()}; }
  };

  Token TokenOf(std::size_t token, const OwnLatency& own) const;
  void Store(std::size_t token, const Token& values);
  Token Load(std::size_t token) const;
  // Writes z of one row to [2] numbers.
  void WriteRow(const AttentionSums& sums, float x_first, float x_second, float* z) const;
  // The tail with one token changed; `keep` makes it so.
  Latency Change(std::size_t token, const OwnLatency& own, bool keep);
  void ChangeAttention(std::size_t token, const Token& before, const Token& after, bool keep);
  void BackwardAttention();
  Latency TailOf(double composed, const float* dense_inputs, float* hidden_slopes) const;

  const EndToEndModel& model_;
  SimdLevel level_;
  std::size_t tokens_;
  TailNetworkShape shape_;
  std::size_t width_ = 0;  // of the hidden layer, padded; 0 without a network

  std::vector<OwnLatency> own_;
  std::vector<bool> inside_;  // [token][2]: the input is not cut
  double composed_ = 0;       // constant + sum of shares times means
  Latency tail_{0};

  Columns inputs_, queries_, keys_, values_;
  std::vector<AttentionSums> sums_;        // a row each
  AlignedFloats dense_inputs_, what_if_;   // z, [token][2]
  AlignedFloats weights_, bias_, output_;  // of the hidden layer, padded
  AlignedFloats hidden_slopes_, dz_, dq_;  // dz, dq: [token][2]
  AlignedFloats old_exponentials_, new_exponentials_;
  Columns key_slopes_, value_slopes_;
};

}  // namespace trimtab
