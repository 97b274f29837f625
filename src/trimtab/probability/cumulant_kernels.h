// Distribution functions of the branches of a parallel block, at all quadrature nodes at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace trimtab::cumulant {

// Gauss-Legendre nodes of a block's moments.
inline constexpr std::size_t kNodes = 16;

// The law of a branch: a gamma shifted and scaled to mean, deviation and skewness.
struct Law {
  enum class Kind : std::uint8_t {
    kExponential,  // 1 - exp(-(z + 1)), z in deviations from the mean: skewness 2, exactly
    kNormal,       // |skewness| < 1e-3: the first term of Cornish and Fisher
    kGamma,        // Wilson and Hilferty
  };
  Kind kind = Kind::kExponential;
  double mean = 0.0;
  double deviation = 1.0;  // > 0
  double skewness = 2.0;
};

// Sums over the nodes, each weighted with adjoint * (product of the other laws).
struct LawAdjoint {
  double density = 0.0;             // of deviation * dF/dx
  double density_by_place = 0.0;    // the same times places[j]
  double density_by_deviate = 0.0;  // the same times z
  double skewness = 0.0;            // of dF / d skewness
};

// product[j] = prod F_law(x[j]). Arrays of kNodes, aligned to 64 bytes.
void MultiplyLaws(std::span<const Law> laws, const double* x, double* product);

// REQUIRES: product as MultiplyLaws left it; adjoints.size() == laws.size().
void LawAdjoints(std::span<const Law> laws, const double* x, const double* places,
                 const double* product, const double* adjoint, std::span<LawAdjoint> adjoints);

}  // namespace trimtab::cumulant
