// Tail latencies of one window, per pod first.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"
#include "trimtab/tracing/name_table.h"

namespace trimtab {

// The q-quantile of unordered samples: the smallest one that at least a share q of them does not
// exceed. Reorders `samples`. REQUIRES: not empty.
Duration ExactQuantile(std::vector<Duration>& samples, Quantile q);

struct TailOfMicroservice {
  // Grad VI-A: the quantile of each pod, then the mean over the pods; and the largest, which
  // equation 6 wants beside it.
  Duration mean_over_pods{0};
  Duration max_over_pods{0};
  // The quantile of the samples of all pods together.
  Duration pooled{0};
  std::size_t pods = 0;
  std::uint64_t samples = 0;
};

// The own latencies of one window. Exact: it keeps every sample (8 bytes).
// Thread-safety: none.
class OwnLatencyWindow {
 public:
  void Add(NameId service, NameId pod, Duration own_latency);

  // By service; only services with samples.
  std::map<NameId, TailOfMicroservice> Tails(Quantile q) const;

  std::size_t samples() const { return samples_; }
  void Clear();

 private:
  struct Pod {
    NameId service;
    NameId pod;
    std::vector<Duration> samples;
  };
  absl::flat_hash_map<std::uint64_t, std::uint32_t> index_;  // of a service and a pod
  std::vector<Pod> pods_;
  std::size_t samples_ = 0;
};

}  // namespace trimtab
