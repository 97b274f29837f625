#include "trimtab/experiment/derm_outcomes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "trimtab/experiment/result_page.h"

namespace trimtab {
namespace {

constexpr std::int64_t kFewestTraces = 100;

struct Expectation {
  int runs = 0;
  double expected = 0;
  double measured = 0;
  int classes = 0;       // with enough traces
  int classes_near = 0;  // of these, within the tolerance
  double widest = 0;
};

std::optional<Expectation> ExpectationOf(const std::vector<OutcomeOfArm>& outcomes, DermArm arm) {
  struct ClassSums {
    double traces = 0;
    double within = 0;
    double expected = 0;
  };
  // Classes fare differently under another SLA.
  std::map<std::pair<std::size_t, std::string>, ClassSums> classes;
  Expectation all;
  for (const OutcomeOfArm& of : outcomes) {
    if (of.arm != arm || !of.outcome->expected) continue;
    ++all.runs;
    all.expected += *of.outcome->expected;
    all.measured += 1 - of.outcome->violations[of.sla];
    for (const ClassOutcome& each : of.outcome->classes) {
      if (!each.expected) continue;
      ClassSums& sums = classes[{of.sla, each.id}];
      const auto traces = static_cast<double>(each.traces);
      sums.traces += traces;
      sums.within += each.measured * traces;
      sums.expected += *each.expected * traces;
    }
  }
  if (all.runs == 0) return std::nullopt;
  all.expected /= all.runs;
  all.measured /= all.runs;
  for (const auto& [key, sums] : classes) {
    if (sums.traces < kFewestTraces) continue;
    const double off = std::fabs(sums.expected - sums.within) / sums.traces;
    ++all.classes;
    all.classes_near += off <= kAttainmentTolerance ? 1 : 0;
    all.widest = std::max(all.widest, off);
  }
  return all;
}

}  // namespace

ResultTable ExpectationTable(const std::vector<OutcomeOfArm>& outcomes) {
  ResultTable table{
      .title = "attainment, expected by the plans and measured",
      .columns =
          {{.key = "policy", .header = "policy"},
           {.key = "runs", .header = "runs"},
           {.key = "expectedAttainment", .header = "expected %", .scale = 100, .decimals = 1},
           {.key = "measuredAttainment", .header = "measured %", .scale = 100, .decimals = 1},
           {.key = "classes", .header = "classes"},
           {.key = "classesWithinTwoPoints", .header = "within 2 points"},
           {.key = "widestDistance", .header = "widest, points", .scale = 100, .decimals = 1}},
      .rows = {}};
  for (const DermArm arm : {DermArm::kCorrected, DermArm::kNetwork, DermArm::kPaper,
                            DermArm::kHistory, DermArm::kUniform}) {
    const auto of = ExpectationOf(outcomes, arm);
    if (!of) continue;
    std::vector<ResultTable::Cell> row;
    row.reserve(table.columns.size());
    row.emplace_back(std::string(DermArmName(arm)));
    row.emplace_back(std::int64_t{of->runs});
    row.emplace_back(of->expected);
    row.emplace_back(of->measured);
    row.emplace_back(std::int64_t{of->classes});
    row.emplace_back(std::int64_t{of->classes_near});
    row.emplace_back(of->widest);
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string ExpectationVerdict(const std::vector<OutcomeOfArm>& outcomes) {
  const auto of = ExpectationOf(outcomes, DermArm::kCorrected);
  if (!of) return Judged(false, "derm corrected made no plan whose attainment could be checked");
  const bool near = std::fabs(of->expected - of->measured) <= kAttainmentTolerance;
  return Judged(near && of->classes_near == of->classes,
                fmt::format("derm corrected expects {:.1f} % and {:.1f} % are measured; by graph "
                            "class {} of {} are within 2 points, the widest {:.1f}",
                            100 * of->expected, 100 * of->measured, of->classes_near, of->classes,
                            100 * of->widest));
}

}  // namespace trimtab
