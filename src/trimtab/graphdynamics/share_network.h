// The network that predicts graph shares (Derm V-B, figure 8): its equations and its weights.
#pragma once

#include <cstddef>

namespace trimtab {

// With x_t the t-th step of the window (argument shares, graph shares, load; each standardised),
// g_t its graph shares as they are, t = 1..window:
//   encoder   e1_t = LSTM(x_t, e1_{t-1}),  e_t = LSTM(e1_t, e_{t-1})       two layers, 128 wide
//   decoder   d_0 = tanh(W_s e_window + b_s),  d = LSTM(x_window, d_0)     32 wide, cell 0
//   attention a = softmax_t(d . W_k e_t / sqrt(32) + r_t),  c = sum_t a_t e_t
//   output    logits = W_o [d; c] + b_o + log(sum_t a_t g_t + kFloor),  shares = softmax(logits)
// The paper gives sizes and the names of the parts; the dot product, the decoder's input and its
// start are ours (D18). W_k brings the encoder's 128 to the decoder's 32. Without attention
// c = e_window. `copying` is what the paper does not have: the last term of the logits and the
// learned r_t. The network then learns the ratio to the shares that the attention picks out of the
// window, and W_o = 0 already predicts a weighted mean of them.
struct ShareNetworkShape {
  static constexpr int kMaxClasses = 1024;  // graph classes, and argument classes
  static constexpr int kMaxWindow = 64;
  static constexpr int kMaxWidth = 512;
  static constexpr double kFloor = 1e-4;
  static constexpr std::size_t kBlock = 16;  // columns come in blocks of this many floats

  int arguments = 0;
  int graphs = 0;
  int window = 5;
  int encoder = 128;  // a multiple of 16
  int decoder = 32;   // a multiple of 16
  bool attention = true;
  bool copying = true;

  friend bool operator==(const ShareNetworkShape&, const ShareNetworkShape&) = default;

  std::size_t inputs() const {
    return std::size_t{1} + static_cast<std::size_t>(arguments) + static_cast<std::size_t>(graphs);
  }
  std::size_t steps() const { return static_cast<std::size_t>(window); }
  std::size_t padded_graphs() const {
    return (static_cast<std::size_t>(graphs) + kBlock - 1) / kBlock * kBlock;
  }
};

// One matrix among the weights: [rows][columns] from `offset`. The backward pass reads the first
// `transposed_rows` rows the other way round, [columns][transposed_rows] from `transposed_offset`.
struct WeightBlock {
  std::size_t offset = 0;
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t transposed_rows = 0;
  std::size_t transposed_offset = 0;

  std::size_t size() const { return rows * columns; }
};

// Where each matrix lies. Rows of an LSTM's matrix: first those of its own state, then those of its
// input. A part that the shape does not have has no rows.
struct ShareNetworkLayout {
  explicit ShareNetworkLayout(const ShareNetworkShape& shape);

  WeightBlock first;  // encoder + inputs, by 4 encoder
  WeightBlock first_bias;
  WeightBlock second;  // encoder + encoder, by 4 encoder
  WeightBlock second_bias;
  WeightBlock start;  // encoder, by decoder: W_s
  WeightBlock start_bias;
  WeightBlock decoder;  // decoder + inputs, by 4 decoder
  WeightBlock decoder_bias;
  WeightBlock keys;    // encoder, by decoder: W_k
  WeightBlock output;  // decoder + encoder, by padded graphs: W_o
  WeightBlock output_bias;
  WeightBlock recency;         // 1, by the window padded: r
  std::size_t weights = 0;     // floats in all, padding included
  std::size_t transposed = 0;  // floats of all transposed parts
};

// Writes the transposed parts of `weights` ([layout.transposed] floats).
void TransposeWeights(const ShareNetworkLayout& layout, const float* weights, float* transposed);

}  // namespace trimtab
