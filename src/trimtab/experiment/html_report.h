// A comparison as one self-contained HTML page: no script from elsewhere, no font, no image file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/experiment/figures.h"

namespace trimtab {

// One line of the decision log.
struct DecisionLogRow {
  std::string policy;
  double minute = 0;
  std::string outcome;  // "committed", "held", "refused: ..."
  std::string changes;  // "search cpu 200m -> 400m, rate 1 -> 2 replicas"
  std::string reason;
};

// The CSS of every page: one column, light and dark.
std::string_view PageStyle();

// A comparison with its figures.
struct ReportSection {
  PolicyComparison comparison;
  std::vector<Figure> figures;
};

// Reads well on a phone (one column, tables scroll inside their frame) and in dark mode.
// `beside`: further comparisons, on other scenarios, below the first.
std::string RenderHtml(const PolicyComparison& comparison, const std::vector<Figure>& figures,
                       const std::vector<DecisionLogRow>& decisions,
                       const std::vector<ReportSection>& beside = {});

// DIRECTORY/report.html and DIRECTORY/figures/*.svg, those of `beside` too.
absl::Status WriteReport(const std::string& directory, const PolicyComparison& comparison,
                         const std::vector<DecisionLogRow>& decisions,
                         const std::vector<ReportSection>& beside = {});

}  // namespace trimtab
