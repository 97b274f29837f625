// A decision of a journal, read back: what `explain` and the decision log of a report are made of.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "absl/status/statusor.h"
#include "trimtab/journal/journal_reader.h"

namespace trimtab {

// Everything that the journal keeps of the decision as one document (docs/schemas/explain.json):
// {"decision", "atSeconds", "run": {"application", "policy", "slaSeconds", "details"},
// "observation", "plan", "commitment", "outcomes": [{"kind", "atSeconds", ...}]}; without `run`
// that part is left out.
//
// A journal lies on a disk for years and anyone can edit it, so every value that this program
// writes is checked, in kind and range: kDataLoss names decision, part, place, value and bound, as
// "decision 42: plan.steps[3].cost is "high", expected a number from ... to ...". What was
// unknown when it was written may be missing. Keys of no meaning here, as a newer program may add
// outside a plan, are let be.
absl::StatusOr<nlohmann::ordered_json> DecisionDocument(const DecisionRecord& record,
                                                        const RunDescription* run);

}  // namespace trimtab
