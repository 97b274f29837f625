// What the next step is going to bring: load, and the mix of call graphs.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "trimtab/callgraph/call_tree.h"
#include "trimtab/monitoring/observation.h"
#include "trimtab/scaling/derm/derm_options.h"

namespace trimtab {

// A class of requests that is expected.
struct ForecastClass {
  std::string id;
  CallTree tree;
  double share = 0;
};

// Learns from the observations one step apart, so that a restart forgets no more than minutes.
// Deterministic: a function of the observations so far. Thread-safety: none.
class DermForecast {
 public:
  explicit DermForecast(const DermOptions& options) : options_(options) {}

  // Takes note of a window and of the load of the application in it, in requests/s.
  void Note(const Observation& seen, std::optional<double> load);

  // The last load times the quantile of how loads have changed within the horizon, a step and a
  // measured window. Absent before the first load.
  std::optional<double> LoadQuantile(double level) const;
  // The last load itself.
  std::optional<double> LastLoad() const;

  // The traces of the last windows together, by class: most frequent first, then by id. Empty when
  // no window had a classified trace.
  std::vector<ForecastClass> Classes() const;

 private:
  DermOptions options_;
  std::deque<double> loads_;                                // by step, the last at the back
  std::deque<std::vector<GraphClassObservation>> windows_;  // the last at the back
};

}  // namespace trimtab
