// Where the sizes of pods that are still to be born are kept.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "trimtab/appscaler/scaler_status.h"

namespace trimtab {

// The book of one application: one entry for each scaled container of each workload whose size is
// not its template's. The real one is status.podSizes of the AppScaler, which an admission policy
// reads for every new pod, so what it holds outlives this process.
// Thread-safety: one caller at a time.
class PodSizeBook {
 public:
  virtual ~PodSizeBook() = default;

  virtual std::vector<PodSize> Sizes() const = 0;

  // Replaces all entries; Sizes() shows them when it succeeds. Nothing changes on an error.
  virtual absl::Status Put(std::vector<PodSize> sizes) = 0;
};

}  // namespace trimtab
