// What `trimtab calibrate` does for each kind of input.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/output.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct CalibrateValues {
  std::vector<std::string> files;
  std::string of = "spans";
  std::string out;
  std::string name = "calibrated";
  OutputFormat output = OutputFormat::kTable;
  std::uint64_t seed = 1;
  // Series.
  std::string kind = "cpu";
  Duration from{0};
  Duration length{0};  // 0: to the end
  Duration step{0};    // 0: the recording's
  Duration play{0};    // 0: as long as it was recorded
  double factor = 1;
  double offset = 0;
  std::int64_t harmonics = 8;
  // Spans.
  double sampling = 1;
  std::string scenario;
  std::string operation = "hotels";
  std::string faults;
  std::int64_t pools = 0;
  // Surface.
  std::string application = "hotel-reserv";
};

// A recorded load or one recorded interference: the fitted description and its error.
absl::StatusOr<ExitCode> CalibrateSeries(const CalibrateValues& values, Context& context);

// Recorded spans: laws of own latency, each run predicted from the others, and with `out` a
// scenario made of them.
absl::StatusOr<ExitCode> CalibrateSpans(const CalibrateValues& values, Context& context);

// A surface of tail latencies under contention: sensitivities.
absl::StatusOr<ExitCode> CalibrateSurface(const CalibrateValues& values, Context& context);

// A scenario: what half and twice each assumed parameter would do.
absl::StatusOr<ExitCode> CalibrateScenario(const CalibrateValues& values, Context& context);

}  // namespace trimtab
