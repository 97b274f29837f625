// What is about to be written stands in the journal and in the resource before it is.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/application/application.h"
#include "trimtab/clock/clock.h"
#include "trimtab/deployment/actuator.h"
#include "trimtab/journal/journal.h"
#include "trimtab/operator/status_board.h"

namespace trimtab {

// A journal that also writes the intent of each decision that acts to status.commit: first into the
// journal itself, then into the resource. If either fails the decision is not acted on. The intent
// is cleared when its outcome is written. Thread-safety: one caller at a time.
class IntentJournal : public Journal {
 public:
  // All must outlive it. `applies`: whether decisions are acted on now; without, the status is left
  // alone.
  IntentJournal(Journal& journal, StatusBoard& board, std::function<bool()> applies)
      : journal_(journal), board_(board), applies_(std::move(applies)) {}

  absl::StatusOr<std::int64_t> Append(const DecisionEntry& entry) override;
  absl::Status AppendOutcome(std::int64_t decision, OutcomeKind kind, Instant at,
                             const std::string& body) override;

 private:
  Journal& journal_;
  StatusBoard& board_;
  const std::function<bool()> applies_;
};

// The intent that the texts of a journal entry tell of. kInvalidArgument: they tell of none.
absl::StatusOr<CommitIntent> IntentOf(std::int64_t decision, const DecisionEntry& entry);

// What may be done at this moment.
enum class Permission { kAll, kRaisesOnly, kNothing };
struct Verdict {
  Permission permission = Permission::kAll;
  std::string reason{};  // of what is not permitted
};

// An actuator that asks before each change whether it is still permitted, so that a resource that
// is deleted, paused or set to Recommend in the middle of a commit gets its raises and none of its
// cuts; and that notes in status.commit when the cuts begin, before the first.
// Thread-safety: one caller at a time.
class GuardedActuator : public Actuator {
 public:
  // All must outlive it.
  GuardedActuator(Actuator& actuator, StatusBoard& board, std::function<Verdict()> verdict)
      : actuator_(actuator), board_(board), verdict_(std::move(verdict)) {}

  absl::StatusOr<std::vector<MicroserviceState>> State() override { return actuator_.State(); }
  // Also kAborted, so that nothing else is tried: not permitted; kUnavailable: not noted.
  absl::Status Apply(const AllocationChange& change) override;

 private:
  Actuator& actuator_;
  StatusBoard& board_;
  const std::function<Verdict()> verdict_;
};

// Whether any component gets less.
bool Lowers(const AllocationChange& change);

// What brings the world to a safe place after a commit that an earlier leader did not finish: what
// it wanted to raise is raised, what it wanted to lower is as it was before. Workloads that are
// outside what it wrote were changed by somebody else and are left alone. Never lowers anything.
// `states` by MicroserviceId.
std::vector<AllocationChange> RecoveryChanges(const CommitIntent& intent,
                                              const Application& application,
                                              const std::vector<MicroserviceState>& states);

}  // namespace trimtab
