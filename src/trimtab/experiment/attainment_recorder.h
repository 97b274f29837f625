// What a policy expects of each graph class, beside what is measured of it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/experiment/graph_mix.h"
#include "trimtab/scaling/scaling_policy.h"

namespace trimtab {

struct ClassOutcome {
  std::string id;
  std::int64_t traces = 0;
  double share = 0;                // of the classified traces
  double measured = 0;             // share of them within the SLA
  std::optional<double> expected;  // mean over the plans that knew the class
};

// Filled while a run goes on; outlives the policy that fills it.
class AttainmentNotes {
 public:
  void NoteObservation(const Observation& seen);
  void NotePlan(const PlanAttainment& plan);
  // Mean over the plans; absent when no plan expected anything.
  std::optional<double> Expected() const;
  std::vector<ClassOutcome> Classes() const;  // most frequent first

 private:
  struct Counts {
    std::int64_t traces = 0;
    double within = 0;
    double expected = 0;
    int plans = 0;
  };
  std::map<std::string, Counts> classes_;
  std::optional<Instant> last_;  // end of the last window counted: windows must not overlap
  double expected_ = 0;
  int plans_ = 0;
};

// Passes everything through and notes it, from `since` on. With `shares`, the policy is told these
// graph classes in place of those of its window.
class RecordedPolicy : public ScalingPolicy {
 public:
  RecordedPolicy(std::unique_ptr<ScalingPolicy> policy, AttainmentNotes& notes, Instant since,
                 const GraphMix* shares)
      : policy_(std::move(policy)), notes_(notes), since_(since), shares_(shares) {}

  std::string_view name() const override { return policy_->name(); }
  absl::StatusOr<Plan> MakePlan(const PlanningInput& input) override;

 private:
  std::unique_ptr<ScalingPolicy> policy_;
  AttainmentNotes& notes_;
  Instant since_;
  const GraphMix* shares_;
};

}  // namespace trimtab
