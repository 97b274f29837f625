// One evaluation of the end-to-end network, forward and backward, in float or double. The plain
// form: training runs on it in float, and the incremental form is tested against it in double.
#pragma once

#include <Eigen/Core>
#include <cstddef>

#include "trimtab/endtoend/tail_network.h"

namespace trimtab {

// Keeps what the backward pass needs; allocates at construction only. Not thread-safe.
// Cost: O(tokens^2) with attention, O(tokens * hidden) without.
template <class T>
class TailNetworkPass {
 public:
  explicit TailNetworkPass(const TailNetworkShape& shape);

  // y at `inputs`, [tokens][2]. REQUIRES: `parameters` has shape.parameter_count() numbers.
  T Forward(const T* parameters, const T* inputs);

  // After Forward(): adds slope * dy/dparameters to `gradient` unless it is null, and writes
  // slope * dy/dinputs to `by_inputs` unless it is null. Exact; 0 where a bound cuts.
  void Backward(const T* parameters, T slope, T* gradient, T* by_inputs);

 private:
  using Tokens = Eigen::Matrix<T, Eigen::Dynamic, 2>;
  using Square = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic>;
  using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;

  void BackwardAttention(const T* parameters, T* gradient);

  TailNetworkShape shape_;
  Tokens x_, u_, q_, k_, v_, a_, z_;
  Tokens dz_, dq_, dk_, dv_, du_;
  Square logits_, weights_, dlogits_;
  Vector hidden_, slope_, dhidden_;
};

extern template class TailNetworkPass<float>;
extern template class TailNetworkPass<double>;

}  // namespace trimtab
