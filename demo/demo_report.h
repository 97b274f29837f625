// The timeline of the demonstration and its report.
#pragma once

#include <chrono>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "trimtab/quantity/quantity.h"

namespace trimtab::demo {

// What the cluster looks like at one moment.
struct Sight {
  std::chrono::seconds at{0};                // since the start
  std::optional<double> load;                // requests per second that the entry served
  std::optional<std::string> observed_tail;  // of the last whole window, "284ms"
  std::optional<std::string> predicted_tail;
  int replicas = 0;
  int ready = 0;
  Millicores cpu;  // limits in force, of all pods
  Bytes memory;
  std::string decision_id;
  std::string decision;   // the last, in a few words
  std::string condition;  // the reason why the resource is not Ready; empty when it is
};

// A window of the workload, as the workload itself saw it.
struct Window {
  double end_seconds = 0;  // since the workload began
  double requests = 0;
  double failed = 0;  // of them, or timed out
  double tail_seconds = 0;
};

struct Outcome {
  std::vector<Window> windows;  // those with requests
  int scale_writes = 0;         // as the API server counted them
  int resize_writes = 0;
};

// Header, then a line for each sight.
void PrintTimelineHeader(std::ostream& out);
void PrintTimelineLine(const Sight& sight, const std::string& shown_decision, std::ostream& out);

// Before and after the load step, and what Trimtab wrote.
struct ReportQuestion {
  double target_seconds = 0;
  std::chrono::seconds step_at{0};     // since the start
  std::chrono::seconds step_after{0};  // since the first request
  std::chrono::seconds window{10};
};
void PrintReport(const std::vector<Sight>& sights, const Outcome& outcome,
                 const ReportQuestion& question, std::ostream& out);

// "1:05".
std::string ClockText(std::chrono::seconds time);

}  // namespace trimtab::demo
