// What a world is put under: a load, four interferences and a surge, described and realized.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/application/interference.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"
#include "trimtab/workload/fitted_series.h"
#include "trimtab/workload/load_series.h"

namespace trimtab {

// A description and the simulated time over recorded time at which it is played.
struct StretchedSeries {
  FittedSeries fitted;
  double stretch = 1;
};
// A constant, or a fitted description.
using SeriesDescription = std::variant<double, StretchedSeries>;

// Sudden pressure (Grad VI-D2): from `start` to `end` load is multiplied and every interference
// raised, both fluctuating: the factor is load_factor * (1 + n), the interference the larger of
// what it was and interference + n, with n a first-order autoregression of standard deviation
// `fluctuation` and correlation 0.8 from one `step` to the next, one for the load and one a kind.
struct Surge {
  Duration start{std::chrono::minutes(280)};
  Duration end{std::chrono::minutes(300)};
  double load_factor = 2;
  Ratio interference{0.7};
  double fluctuation = 0.1;
  Duration step{std::chrono::seconds(20)};
};

struct Workload {
  SeriesDescription load = 0.0;  // requests per second, all operations
  // Indexed by InterferenceKind, shares in [0, 1] of each host; an absent kind is not injected.
  std::array<std::optional<SeriesDescription>, 4> interference;
  std::optional<Surge> surge;
};

// Every violation, each with name, value and bound.
absl::Status ValidateWorkload(const Workload& workload);

// Series to play: what the simulated cluster and its anomaly injector take.
struct WorkloadSeries {
  StepSeries load = StepSeries::Constant(0);
  std::array<std::optional<StepSeries>, 4> interference;
};

// Recordings that stand in for descriptions, as `--load-file` and `--interference-file` give them.
struct RecordedWorkload {
  std::optional<StepSeries> load;
  std::array<std::optional<StepSeries>, 4> interference;
};

// The same seed gives the same series; changing one description leaves the others as they were. The
// surge comes on top of recordings as well. Interference is clamped to [0, 0.95]: at 1 a host does
// nothing else. kInvalidArgument as ValidateWorkload().
absl::StatusOr<WorkloadSeries> RealizeWorkload(const Workload& workload, std::uint64_t seed,
                                               const RecordedWorkload& recorded = {});

// The recording played over `length`: its steps stretched or squeezed by one factor. REQUIRES:
// length > 0.
absl::StatusOr<StepSeries> PlayedOver(const StepSeries& recording, Duration length);

}  // namespace trimtab
