// What too little memory costs a container: faults, and at last its life.
#pragma once

#include <limits>
#include <vector>

#include "trimtab/simulation/scenario.h"

namespace trimtab {

// The memory of one container under its present limit (no swap, as Kubernetes):
//   unreclaimable(n) = heap + n * per_frame                         n = frames in flight
//   limit < unreclaimable                  : the kernel kills it
//   limit < unreclaimable + file_pages     : missing = (1 - (limit - unreclaimable) /
//   file_pages)^skew otherwise                              : nothing is missing, more memory
//   changes nothing
// Each frame then pays pages_per_request * missing * (fault_cpu, fault_wait) before its program.
// Cost: a table look-up; the power is computed once per n and limit. Thread-safety: none.
class MemoryModel {
 public:
  // Needs nothing and uses nothing.
  MemoryModel() = default;
  // `spec` must outlive it.
  MemoryModel(const MemorySpec& spec, double limit_bytes) : spec_(&spec) { set_limit(limit_bytes); }

  void set_limit(double bytes);
  double limit() const { return limit_; }

  bool Kills(int frames) const { return frames > most_frames_; }
  double MissingShare(int frames) { return fits_ ? 0.0 : LookUp(frames); }
  // Bytes in use: what it cannot give back and as many of its file pages as fit.
  double UsedBytes(int frames) const;
  // Bytes it would use without a limit.
  double WantedBytes(int frames) const;
  // The smallest limit it survives.
  double UnreclaimableBytes(int frames) const;

 private:
  double LookUp(int frames);

  const MemorySpec* spec_ = nullptr;
  double limit_ = 0;
  int most_frames_ = std::numeric_limits<int>::max();
  bool fits_ = true;             // nothing is missing whatever the number of frames
  std::vector<double> missing_;  // by frames in flight, negative: not computed yet
};

}  // namespace trimtab
