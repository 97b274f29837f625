// What the commands share that run the simulated cluster: inputs, profiles, bars and tables.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/output.h"
#include "trimtab/experiment/experiment.h"
#include "trimtab/experiment/static_search.h"
#include "trimtab/neural/simd_level.h"
#include "trimtab/profile/application_profile.h"
#include "trimtab/profile/distribution_profile.h"

namespace trimtab {

// Bars on stderr as an experiment's progress. A line of work ends when all its parts are done.
class BarProgress : public ExperimentProgress {
 public:
  // `progress` must outlive it and what Start() returns.
  explicit BarProgress(Progress& progress) : progress_(progress) {}
  std::function<void(std::int64_t done)> Start(std::string name, std::int64_t total) override;
  void Note(const std::string& line) override { progress_.Note(line); }

 private:
  Progress& progress_;
};

struct ExperimentArguments {
  std::string scenario;
  std::string directory;
  std::uint64_t seed = 1;
  std::optional<int> minutes = std::nullopt;
  std::string load_file = {};
  std::string interference_file = {};
};

// How the models compute: "native", or "portable" for the same bytes on every machine of the
// architecture.
void DeclareSimd(Arguments& arguments, std::string* simd);

// Loads scenario and recordings, makes the directory. `progress` and `context` must outlive it.
absl::StatusOr<ExperimentInput> MakeExperimentInput(const ExperimentArguments& arguments,
                                                    ExperimentProgress& progress, Context& context);

// The profile in `path`; or when that is empty, one made by a demo-size sweep and training, kept in
// the user's cache folder under the scenario's hash, seed and `simd`, so that the next call only
// reads it.
absl::StatusOr<ApplicationProfile> ProfileFor(const ExperimentInput& input, const std::string& path,
                                              const std::string& simd, Context& context);

// What Derm plans on, in containers of the scenario's initial size: of the profile in `path` when
// it has them; or else measured once and kept in the user's cache folder under the application, the
// scenario's hash and the seed. Cost: 7 s of CPU for 45 microservices.
absl::StatusOr<DistributionProfile> DistributionsFor(const ExperimentInput& input,
                                                     const std::string& path, Context& context);

// $XDG_CACHE_HOME/trimtab, or ~/.cache/trimtab; empty where there is neither.
std::string CacheFolder();

// SearchStatic under the worst of the input's workload.
absl::StatusOr<StaticSearchResult> SearchStaticFor(const ExperimentInput& input, int minutes);

Table TableOf(const ResultTable& result);

}  // namespace trimtab
