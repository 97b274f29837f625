#include "trimtab/scaling/derm/derm_constraint.h"

#include <cstddef>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/scaling/derm/derm_instance_generator.h"
#include "trimtab/scaling/derm/derm_solver.h"

namespace trimtab {
namespace {

// Checked at the optimum, then every third microservice at a load 2 % lower.
class MovedConstraint {
 public:
  explicit MovedConstraint(const DermProblem& problem) : constraint_(problem) {
    std::vector<double> loads = SolveDerm(problem)->loads;
    constraint_.TailAndPrices(loads);
    constraint_.Check();
    for (std::size_t i = 0; i < loads.size(); i += 3) loads[i] *= 0.98;
    constraint_.TailAndPrices(loads);
  }
  DermConstraint* operator->() { return &constraint_; }

 private:
  DermConstraint constraint_;
};

TEST(DermConstraintTest, RecheckLeavesNoMoreDoubtThanAskedFor) {
  const DermProblem problem =
      *MakeDermInstance({.microservices = 50, .graphs = 12, .parallel = true, .seed = 3});
  MovedConstraint half(problem);
  const double doubt = half->Doubt();
  ASSERT_GT(doubt, 0);
  const double corrected = half->Recheck(0.5 * doubt);
  EXPECT_LE(half->Doubt(), 0.5 * doubt);
  EXPECT_GT(half->Doubt(), 0);
  MovedConstraint all(problem);
  const double exact = all->Check();
  EXPECT_NEAR(corrected, exact, half->Doubt());
  MovedConstraint none_left(problem);
  // The error is kept as a ratio of tails.
  EXPECT_NEAR(none_left->Recheck(0), exact, 1e-14);
}

}  // namespace
}  // namespace trimtab
