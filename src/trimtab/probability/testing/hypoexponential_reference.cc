#include "trimtab/probability/testing/hypoexponential_reference.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace trimtab::testing {
namespace {

struct Phases {
  std::vector<long double> rates;
  long double largest = 0;
  long double time = 0;
};

Phases Expand(std::span<const Stage> stages, double time) {
  Phases phases;
  phases.time = time;
  for (const Stage& stage : stages) {
    for (int v = 0; v < static_cast<int>(stage.visits); ++v) {
      phases.rates.push_back(stage.rate);
      phases.largest = std::max<long double>(phases.largest, stage.rate);
      phases.time -= static_cast<long double>(stage.offset);
    }
  }
  // Fast phases last: the probability leaves them at once, so they stay negligible longest.
  std::ranges::sort(phases.rates);
  return phases;
}

ReferenceTail Uniformise(const Phases& phases) {
  const std::size_t n = phases.rates.size();
  const long double jumps = phases.largest * phases.time;
  const long double deviation = std::sqrt(jumps);
  const auto last = static_cast<long>(jumps + 11 * deviation + 40);
  std::vector<long double> state(n, 0.0L);
  state[0] = 1;
  std::vector<long double> step(n);
  for (std::size_t i = 0; i < n; ++i) step[i] = phases.rates[i] / phases.largest;
  long double within = 0;
  long double beyond = 0;
  long double absorbed = 0;
  for (long k = 0; k <= last; ++k) {
    const long double weight = std::exp(-jumps + static_cast<long double>(k) * std::log(jumps) -
                                        std::lgamma(static_cast<long double>(k) + 1.0L));
    long double alive = 0;
    for (const long double p : state) alive += p;
    within += weight * absorbed;
    beyond += weight * alive;
    absorbed += state[n - 1] * step[n - 1];
    for (std::size_t i = n; i-- > 0;) {
      state[i] = state[i] * (1 - step[i]) + (i > 0 ? state[i - 1] * step[i - 1] : 0.0L);
    }
  }
  return {within, beyond};
}

// exp(Q t) as a power of a short uniformised one; upper triangular, every entry a sum of positive
// terms.
ReferenceTail Square(const Phases& phases) {
  const std::size_t n = phases.rates.size() + 1;
  int doublings = 0;
  long double jumps = phases.largest * phases.time;
  for (; jumps > 0.5L; jumps /= 2) ++doublings;
  std::vector<long double> matrix(n * n, 0.0L);
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<long double> row(n, 0.0L);
    row[i] = 1;
    long double weight = std::exp(-jumps);
    for (int k = 0; k <= 24; ++k) {
      for (std::size_t j = i; j < n; ++j) matrix[i * n + j] += weight * row[j];
      weight *= jumps / (k + 1);
      for (std::size_t j = n; j-- > i;) {
        const long double p = j + 1 < n ? phases.rates[j] / phases.largest : 0.0L;
        const long double q = j > i ? phases.rates[j - 1] / phases.largest * row[j - 1] : 0.0L;
        row[j] = row[j] * (1 - p) + q;
      }
    }
  }
  std::vector<long double> next(n * n);
  for (int d = 0; d < doublings; ++d) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = i; j < n; ++j) {
        long double sum = 0;
        for (std::size_t k = i; k <= j; ++k) sum += matrix[i * n + k] * matrix[k * n + j];
        next[i * n + j] = sum;
      }
    }
    matrix.swap(next);
  }
  ReferenceTail tail;
  tail.within = matrix[n - 1];
  for (std::size_t j = 0; j + 1 < n; ++j) tail.beyond += matrix[j];
  return tail;
}

}  // namespace

double UniformisationWork(std::span<const Stage> stages, double time) {
  const Phases phases = Expand(stages, time);
  const auto jumps = static_cast<double>(phases.largest * phases.time);
  return (jumps + 11 * std::sqrt(jumps) + 40) * (static_cast<double>(phases.rates.size()) + 20);
}

ReferenceTail UniformisedTail(std::span<const Stage> stages, double time) {
  const Phases phases = Expand(stages, time);
  if (phases.time <= 0) return {0, 1};
  return Uniformise(phases);
}

ReferenceTail ReferenceTailAt(std::span<const Stage> stages, double time) {
  const Phases phases = Expand(stages, time);
  if (phases.time <= 0) return {0, 1};
  const auto n = static_cast<double>(phases.rates.size() + 1);
  const double squaring =
      (std::log2(static_cast<double>(phases.largest * phases.time) + 2) + 30 / n) * n * n * n / 6;
  return squaring < UniformisationWork(stages, time) ? Square(phases) : Uniformise(phases);
}

}  // namespace trimtab::testing
