// A book of sizes that only a test reads.
#pragma once

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/cluster/pod_size_book.h"

namespace trimtab {

// A book in memory, which may fail.
class MemoryPodSizeBook : public PodSizeBook {
 public:
  std::vector<PodSize> Sizes() const override { return sizes; }
  absl::Status Put(std::vector<PodSize> all) override {
    if (!error.ok()) return error;
    ++puts;
    sizes = std::move(all);
    return absl::OkStatus();
  }

  std::vector<PodSize> sizes;
  absl::Status error;
  int puts = 0;
};

}  // namespace trimtab
