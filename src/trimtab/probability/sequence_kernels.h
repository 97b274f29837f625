// The loops of the sequence quadrature over stages and nodes, for every instruction set.
#pragma once

#include <cstddef>

namespace trimtab::sequence {

// Arrays over stages and over nodes are padded to a multiple of this and aligned to 64 bytes. All
// sums run in this many virtual lanes and no product is fused, so every instruction set gives the
// same bits.
inline constexpr std::size_t kLanes = 8;

struct PowerSums {
  double first = 0.0;
  double second = 0.0;
  double third = 0.0;
};

// sum_k visits_k / (s + rate_k)^q for q = 1, 2, 3; inverses[k] = 1 / (s + rate_k).
// Padding stages have visits 0 and any rate with s + rate != 0.
PowerSums SumPowers(const double* rates, const double* visits, std::size_t stages, double s,
                    double* inverses);

// product[j] *= prod_k (1 + (s_j - s0) inverses[k]) ^ visits_k over the stages whose visits are
// whole numbers; the others are left out.
void MultiplyFactors(const double* inverses, const double* visits, std::size_t stages,
                     const double* offset_re, const double* offset_im, std::size_t nodes,
                     double* product_re, double* product_im);

// slopes[k] = visits_k / rate_k * Re sum_j weight_j / (s_j + rate_k).
void SumSlopes(const double* rates, const double* visits, std::size_t stages, const double* s_re,
               const double* s_im, const double* weight_re, const double* weight_im,
               std::size_t nodes, double* slopes);

}  // namespace trimtab::sequence
