// What half and twice an assumed parameter would do to the result.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/quantity/time.h"
#include "trimtab/scenario/scenario.h"

namespace trimtab {

// One run: this allocation of every microservice, this load and these interferences on every host,
// all constant.
struct ReferenceRun {
  MicroserviceAllocation each{2, {Millicores(600), Mebibytes(300)}};
  double load = 263;
  double interference = 0.4;
  Duration warm_up = std::chrono::seconds(20);
  Duration length = std::chrono::seconds(100);
  std::uint64_t seed = 1;
};

// The end-to-end P95. kInvalidArgument when the allocation does not fit.
absl::StatusOr<Latency> TailOf(const Scenario& scenario, const ReferenceRun& run);

struct ParameterEffect {
  std::string parameter;
  // Change of the P95 over that of the unchanged scenario; absent when the scenario with it is not
  // valid, as with a share above 1.
  std::optional<double> half;
  std::optional<double> twice;
};

// One row for each row of the scenario's provenance that is assumed and matches a number; a number
// belongs to the first row that matches it. `text` is the file. Calls `done` after each row.
absl::StatusOr<std::vector<ParameterEffect>> EffectsOfAssumptions(
    std::string_view text, std::string_view name, const ReferenceRun& run,
    const std::function<bool()>& done);

}  // namespace trimtab
