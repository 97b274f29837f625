// The figures of a comparison, each as SVG: what Grad's figures 14b and 15 show, and more.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trimtab/experiment/run_record.h"

namespace trimtab {

// Several runs of one scenario under one load, one policy each.
struct PolicyComparison {
  std::string title;
  std::string scenario;
  double sla_seconds = 0.3;
  // The surge, in minutes, shaded in every time chart.
  std::optional<std::pair<double, double>> surge;
  double skip_minutes = 5;  // start-up that does not count
  std::vector<RunRecord> runs;
};

struct Figure {
  std::string file;     // "tail-latency.svg"
  std::string caption;  // one sentence: what to see
  std::string svg;
};

// P95 per window against the SLA (figure 15b), load and the four interferences (15a, 15b's shade),
// resource units over time, their CDF (15c), CPU against memory, violations, and the number of
// further Prepare rounds a commit needed (14b). REQUIRES: at least one run with windows.
std::vector<Figure> MakeFigures(const PolicyComparison& comparison);

}  // namespace trimtab
