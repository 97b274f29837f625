// The law of a leaf of a latency tree, as the grid evaluator needs it.
#pragma once

#include <span>
#include <variant>

#include "trimtab/probability/cumulants.h"
#include "trimtab/probability/gamma_distribution.h"
#include "trimtab/probability/grid_tail.h"

namespace trimtab {

// A constant, a gamma shifted by `floor` and scaled (mirrored where its skewness is negative), a
// normal, or a table; all visits of the leaf included, but for a table, which the grid convolves
// with itself. Keeps a reference to the table. Thread-safety: immutable.
class GridLaw {
 public:
  GridLaw(const StageLaw& law, double visits);

  // Of all that Within() covers.
  double floor() const { return floor_; }      // nothing comes before it
  double ceiling() const { return ceiling_; }  // a share below 1e-13 comes after it
  const Cumulants& cumulants() const { return cumulants_; }
  double Within(double time) const;
  // Within() at start, start + step, ..., faster; to 1e-8. REQUIRES: step >= 0.
  void Sweep(double start, double step, std::span<double> within) const;

  // How often Within()'s law stands one after the other: 1 but for tables.
  double repeats() const { return repeats_; }
  // A gamma of this shape and rate above the floor; shape 0 for other laws.
  double shape() const { return shape_; }
  double rate() const { return rate_; }
  // The shape of one that is better convolved as so many exponentials, else 0.
  int exponentials() const { return exponentials_; }

 private:
  void SetStage(const Stage& stage, double visits);
  void SetCumulants(const Cumulants& one, double visits);
  void SetTable(const QuantileTable& table, double visits);
  double WithinTable(double time) const;
  void SweepExponential(double start, double step, std::span<double> within) const;

  enum class Kind { kConstant, kGamma, kMirroredGamma, kNormal, kTable };

  Kind kind_ = Kind::kConstant;
  double floor_ = 0.0;
  double ceiling_ = 0.0;
  Cumulants cumulants_;
  double repeats_ = 1.0;
  double shape_ = 0.0;
  double rate_ = 0.0;
  int exponentials_ = 0;
  GammaDistribution gamma_{1.0};
  double scale_ = 1.0;   // of the gamma; the normal's deviation
  double origin_ = 0.0;  // where the gamma starts; the normal's mean
  const QuantileTable* table_ = nullptr;
};

}  // namespace trimtab
