// Options of Grad's Prepare.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/scaling/grad/demand_memory.h"

namespace trimtab {

// Grad as its paper says, or with the places put right that docs/grad.md lists.
enum class GradFidelity : std::uint8_t { kPaper, kCorrected };
// "paper", "corrected".
std::string_view GradFidelityName(GradFidelity fidelity);
absl::StatusOr<GradFidelity> ParseGradFidelity(std::string_view name);

// What CPU costs in memory (IV-B contradicts itself).
enum class GradPrices : std::uint8_t {
  kPaper,     // 0.1 core = 50 MiB (VI-D)
  kCapacity,  // all of the cluster's CPU costs as much as all its memory (IV-B)
};

struct GradOptions {
  // ---- decides behaviour
  GradFidelity fidelity = GradFidelity::kCorrected;
  // Absent: kPaper for `paper`, kCapacity for `corrected`.
  std::optional<GradPrices> prices;
  // r, the amount that one step trades, over all containers of a microservice (V: 0.2 core or
  // 100 MB). 10 to 2000 millicores; 1 MiB to 2 GiB.
  Millicores step_cpu{200};
  Bytes step_memory = Mebibytes(100);
  // Below this share of the SLA resources are given back (V: epsilon, default 0.9). 0.1 to 1.
  double scale_down_below = 0.9;
  // Outside the profiled range a container is first given enough for its measured demand to be
  // this share of its CPU; profiling reaches 0.8. 0.1 to 1.
  double most_utilization = 0.8;
  // The stop margin of `corrected`: the predicted tail times the quantile of measured / predicted
  // at this confidence stays at or below the SLA. 0.5 leaves no margin. 0.5 to 0.999.
  double confidence = 0.9;
  // `corrected`, scaling down: memory stays this share above the working set and above what is in
  // use. 0 to 1.
  double memory_margin = 0.1;
  // `corrected` plans for the largest demand of this long, and a load this share above it. 0 to 1
  // hour; 0 to 1.
  DemandMemoryOptions demand;
  // `corrected`: a step must lower the tail by at least this share for each unit it costs. 0 to
  // 0.1.
  double least_gain = 1e-3;

  // `paper`: steps of a plan that starts from a measured tail after a commit that missed (VI-D: "no
  // more than 10 iterations"). What was measured can exceed the SLA by more than any step of the
  // models takes off; without a limit everything would be bought. 1 to 100,000.
  int most_steps_after_miss = 10;

  // ---- decides cost
  // Steps of one plan (V: 5 to 30 in the paper's applications). 1 to 100,000.
  int most_steps = 400;
  // `corrected`: how many of the candidates that the slopes rank best are evaluated exactly. 1
  // to 16.
  int exact_candidates = 4;
  // `corrected`: the slopes of the end-to-end tail are computed anew when the tail has moved by
  // this share since, and when no candidate helps. 0 to 1.
  double slope_refresh = 0.05;
  // Alternatives kept of each step. 0 to 4.
  int alternatives = 3;

  // kInvalidArgument lists every violation with its name, value and bound.
  absl::Status Validate() const;
};

// Where Grad starts (VI-A): every container with 0.2 core and 100 MiB, one of each.
inline constexpr MicroserviceAllocation kGradStart = {
    .replicas = 1, .container = {.cpu = Millicores(200), .memory = Mebibytes(100)}};

}  // namespace trimtab
