#include "trimtab/endtoend/incremental_tail.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include "trimtab/endtoend/attention_kernels.h"
#include "trimtab/endtoend/tail_network.h"
#include "trimtab/neural/portable_math.h"

namespace trimtab {
namespace {

constexpr float kQueryScale = 0.70710678f;  // 1 / sqrt d_k

std::size_t Padded(std::size_t count, std::size_t to) { return (count + to - 1) / to * to; }

double Clamped(Latency latency) {
  return InMilliseconds(std::max(latency, EndToEndPredictor::kShortest));
}

}  // namespace

IncrementalTail::IncrementalTail(const EndToEndPredictor& predictor, SimdLevel level)
    : model_(predictor.model()),
      level_(level),
      tokens_(predictor.microservices().size()),
      shape_{.tokens = model_.tokens(), .attention = false},
      own_(tokens_),
      inside_(2 * tokens_, true) {
  if (!HasNetwork(model_.kind)) return;
  shape_ = ShapeOf(model_.kind, model_.tokens(), model_.hidden);
  const std::size_t padded = Padded(tokens_, 16);
  const auto hidden = static_cast<std::size_t>(model_.hidden);
  width_ = Padded(hidden, 32);
  inputs_ = {AlignedFloats(padded), AlignedFloats(padded)};
  for (AlignedFloats* pairs : {&dense_inputs_, &what_if_, &dz_, &dq_}) {
    *pairs = AlignedFloats(2 * padded);
  }
  weights_ = AlignedFloats(2 * tokens_ * width_);
  for (AlignedFloats* row : {&bias_, &output_, &hidden_slopes_}) *row = AlignedFloats(width_);
  const float* parameters = model_.parameters.data();
  for (std::size_t i = 0; i < 2 * tokens_; ++i) {
    std::copy_n(parameters + shape_.dense_offset() + i * hidden, hidden,
                weights_.data() + i * width_);
  }
  std::copy_n(parameters + shape_.bias_offset(), hidden, bias_.data());
  std::copy_n(parameters + shape_.output_offset(), hidden, output_.data());
  if (!shape_.attention) return;
  for (Columns* columns : {&queries_, &keys_, &values_, &key_slopes_, &value_slopes_}) {
    *columns = {AlignedFloats(padded), AlignedFloats(padded)};
  }
  old_exponentials_ = AlignedFloats(padded);
  new_exponentials_ = AlignedFloats(padded);
  sums_.resize(tokens_);
}

void IncrementalTail::Reset(std::span<const OwnLatency> own_latency) {
  std::copy(own_latency.begin(), own_latency.end(), own_.begin());
  composed_ = model_.composition_constant;
  for (std::size_t i = 0; i < model_.composition_shares.size(); ++i) {
    composed_ += model_.composition_shares[i] * Clamped(own_[i].mean);
  }
  float* z = dense_inputs_.data();
  if (width_ > 0) {
    for (std::size_t i = 0; i < tokens_; ++i) {
      const Token values = TokenOf(i, own_[i]);
      Store(i, values);
      std::copy_n(values.x, 2, z + 2 * i);
    }
  }
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    sums_[i] = SumAttention(tokens_, queries_.first.data()[i], queries_.second.data()[i],
                            keys_.pairs(), values_.pairs(), level_);
    WriteRow(sums_[i], inputs_.first.data()[i], inputs_.second.data()[i], z + 2 * i);
  }
  tail_ = TailOf(composed_, z, nullptr);
}

Latency IncrementalTail::TailWith(std::size_t token, const OwnLatency& own) {
  return Change(token, own, /*keep=*/false);
}

void IncrementalTail::Set(std::size_t token, const OwnLatency& own) {
  tail_ = Change(token, own, /*keep=*/true);
  own_[token] = own;
}

Latency IncrementalTail::Change(std::size_t token, const OwnLatency& own, bool keep) {
  double composed = composed_;
  if (!model_.composition_shares.empty()) {
    composed += model_.composition_shares[token] * (Clamped(own.mean) - Clamped(own_[token].mean));
  }
  if (keep) composed_ = composed;
  if (width_ == 0) return TailOf(composed, nullptr, nullptr);
  const Token before = Load(token);
  const Token after = TokenOf(token, own);
  Store(token, after);
  float* z = keep ? dense_inputs_.data() : what_if_.data();
  if (shape_.attention) {
    ChangeAttention(token, before, after, keep);
  } else {
    if (!keep) std::copy_n(dense_inputs_.data(), 2 * tokens_, z);
    std::copy_n(after.x, 2, z + 2 * token);
  }
  if (!keep) Store(token, before);
  return TailOf(composed, z, nullptr);
}

// The token is stored with its new values already.
void IncrementalTail::ChangeAttention(std::size_t token, const Token& before, const Token& after,
                                      bool keep) {
  float* z = keep ? dense_inputs_.data() : what_if_.data();
  const TokenPairs queries = queries_.pairs();
  ExponentiateKey(tokens_, queries, before.key[0], before.key[1], old_exponentials_.data(), level_);
  ExponentiateKey(tokens_, queries, after.key[0], after.key[1], new_exponentials_.data(), level_);
  const float* removed = old_exponentials_.data();
  const float* added = new_exponentials_.data();
  const double old_value[2] = {before.value[0], before.value[1]};
  const double new_value[2] = {after.value[0], after.value[1]};
  for (std::size_t j = 0; j < tokens_; ++j) {
    const double out = removed[j];
    const double in = added[j];
    const AttentionSums sums = {
        .total = sums_[j].total + (in - out),
        .first = sums_[j].first + (in * new_value[0] - out * old_value[0]),
        .second = sums_[j].second + (in * new_value[1] - out * old_value[1])};
    if (keep && j != token) sums_[j] = sums;
    WriteRow(sums, inputs_.first.data()[j], inputs_.second.data()[j], z + 2 * j);
  }
  // The token's own row has another query: it is summed anew.
  const AttentionSums row =
      SumAttention(tokens_, after.query[0], after.query[1], keys_.pairs(), values_.pairs(), level_);
  if (keep) sums_[token] = row;
  WriteRow(row, after.x[0], after.x[1], z + 2 * token);
}

void IncrementalTail::Gradient(std::span<OwnLatencySlope> slopes) {
  float* dz = dz_.data();
  if (width_ > 0) {
    TailOf(composed_, dense_inputs_.data(), hidden_slopes_.data());
    BackwardDense(2 * tokens_, width_, weights_.data(), hidden_slopes_.data(), dz, level_);
    if (shape_.attention) BackwardAttention();
  }
  const double tail = InMilliseconds(tail_);
  for (std::size_t i = 0; i < tokens_; ++i) {
    double by[2] = {0, 0};
    const double own[2] = {Clamped(own_[i].mean), Clamped(own_[i].max)};
    for (std::size_t c = 0; c < 2 && width_ > 0; ++c) {
      if (!inside_[2 * i + c]) continue;
      by[c] = model_.output_scale * dz[2 * i + c] * model_.input_scale[2 * i + c] / own[c];
    }
    if (!model_.composition_shares.empty()) {
      by[0] += model_.composition_weight * model_.composition_shares[i] / composed_;
    }
    slopes[i].by_mean = own_[i].mean < EndToEndPredictor::kShortest ? 0 : tail * by[0];
    slopes[i].by_max = own_[i].max < EndToEndPredictor::kShortest ? 0 : tail * by[1];
  }
}

// Turns dz, the slopes by what attention gives, into slopes by what it takes.
void IncrementalTail::BackwardAttention() {
  for (Columns* columns : {&key_slopes_, &value_slopes_}) {
    std::fill(columns->first.span().begin(), columns->first.span().end(), 0.0f);
    std::fill(columns->second.span().begin(), columns->second.span().end(), 0.0f);
  }
  const AttentionSlopes slopes = {key_slopes_.first.data(), key_slopes_.second.data(),
                                  value_slopes_.first.data(), value_slopes_.second.data()};
  float* dz = dz_.data();
  float* dq = dq_.data();
  for (std::size_t i = 0; i < tokens_; ++i) {
    const double inverse = 1 / sums_[i].total;
    const AttentionRow row = {
        .query_first = queries_.first.data()[i],
        .query_second = queries_.second.data()[i],
        .inverse_total = static_cast<float>(inverse),
        .dz_first = dz[2 * i],
        .dz_second = dz[2 * i + 1],
        .dz_dot_a = static_cast<float>(
            (dz[2 * i] * sums_[i].first + dz[2 * i + 1] * sums_[i].second) * inverse)};
    BackwardAttentionRow(tokens_, row, keys_.pairs(), values_.pairs(), slopes, dq + 2 * i, level_);
  }
  const float* query = model_.parameters.data() + shape_.query_offset();
  const float* key = model_.parameters.data() + shape_.key_offset();
  const float* value = model_.parameters.data() + shape_.value_offset();
  for (std::size_t i = 0; i < tokens_; ++i) {
    const float dk[2] = {slopes.key_first[i], slopes.key_second[i]};
    const float dv[2] = {slopes.value_first[i], slopes.value_second[i]};
    for (std::size_t c = 0; c < 2; ++c) {
      float du = 0;
      for (std::size_t k = 0; k < 2; ++k) {
        du += dq[2 * i + k] * kQueryScale * query[2 * c + k] + dk[k] * key[2 * c + k] +
              dv[k] * value[2 * c + k];
      }
      dz[2 * i + c] = shape_.residual ? dz[2 * i + c] + du : du;
    }
  }
}

IncrementalTail::Token IncrementalTail::TokenOf(std::size_t token, const OwnLatency& own) const {
  constexpr double kBound = TailNetworkShape::kInputBound;
  Token values{};
  const double logs[2] = {PortableLog(Clamped(own.mean)), PortableLog(Clamped(own.max))};
  for (std::size_t c = 0; c < 2; ++c) {
    const std::size_t at = 2 * token + c;
    const double x = (logs[c] - model_.input_center[at]) * model_.input_scale[at];
    values.inside[c] = std::abs(x) <= kBound;
    values.x[c] = static_cast<float>(std::clamp(x, -kBound, kBound));
  }
  if (!shape_.attention) return values;
  const float* parameters = model_.parameters.data();
  float u[2] = {values.x[0], values.x[1]};
  if (shape_.embedding) {
    u[0] += parameters[2 * token];
    u[1] += parameters[2 * token + 1];
  }
  const auto project = [&u](const float* weights, float scale, float(&to)[2]) {
    for (std::size_t c = 0; c < 2; ++c) {
      to[c] = (u[0] * weights[c] + u[1] * weights[2 + c]) * scale;
    }
  };
  project(parameters + shape_.query_offset(), kQueryScale, values.query);
  project(parameters + shape_.key_offset(), 1, values.key);
  project(parameters + shape_.value_offset(), 1, values.value);
  return values;
}

void IncrementalTail::Store(std::size_t token, const Token& values) {
  const auto put = [token](Columns& columns, const float(&pair)[2]) {
    columns.first.data()[token] = pair[0];
    columns.second.data()[token] = pair[1];
  };
  put(inputs_, values.x);
  inside_[2 * token] = values.inside[0];
  inside_[2 * token + 1] = values.inside[1];
  if (!shape_.attention) return;
  put(queries_, values.query);
  put(keys_, values.key);
  put(values_, values.value);
}

IncrementalTail::Token IncrementalTail::Load(std::size_t token) const {
  Token values{};
  const auto get = [token](const Columns& columns, float(&pair)[2]) {
    pair[0] = columns.first.data()[token];
    pair[1] = columns.second.data()[token];
  };
  get(inputs_, values.x);
  values.inside[0] = inside_[2 * token];
  values.inside[1] = inside_[2 * token + 1];
  if (!shape_.attention) return values;
  get(queries_, values.query);
  get(keys_, values.key);
  get(values_, values.value);
  return values;
}

void IncrementalTail::WriteRow(const AttentionSums& sums, float x_first, float x_second,
                               float* z) const {
  const double inverse = 1 / sums.total;
  z[0] = static_cast<float>(sums.first * inverse);
  z[1] = static_cast<float>(sums.second * inverse);
  if (!shape_.residual) return;
  z[0] += x_first;
  z[1] += x_second;
}

Latency IncrementalTail::TailOf(double composed, const float* dense_inputs,
                                float* hidden_slopes) const {
  double log_tail = model_.output_center;
  if (HasComposition(model_.kind)) {
    log_tail += model_.composition_weight *
                PortableLog(std::max(composed, InMilliseconds(EndToEndPredictor::kShortest)));
  }
  if (width_ > 0) {
    const float y = EvaluateDense(2 * tokens_, width_, dense_inputs, weights_.data(), bias_.data(),
                                  output_.data(), hidden_slopes, level_);
    log_tail += model_.output_scale * (static_cast<double>(y) + model_.parameters.back());
  }
  return Latency(PortableExp(std::min(log_tail, 25.0)));
}

}  // namespace trimtab
