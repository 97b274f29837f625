#include "trimtab/probability/sequence_tail.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <span>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "trimtab/probability/sequence_kernels.h"

namespace trimtab {

// One evaluation: arrays in the workspace's memory, and the contour through the saddle point.
struct SequencePass {
  // Nodes are dropped where the integrand is exp(-kDigits) of its value at the saddle point, and
  // spaced so that the error of the trapezoidal rule is of that size.
  static constexpr double kDigits = 30.0;
  static constexpr std::size_t kMaxNodes = 256;
  // Below exp(this) the saddle-point approximation is exact enough in absolute terms, and far out
  // the parabola would run among the poles of the fast stages.
  static constexpr double kTinyExponent = -30.0;
  static constexpr double kPi = std::numbers::pi;

  SequencePass(std::span<const Stage> stages, SequenceWorkspace& workspace);

  SequenceTail Evaluate(double time, std::span<double> rate_slopes);

 private:
  double SaddlePoint(bool beyond) const;
  void PlaceNodes(double time, double saddle, double curvature, double second);
  void AddNodes(std::size_t first, std::size_t count);
  void SinglePoint(double saddle, double exponent, double second);
  double LogTransform() const;

  std::size_t stages_;
  std::size_t padded_;
  double* rates_;
  double* visits_;
  double* inverses_;
  double* slopes_;
  double* offset_re_;
  double* offset_im_;
  double* s_re_;
  double* s_im_;
  double* weight_re_;
  double* weight_im_;
  double smallest_ = std::numeric_limits<double>::infinity();
  double floor_ = 0.0;
  bool fractional_ = false;
  // Of the contour in hand.
  double time_ = 0.0;
  double saddle_ = 0.0;
  double curvature_ = 0.0;
  double step_ = 0.0;
  double scale_ = 0.0;
  std::size_t nodes_ = 0;
  sequence::PowerSums at_zero_;
};

namespace {

// How far a pole at distance `reach` from the saddle point, on the side to which the parabola
// bends, is from the real axis of the parabola's parameter.
double InnerDistance(double reach, double curvature) {
  const double root = 1.0 - 4.0 * curvature * reach;
  if (root <= 0.0) return 0.5 / curvature;
  return 2.0 * reach / (1.0 + std::sqrt(root));
}

double OuterDistance(double reach, double curvature) {
  return 2.0 * reach / (1.0 + std::sqrt(1.0 + 4.0 * curvature * reach));
}

}  // namespace

SequencePass::SequencePass(std::span<const Stage> stages, SequenceWorkspace& workspace)
    : stages_(stages.size()),
      padded_((stages.size() + sequence::kLanes - 1) / sequence::kLanes * sequence::kLanes) {
  const std::size_t doubles = 4 * padded_ + 6 * kMaxNodes + 8;
  if (workspace.memory_.size() < doubles) workspace.memory_.resize(doubles);
  const auto address = reinterpret_cast<std::uintptr_t>(workspace.memory_.data());
  double* next = workspace.memory_.data() + (64 - address % 64) % 64 / sizeof(double);
  for (double** array : {&rates_, &visits_, &inverses_, &slopes_}) {
    *array = next;
    next += padded_;
  }
  for (double** array : {&offset_re_, &offset_im_, &s_re_, &s_im_, &weight_re_, &weight_im_}) {
    *array = next;
    next += kMaxNodes;
  }
  for (std::size_t k = 0; k < padded_; ++k) {
    const bool visited = k < stages_ && stages[k].visits > 0.0;
    // An unvisited stage must not put a pole near the contour.
    rates_[k] = visited ? stages[k].rate : 1e15;
    visits_[k] = visited ? stages[k].visits : 0.0;
    if (!visited) continue;
    smallest_ = std::min(smallest_, rates_[k]);
    floor_ += visits_[k] * stages[k].offset;
    fractional_ = fractional_ || visits_[k] != std::floor(visits_[k]);
  }
}

// The root of psi'(s) = t - sum visits / (s + rate) - 1 / s on its side of 0, to a hundredth of the
// width of the integrand: any point nearby gives the same integral.
double SequencePass::SaddlePoint(bool beyond) const {
  // Exact for a gamma with this mean and variance.
  const double gamma_rate = at_zero_.first / at_zero_.second;
  const double shape = at_zero_.first * gamma_rate;
  const double half = 0.5 * (gamma_rate - (shape + 1.0) / time_);
  const double root = std::sqrt(half * half + gamma_rate / time_);
  const double product = -gamma_rate / time_;
  // Of the two roots, take the one that is not a difference, and the other by their product.
  const double outer = half > 0.0 ? -half - root : -half + root;
  double s = (outer < 0.0) == beyond ? outer : product / outer;
  double low = beyond ? -smallest_ : 0.0;
  double high = beyond ? 0.0 : std::numeric_limits<double>::infinity();
  if (!(s > low)) s = low + std::min(0.5 * smallest_, 1.0 / time_);
  for (int i = 0; i < 60; ++i) {
    const auto sums = sequence::SumPowers(rates_, visits_, padded_, s, inverses_);
    const double slope = time_ - sums.first - 1.0 / s;
    const double second = sums.second + 1.0 / (s * s);
    if (slope * slope < 1e-4 * second) break;
    (slope > 0.0 ? high : low) = s;
    double next = s - slope / second;
    if (!(next > low && next < high)) {
      next = std::isinf(high) ? 4.0 * s : 0.5 * (low + high);
    }
    if (next == s) break;
    s = next;
  }
  return s;
}

// ln prod (rate / (s0 + rate))^visits, from inverses_ at s0.
double SequencePass::LogTransform() const {
  double sum = 0.0;
  double product = 1.0;
  for (std::size_t k = 0; k < stages_; ++k) {
    if (visits_[k] == 0.0) continue;
    const double ratio = rates_[k] * inverses_[k];
    if (visits_[k] == 1.0) {
      product *= ratio;
    } else {
      sum += visits_[k] * std::log(ratio);
    }
    if (product < 1e-100 || product > 1e100) {
      sum += std::log(product);
      product = 1.0;
    }
  }
  return sum + std::log(product);
}

void SequencePass::AddNodes(std::size_t first, std::size_t count) {
  for (std::size_t j = first; j < first + count; ++j) {
    const double u = static_cast<double>(j) * step_;
    offset_re_[j] = -curvature_ * u * u;
    offset_im_[j] = u;
    s_re_[j] = saddle_ + offset_re_[j];
    s_im_[j] = u;
    weight_re_[j] = 1.0;
    weight_im_[j] = 0.0;
  }
  sequence::MultiplyFactors(inverses_, visits_, padded_, offset_re_ + first, offset_im_ + first,
                            count, weight_re_ + first, weight_im_ + first);
  for (std::size_t j = first; j < first + count; ++j) {
    std::complex<double> log_factor(offset_re_[j] * time_, offset_im_[j] * time_);
    if (fractional_) {
      for (std::size_t k = 0; k < stages_; ++k) {
        if (visits_[k] == std::floor(visits_[k])) continue;
        const std::complex<double> factor(1.0 + offset_re_[j] * inverses_[k],
                                          offset_im_[j] * inverses_[k]);
        log_factor -= visits_[k] * std::log(factor);
      }
    }
    const double share = (j == 0 ? 0.5 : 1.0) * step_ / kPi * scale_;
    const std::complex<double> weight =
        std::exp(log_factor) *
        std::complex<double>(share, 2.0 * curvature_ * offset_im_[j] * share) /
        std::complex<double>(weight_re_[j], weight_im_[j]);
    weight_re_[j] = weight.real();
    weight_im_[j] = weight.imag();
  }
  nodes_ = first + count;
}

void SequencePass::PlaceNodes(double time, double saddle, double curvature, double second) {
  time_ = time;
  saddle_ = saddle;
  curvature_ = curvature;
  double pole = InnerDistance(saddle + smallest_, curvature);
  pole = std::min(
      pole, saddle > 0.0 ? InnerDistance(saddle, curvature) : OuterDistance(-saddle, curvature));
  const double widest =
      std::min(2.0 * kPi / std::sqrt(2.0 * kDigits * second), 2.0 * kPi * pole / kDigits);
  const double extent = std::sqrt(2.0 * kDigits / second);
  const double wanted = std::min(extent / widest + 1.0, static_cast<double>(kMaxNodes));
  const std::size_t blocks =
      (static_cast<std::size_t>(wanted) + sequence::kLanes) / sequence::kLanes;
  const std::size_t count = std::min(blocks * sequence::kLanes, kMaxNodes);
  step_ = std::min(widest, extent / static_cast<double>(count - 1));
  AddNodes(0, count);
  const double bound = std::exp(-kDigits);
  const auto last = [this] {
    const std::size_t j = nodes_ - 1;
    return std::hypot(weight_re_[j], weight_im_[j]) / std::hypot(s_re_[j], s_im_[j]);
  };
  const double largest = 2.0 * std::abs(weight_re_[0] / s_re_[0]);
  while (last() > bound * largest && nodes_ + sequence::kLanes <= kMaxNodes) {
    AddNodes(nodes_, sequence::kLanes);
  }
}

// The saddle-point approximation as a quadrature of one node.
void SequencePass::SinglePoint(double saddle, double exponent, double second) {
  s_re_[0] = saddle;
  s_im_[0] = 0.0;
  weight_re_[0] = std::exp(exponent) / std::sqrt(2.0 * kPi * second);
  weight_im_[0] = 0.0;
  nodes_ = 1;
}

SequenceTail SequencePass::Evaluate(double time, std::span<double> rate_slopes) {
  std::ranges::fill(rate_slopes, 0.0);
  time_ = time - floor_;
  if (std::isinf(smallest_)) return {time_ >= 0.0 ? 1.0 : 0.0, time_ >= 0.0 ? 0.0 : 1.0, 0.0};
  if (!(time_ > 0.0)) return {};
  if (std::isinf(time_)) return {1.0, 0.0, 0.0};
  at_zero_ = sequence::SumPowers(rates_, visits_, padded_, 0.0, inverses_);
  const bool beyond = time_ > at_zero_.first;
  const double saddle = SaddlePoint(beyond);
  const auto sums = sequence::SumPowers(rates_, visits_, padded_, saddle, inverses_);
  double curvature = sums.third / (3.0 * sums.second);
  if (beyond) curvature = std::min(curvature, 2.5 * at_zero_.third / (3.0 * at_zero_.second));
  const double second = sums.second + 1.0 / (saddle * saddle);
  const double exponent = saddle * time_ + LogTransform();
  if (exponent - std::log(std::abs(saddle) * std::sqrt(2.0 * kPi * second)) < kTinyExponent) {
    SinglePoint(saddle, exponent, second);
  } else {
    scale_ = std::exp(exponent);
    PlaceNodes(time_, saddle, curvature, second);
  }
  double value = 0.0;
  double density = 0.0;
  for (std::size_t j = 0; j < nodes_; ++j) {
    value += (weight_re_[j] * s_re_[j] + weight_im_[j] * s_im_[j]) /
             (s_re_[j] * s_re_[j] + s_im_[j] * s_im_[j]);
    density += weight_re_[j];
  }
  if (!rate_slopes.empty()) {
    sequence::SumSlopes(rates_, visits_, padded_, s_re_, s_im_, weight_re_, weight_im_, nodes_,
                        slopes_);
    for (std::size_t k = 0; k < stages_; ++k) rate_slopes[k] = std::max(0.0, slopes_[k]);
  }
  const double small = std::clamp(beyond ? -value : value, 0.0, 1.0);
  density = std::max(0.0, density);
  if (beyond) return {1.0 - small, small, density};
  return {small, 1.0 - small, density};
}

absl::Status ValidateStages(std::span<const Stage> stages, std::size_t first_index) {
  const auto within = [](double value, double low, double high) {
    return value >= low && value <= high;
  };
  for (std::size_t k = 0; k < stages.size(); ++k) {
    const Stage& stage = stages[k];
    if (!within(stage.rate, 1e-9, 1e12)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "stage ", first_index + k, ": rate ", stage.rate, " /s, expected within [1e-9, 1e12]"));
    }
    if (!within(stage.visits, 0.0, 1e6)) {
      return absl::InvalidArgumentError(absl::StrCat("stage ", first_index + k, ": ", stage.visits,
                                                     " visits, expected within [0, 1e6]"));
    }
    if (!within(stage.offset, -1e9, 1e9)) {
      return absl::InvalidArgumentError(absl::StrCat("stage ", first_index + k, ": offset ",
                                                     stage.offset, " s, expected within 1e9 of 0"));
    }
  }
  return absl::OkStatus();
}

SequenceTail SequenceTailAt(std::span<const Stage> stages, double time,
                            SequenceWorkspace& workspace, std::span<double> rate_slopes) {
  return SequencePass(stages, workspace).Evaluate(time, rate_slopes);
}

double SequenceQuantile(std::span<const Stage> stages, double level, SequenceWorkspace& workspace) {
  double floor = 0.0;
  double mean = 0.0;
  double variance = 0.0;
  for (const Stage& stage : stages) {
    floor += stage.visits * stage.offset;
    mean += stage.visits / stage.rate;
    variance += stage.visits / (stage.rate * stage.rate);
  }
  const double deviation = std::sqrt(variance);
  double low = floor;
  double high = floor + mean + deviation;
  while (SequenceTailAt(stages, high, workspace).within < level) {
    low = high;
    high += 2.0 * deviation;
  }
  double time = 0.5 * (low + high);
  for (int i = 0; i < 100 && high - low > 1e-9 * deviation; ++i) {
    const SequenceTail tail = SequenceTailAt(stages, time, workspace);
    (tail.within < level ? low : high) = time;
    const double next = time + (level - tail.within) / tail.density;
    // Newton's step from a good point lands on the root and leaves the bracket wide.
    if (std::abs(next - time) < 1e-10 * deviation) return next;
    time = next > low && next < high ? next : 0.5 * (low + high);
  }
  return time;
}

}  // namespace trimtab
