// How far the labels of a table are from the truth.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/profiling/sample_source.h"
#include "trimtab/profiling/sample_table.h"
#include "trimtab/profiling/sweep.h"

namespace trimtab {

struct LabelCheckOptions {
  std::int64_t labels = 60;           // drawn at random from the settings trained on
  std::int64_t requests = 2'000'000;  // of each reference run, from an independent stream
  std::uint64_t seed = 1;
};

struct LabelError {
  SampleRow row;
  Latency reference{0};
  double relative = 0;  // |label - reference| / reference
};

struct LabelCheck {
  std::vector<LabelError> labels;  // in the order of the table
  double mean = 0;
  double p90 = 0;
  double max = 0;
};

// Measures labels of settings taken alone again, far longer. kInvalidArgument when the table has
// none; otherwise fails as the source does, or with kCancelled.
absl::StatusOr<LabelCheck> CheckLabels(const SampleTable& table, const SampleSource& source,
                                       const LabelCheckOptions& options, const SweepRunner& runner);

}  // namespace trimtab
