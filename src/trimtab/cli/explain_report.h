// What `trimtab explain` says about a decision of a journal.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <ostream>

#include "absl/status/status.h"
#include "trimtab/cli/output.h"
#include "trimtab/journal/journal_reader.h"

namespace trimtab {

// A document of DecisionDocument() for reading: what was seen, what was predicted, every step with
// its reason and the alternatives that were weighed, the limits that applied, what was committed,
// what was measured.
void WriteExplanation(const nlohmann::ordered_json& decision, std::ostream& out, bool color);

// One row for each step of the plan, alternatives included.
Table StepTable(const nlohmann::ordered_json& decision);

// One row for each decision, in order.
class DecisionList {
 public:
  DecisionList();
  // Errors as DecisionDocument().
  absl::Status Add(const DecisionRecord& record);
  const Table& table() const { return table_; }

 private:
  Table table_;
};

}  // namespace trimtab
