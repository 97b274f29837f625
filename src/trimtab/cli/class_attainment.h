// Attainment by class of call graphs over a whole journal: what its plans expected beside what its
// windows measured.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "trimtab/cli/output.h"
#include "trimtab/journal/journal_reader.h"

namespace trimtab {

// Takes decisions in order; the newest run of the journal is the one that counts. A window is set
// against the plans that were made within it, for those are the ones that it tells of; of windows
// that overlap the first counts.
class ClassAttainment {
 public:
  // Leaves out windows that begin within so long of the run's first decision.
  explicit ClassAttainment(double skip_seconds = 0) : skip_seconds_(skip_seconds) {}

  // Errors as DecisionDocument().
  absl::Status Add(const DecisionRecord& record);

  // "all" first, then one row for each class with a trace in a counted window, most frequent first.
  // `expected` is the mean over the windows' traces; missing where no plan knew the class. `missed`
  // where expected and measured are more than two points and two standard errors apart.
  Table ToTable() const;

 private:
  struct Counts {
    double traces = 0;
    double within = 0;
    double foreseen = 0;  // of the traces, those for which a plan expected something
    double expected = 0;  // of those, as many within the SLA
  };
  struct Expectation {
    double at = 0;  // s
    double all = 0;
    std::map<std::string, double> classes;
  };
  void Count(double begin, double end, const std::map<std::string, Counts>& seen);

  double skip_seconds_;
  std::optional<std::int64_t> run_;
  double first_ = 0;  // s: the first decision of the run
  std::deque<Expectation> plans_;
  std::optional<double> counted_to_;  // s: the end of the last window counted
  Counts all_;
  std::map<std::string, Counts> classes_;
};

}  // namespace trimtab
