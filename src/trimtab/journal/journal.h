// Interface `Journal`: where every decision is written down before it is acted on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// One decision as it stands before anything is done about it. The texts are JSON.
struct DecisionEntry {
  Instant at{};
  std::string observation;  // what was seen
  std::string plan;         // what the policy asked for, with every step; "null" when it failed
  std::string commitment;   // what is going to be done, the limits applied, or why nothing is
  bool acts = true;         // something is going to be done
};

// What became of a decision.
enum class OutcomeKind : std::uint8_t {
  kApplied,   // what the world accepted, raises first, and what it refused
  kVerified,  // what the first full window afterwards measured
};
// "applied", "verified".
std::string_view OutcomeKindName(OutcomeKind kind);

// Append-only. Thread-safety: one caller at a time.
class Journal {
 public:
  virtual ~Journal() = default;

  // The decision's number, from 1 without holes. When it returns, an entry that acts is durable:
  // whoever acts only then never acts on a decision that a crash can lose. kUnavailable: nothing
  // was written.
  virtual absl::StatusOr<std::int64_t> Append(const DecisionEntry& entry) = 0;

  // Adds to what became of decision `decision`. kNotFound: there is no such decision.
  virtual absl::Status AppendOutcome(std::int64_t decision, OutcomeKind kind, Instant at,
                                     const std::string& body) = 0;
};

}  // namespace trimtab
