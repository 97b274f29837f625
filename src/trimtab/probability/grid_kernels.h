// The inner loops of the grid evaluator, for every instruction set.
#pragma once

#include <cstddef>
#include <span>

namespace trimtab::grid {

// sum[n] = sum_m weights[m] values[n - m] for n < sum.size(); what is beyond the end of either is
// 0. Sums run over rising m and no product is fused: the same bits on every instruction set.
// Cost: sum.size()^2 / 2 products at most, some eight a cycle with AVX-512. REQUIRES: `sum`
// overlaps with neither.
void Convolve(std::span<const double> weights, std::span<const double> values,
              std::span<double> sum);

// values[m] of the cubic through the four points nearest to place = first + m * by, counted in the
// points of `from`, kept inside the ends of the cell. REQUIRES: from.size() >= 4; 0 <= place, and
// not beyond the last point by more than rounding.
void Interpolate(std::span<const double> from, double first, double by, std::span<double> values);

// integrals[m] of the function with values `from` up to place (m + 1) * by, from its integrals up
// to its own points: Hermite's cubic, constant after the last point.
// REQUIRES: whole.size() == from.size() >= 2; by > 0.
void Integrate(std::span<const double> from, std::span<const double> whole, double by,
               std::span<double> integrals);

}  // namespace trimtab::grid
