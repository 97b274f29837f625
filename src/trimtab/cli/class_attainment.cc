#include "trimtab/cli/class_attainment.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>
#include <vector>

#include "trimtab/controller/decision_document.h"

namespace trimtab {
namespace {

// What counts as expected well: two points, and what chance explains.
constexpr double kTolerance = 0.02;
constexpr double kStandardErrors = 2;
// Longer than any window: older plans are forgotten.
constexpr std::size_t kMostPlans = 1000;

// Of a share of so many traces; at 0 and 1 that of half a trace.
double StandardError(double share, double traces) {
  const double variance = std::max(share * (1 - share), 0.5 / traces * (1 - 0.5 / traces));
  return std::sqrt(variance / traces);
}

}  // namespace

absl::Status ClassAttainment::Add(const DecisionRecord& record) {
  const auto document = DecisionDocument(record, nullptr);
  if (!document.ok()) return document.status();
  const double at = (*document)["atSeconds"].get<double>();
  if (record.run != run_) {
    *this = ClassAttainment(skip_seconds_);
    run_ = record.run;
    first_ = at;
  }
  const auto& observation = (*document)["observation"];
  if (observation.contains("classes")) {
    std::map<std::string, Counts> seen;
    for (const auto& of : observation["classes"]) {
      if (!of.contains("attainment")) continue;
      const double traces = of["traces"].get<double>();
      seen[of["id"].get<std::string>()] = {.traces = traces,
                                           .within = traces * of["attainment"].get<double>()};
    }
    Count(at - observation["windowSeconds"].get<double>(), at, seen);
  }
  const auto& plan = (*document)["plan"];
  if (plan.is_object() && plan.contains("classes")) {
    Expectation& expectation = plans_.emplace_back();
    expectation.at = at;
    expectation.all = plan["attainment"].get<double>();
    for (const auto& of : plan["classes"]) {
      expectation.classes[of["id"].get<std::string>()] = of["attainment"].get<double>();
    }
    if (plans_.size() > kMostPlans) plans_.pop_front();
  }
  return absl::OkStatus();
}

void ClassAttainment::Count(double begin, double end, const std::map<std::string, Counts>& seen) {
  if (begin < first_ + skip_seconds_ || (counted_to_ && begin < *counted_to_)) return;
  while (!plans_.empty() && plans_.front().at < begin) plans_.pop_front();
  if (plans_.empty()) return;
  counted_to_ = end;
  double sum = 0;
  for (const Expectation& plan : plans_) sum += plan.all;
  const double expected_of_all = sum / static_cast<double>(plans_.size());
  for (const auto& [id, of] : seen) {
    Counts& counts = classes_[id];
    for (Counts* to : {&counts, &all_}) {
      to->traces += of.traces;
      to->within += of.within;
    }
    all_.foreseen += of.traces;
    all_.expected += of.traces * expected_of_all;
    double expected = 0;
    int plans = 0;
    for (const Expectation& plan : plans_) {
      const auto found = plan.classes.find(id);
      if (found == plan.classes.end()) continue;
      expected += found->second;
      ++plans;
    }
    if (plans == 0) continue;
    counts.foreseen += of.traces;
    counts.expected += of.traces * expected / plans;
  }
}

Table ClassAttainment::ToTable() const {
  Table table({{"class", "CLASS"},
               {"traces", "TRACES"},
               {"share", "SHARE %", 100, 2},
               {"expected", "EXPECTED %", 100, 2},
               {"measured", "MEASURED %", 100, 2},
               {"standardError", "+- %", 100, 2},
               {"missed", "MISSED"}});
  std::vector<std::pair<std::string, Counts>> rows(classes_.begin(), classes_.end());
  std::ranges::sort(rows, [](const auto& a, const auto& b) {
    return std::tuple(-a.second.traces, a.first) < std::tuple(-b.second.traces, b.first);
  });
  if (all_.traces > 0) rows.insert(rows.begin(), {"all", all_});
  for (const auto& [id, of] : rows) {
    const double measured = of.within / of.traces;
    const double error = StandardError(measured, of.traces);
    Table::Cell expected;
    Table::Cell missed;
    if (of.foreseen > 0) {
      expected = of.expected / of.foreseen;
      missed =
          std::fabs(of.expected / of.foreseen - measured) > kTolerance + kStandardErrors * error;
    }
    table.AddRow({id, static_cast<std::int64_t>(of.traces), of.traces / all_.traces,
                  std::move(expected), measured, error, std::move(missed)});
  }
  return table;
}

}  // namespace trimtab
