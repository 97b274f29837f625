// Options of Derm's policy.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// Derm as its paper says, or with the places put right that docs/derm.md lists.
enum class DermFidelity : std::uint8_t { kPaper, kCorrected };
// "paper", "corrected".
std::string_view DermFidelityName(DermFidelity fidelity);
absl::StatusOr<DermFidelity> ParseDermFidelity(std::string_view name);

// What foresees the shares of call graphs: the trained network, or the last windows.
enum class DermPredictor : std::uint8_t { kNetwork, kPersistence };
// "network", "persistence".
std::string_view DermPredictorName(DermPredictor predictor);
absl::StatusOr<DermPredictor> ParseDermPredictor(std::string_view name);

struct DermOptions {
  // ---- decides behaviour
  DermFidelity fidelity = DermFidelity::kCorrected;
  // From one plan to the next: what a plan is made for. Must exceed `container_start` (D17), the
  // time that a new container needs until it serves: what is asked for now must be there when the
  // predicted step begins. 1 s to 1 hour.
  Duration step = std::chrono::seconds(30);
  Duration container_start = std::chrono::seconds(20);
  // `corrected` plans for this quantile of the load foreseen for the next step (D23). 0.5 to 0.999.
  double load_quantile = 0.95;
  // `corrected`: the promise must hold for every mix of graphs at most this far, in total
  // variation, from the predicted one (D15). 0 to 0.5.
  double share_error = 0.01;
  // `corrected`: every graph must keep the promise by itself, the uniform percentile that Derm is
  // compared with (II-B); takes the place of `share_error`.
  bool every_graph = false;
  // V-C: graphs whose shares together are at most this are rare. `paper` leaves them out and gives
  // their microservices the fewest containers; `corrected` keeps all (D14). 0 to 0.5.
  double rare_total = 0.02;
  // `paper` scales linearly instead of solving again while the shares are within this total
  // variation of those last solved for (VI-B). 0 to 1.
  double linear_share_change = 0.02;
  // V: the network predicts the shares of the next step. `paper` takes it as it is, `corrected`
  // only while its last predictions were not worse than those of persistence.
  DermPredictor predictor = DermPredictor::kPersistence;
  // Persistence: the shares of the last windows together. 1 to 100.
  int share_windows = 3;
  // Windows whose predictions decide which predictor is used, and by which drift is noticed. 5 to
  // 1,000.
  int scored_windows = 20;
  // VII: the network is trained again this many windows after the last time, on recent and
  // historical ones. 20 to 1,000,000.
  int retrain_windows = 60;
  // And earlier when its predictions score this much below their validation, in 1 - total
  // variation. 0 to 1.
  double drift = 0.05;
  // Without a network from before, the first is trained after this many windows. 20 to 400.
  int first_training_windows = 60;

  // ---- decides cost
  // `corrected`: graph classes planned for one by one; those beyond the most frequent count as
  // the nearest one kept that is not cheaper (D19). 1 to 1,000.
  std::size_t most_graphs = 40;
  // Samples that a training reads, 75 us of CPU time each, and twice as many where it begins anew.
  // 64 to 1,000,000.
  std::int64_t training_samples = 8'000;

  // kInvalidArgument lists every violation with its name, value and bound.
  absl::Status Validate() const;
};

}  // namespace trimtab
