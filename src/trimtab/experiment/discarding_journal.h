// A journal for runs whose decisions nobody will read: those of a search over options.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/journal/journal.h"

namespace trimtab {

// Numbers decisions and forgets them. Thread-safety: as Journal.
class DiscardingJournal : public Journal {
 public:
  absl::StatusOr<std::int64_t> Append(const DecisionEntry&) override { return ++last_; }
  absl::Status AppendOutcome(std::int64_t, OutcomeKind, Instant, const std::string&) override {
    return absl::OkStatus();
  }

 private:
  std::int64_t last_ = 0;
};

}  // namespace trimtab
