// The decision log of a report, read from a journal.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/experiment/html_report.h"

namespace trimtab {

// One row for each decision that changed something or was held, oldest first, at most `most` rows;
// what was left out beyond that is the last row. Errors as JournalReader::Open() and
// DecisionDocument(), with the journal's path.
absl::StatusOr<std::vector<DecisionLogRow>> ReadDecisionLog(const std::string& journal_path,
                                                            const std::string& label,
                                                            std::size_t most = 400);

}  // namespace trimtab
