// What `trimtab explain` says about a decision of a journal.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <ostream>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/cli/output.h"
#include "trimtab/journal/journal_reader.h"

namespace trimtab {

// Everything that the journal keeps of the decision as one document: {"decision", "atSeconds",
// "run": {"application", "policy", "slaSeconds", "details"}, "observation", "plan", "commitment",
// "outcomes": [{"kind", "atSeconds", ...}]}. kDataLoss names the part that is not JSON.
absl::StatusOr<nlohmann::ordered_json> ExplainJson(const DecisionRecord& record,
                                                   const RunDescription& run);

// The same for reading: what was seen, what was predicted, every step with its reason and the
// alternatives that were weighed, the limits that applied, what was committed, what was measured.
void WriteExplanation(const nlohmann::ordered_json& decision, std::ostream& out, bool color);

// One row for each step of the plan, alternatives included.
Table StepTable(const nlohmann::ordered_json& decision);

// One row for each decision, in order.
class DecisionList {
 public:
  DecisionList();
  absl::Status Add(const DecisionRecord& record);
  const Table& table() const { return table_; }

 private:
  Table table_;
};

}  // namespace trimtab
