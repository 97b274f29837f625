#include "trimtab/endtoend/tail_network_pass.h"

#include <Eigen/Core>
#include <cmath>

#include "trimtab/endtoend/tail_network.h"

namespace trimtab {
namespace {

template <class T>
using Small = Eigen::Map<const Eigen::Matrix<T, 2, 2, Eigen::RowMajor>>;
template <class T>
using SmallOut = Eigen::Map<Eigen::Matrix<T, 2, 2, Eigen::RowMajor>>;
template <class T>
using Pairs = Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, 2, Eigen::RowMajor>>;
template <class T>
using PairsOut = Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, 2, Eigen::RowMajor>>;
// W1 with the weights out of one input contiguous.
template <class T>
using Dense = Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>>;
template <class T>
using DenseOut = Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>>;
template <class T>
using Column = Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, 1>>;
template <class T>
using ColumnOut = Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, 1>>;

}  // namespace

template <class T>
TailNetworkPass<T>::TailNetworkPass(const TailNetworkShape& shape) : shape_(shape) {
  const Eigen::Index n = shape.tokens;
  for (Tokens* tokens : {&x_, &z_, &dz_}) tokens->resize(n, 2);
  hidden_.resize(shape.hidden);
  slope_.resize(shape.hidden);
  dhidden_.resize(shape.hidden);
  if (!shape.attention) return;
  for (Tokens* tokens : {&u_, &q_, &k_, &v_, &a_, &dq_, &dk_, &dv_, &du_}) tokens->resize(n, 2);
  for (Square* square : {&logits_, &weights_, &dlogits_}) square->resize(n, n);
}

template <class T>
T TailNetworkPass<T>::Forward(const T* parameters, const T* inputs) {
  const Eigen::Index n = shape_.tokens;
  constexpr T kInput = static_cast<T>(TailNetworkShape::kInputBound);
  constexpr T kLogit = static_cast<T>(TailNetworkShape::kLogitBound);
  x_ = Pairs<T>(inputs, n, 2);
  z_ = x_.cwiseMax(-kInput).cwiseMin(kInput);
  if (shape_.attention) {
    u_ = z_;
    if (shape_.embedding) u_ += Pairs<T>(parameters, n, 2);
    const T scale = static_cast<T>(std::sqrt(0.5));
    q_.noalias() = u_ * (Small<T>(parameters + shape_.query_offset()) * scale);
    k_.noalias() = u_ * Small<T>(parameters + shape_.key_offset());
    v_.noalias() = u_ * Small<T>(parameters + shape_.value_offset());
    logits_.matrix().noalias() = q_ * k_.transpose();
    weights_ = logits_.cwiseMax(-kLogit).cwiseMin(kLogit).exp();
    weights_.colwise() /= weights_.rowwise().sum().eval();
    a_.noalias() = weights_.matrix() * v_;
    if (shape_.residual) {
      z_ += a_;
    } else {
      z_ = a_;
    }
  }
  const Dense<T> w1(parameters + shape_.dense_offset(), shape_.hidden, 2 * n);
  hidden_ = Column<T>(parameters + shape_.bias_offset(), shape_.hidden);
  for (Eigen::Index i = 0; i < n; ++i) {
    hidden_ += w1.col(2 * i) * z_(i, 0) + w1.col(2 * i + 1) * z_(i, 1);
  }
  // SiLU(h) = h s with s = 1 / (1 + exp(-h)); its slope is s + h s (1 - s).
  slope_ = (T(1) + (-hidden_.array()).exp()).inverse();
  dhidden_ = hidden_.array() * slope_.array();
  slope_ = slope_.array() + dhidden_.array() * (T(1) - slope_.array());
  hidden_ = dhidden_;
  const T* output = parameters + shape_.output_offset();
  return hidden_.dot(Column<T>(output, shape_.hidden)) + output[shape_.hidden];
}

template <class T>
void TailNetworkPass<T>::Backward(const T* parameters, T slope, T* gradient, T* by_inputs) {
  const Eigen::Index n = shape_.tokens;
  const Column<T> w2(parameters + shape_.output_offset(), shape_.hidden);
  const Dense<T> w1(parameters + shape_.dense_offset(), shape_.hidden, 2 * n);
  dhidden_ = slope * w2.array() * slope_.array();
  for (Eigen::Index i = 0; i < n; ++i) {
    dz_(i, 0) = w1.col(2 * i).dot(dhidden_);
    dz_(i, 1) = w1.col(2 * i + 1).dot(dhidden_);
  }
  if (gradient != nullptr) {
    T* output = gradient + shape_.output_offset();
    ColumnOut<T>(output, shape_.hidden) += slope * hidden_;
    output[shape_.hidden] += slope;
    ColumnOut<T>(gradient + shape_.bias_offset(), shape_.hidden) += dhidden_;
    DenseOut<T> dw1(gradient + shape_.dense_offset(), shape_.hidden, 2 * n);
    for (Eigen::Index i = 0; i < n; ++i) {
      dw1.col(2 * i) += dhidden_ * z_(i, 0);
      dw1.col(2 * i + 1) += dhidden_ * z_(i, 1);
    }
  }
  if (shape_.attention) {
    BackwardAttention(parameters, gradient);
    if (shape_.residual) {
      dz_ += du_;
    } else {
      dz_ = du_;
    }
  }
  if (by_inputs == nullptr) return;
  constexpr T kInput = static_cast<T>(TailNetworkShape::kInputBound);
  PairsOut<T>(by_inputs, n, 2).array() = (x_.array().abs() <= kInput).select(dz_.array(), T(0));
}

template <class T>
void TailNetworkPass<T>::BackwardAttention(const T* parameters, T* gradient) {
  constexpr T kLogit = static_cast<T>(TailNetworkShape::kLogitBound);
  const T scale = static_cast<T>(std::sqrt(0.5));
  dv_.noalias() = weights_.matrix().transpose() * dz_;
  dlogits_.matrix().noalias() = dz_ * v_.transpose();
  dlogits_.colwise() -= (dz_.array() * a_.array()).rowwise().sum().eval();
  dlogits_ *= weights_;
  dlogits_ = (logits_.abs() <= kLogit).select(dlogits_, T(0));
  dq_.noalias() = dlogits_.matrix() * k_ * scale;
  dk_.noalias() = dlogits_.matrix().transpose() * q_;
  du_.noalias() = dq_ * Small<T>(parameters + shape_.query_offset()).transpose();
  du_.noalias() += dk_ * Small<T>(parameters + shape_.key_offset()).transpose();
  du_.noalias() += dv_ * Small<T>(parameters + shape_.value_offset()).transpose();
  if (gradient == nullptr) return;
  SmallOut<T>(gradient + shape_.query_offset()) += u_.transpose() * dq_;
  SmallOut<T>(gradient + shape_.key_offset()) += u_.transpose() * dk_;
  SmallOut<T>(gradient + shape_.value_offset()) += u_.transpose() * dv_;
  if (shape_.embedding) PairsOut<T>(gradient, shape_.tokens, 2) += du_;
}

template class TailNetworkPass<float>;
template class TailNetworkPass<double>;

}  // namespace trimtab
