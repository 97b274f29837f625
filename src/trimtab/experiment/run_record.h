// What one run leaves behind: its windows, its summary, and the files they live in.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/application/resource_price.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// One window of 60 s, measured by the world itself and not by sampled spans. A window in which no
// request ended has no latency: NaN.
struct WindowRow {
  double minute = 0;            // at the window's start
  double application_load = 0;  // requests per second that arrived
  std::uint64_t requests = 0;   // that ended or timed out
  std::uint64_t timeouts = 0;
  double above_sla = 0;  // requests above the SLA, timeouts included
  double p50_seconds = 0;
  double p95_seconds = 0;  // pooled over operations, timeouts at their full length
  double p99_seconds = 0;
  ResourceUnits units;                   // limits integrated over the window
  std::array<double, 4> interference{};  // mean over hosts, as kInterferenceKinds
};

// The quantities of `summary.json`, named as there.
struct RunSummary {
  std::string policy;
  std::string fidelity;
  std::uint64_t seed = 0;
  double simulated_minutes = 0;
  std::uint64_t requests = 0;
  std::uint64_t events = 0;
  double sla_seconds = 0;
  double sla_violation_share = 0;      // of windows whose pooled P95 is above the SLA
  double request_violation_share = 0;  // of requests above the SLA, timeouts included
  double p95_seconds = 0;              // pooled over all requests that count
  ResourceUnits mean_resource_units;
  std::uint64_t decisions = 0;   // applied changes of the allocation
  std::uint64_t reversions = 0;  // commits whose first full window missed and that prepared again
  std::optional<double> recovery_seconds;  // from the surge until five windows in a row meet it
  double decision_seconds_median = 0;
  double decision_seconds_p99 = 0;
  // How many further Prepare rounds commits needed: entry i counts those that needed i.
  std::vector<std::uint64_t> prepare_rounds;
};

struct RunRecord {
  std::string label;  // as shown: "grad (corrected)", "hpa 80 %"
  RunSummary summary;
  std::vector<WindowRow> windows;
};

// The parts of a summary that follow from the windows. Windows before `skip_minutes` do not count
// (start-up). `surge_minute`: where recovery is measured from, none when there is no surge.
void SummarizeWindows(const std::vector<WindowRow>& windows, double skip_minutes,
                      std::optional<double> surge_minute, RunSummary& summary);

std::string SummaryToJson(const RunSummary& summary);
absl::StatusOr<RunSummary> SummaryFromJson(const std::string& text);
// CSV with a header whose names carry units; the same run gives the same bytes.
std::string WindowsToCsv(const std::vector<WindowRow>& windows);
absl::StatusOr<std::vector<WindowRow>> WindowsFromCsv(const std::string& text);

// Makes the folder of a run. A journal is continued, never overwritten, so the one of an earlier
// run is removed: a repeated run starts its own.
absl::Status PrepareRunFolder(const std::string& directory);

// DIR/summary.json and DIR/windows.csv. Writing replaces a file atomically.
absl::Status WriteRun(const std::string& directory, const RunRecord& run);
absl::StatusOr<RunRecord> ReadRun(const std::string& directory);

}  // namespace trimtab
