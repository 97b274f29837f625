// An experiment's result as files: its figures and one self-contained page.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "trimtab/experiment/experiment.h"

namespace trimtab {

// A page with the verdicts, the figures and the tables. `introduction` says what was measured and
// at which size.
std::string RenderResult(std::string_view title, std::string_view introduction,
                         const ExperimentResult& result);

// DIRECTORY/report.html and DIRECTORY/figures/*.svg. kUnavailable with the system's reason.
absl::Status WriteResultPage(const std::string& directory, std::string_view title,
                             std::string_view introduction, const ExperimentResult& result);

// "met: <sentence>" or "missed: <sentence>".
std::string Judged(bool met, std::string_view sentence);

}  // namespace trimtab
