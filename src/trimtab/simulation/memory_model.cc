#include "trimtab/simulation/memory_model.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "trimtab/simulation/scenario.h"

namespace trimtab {
namespace {

constexpr std::size_t kRemembered = 256;  // frames in flight

}  // namespace

void MemoryModel::set_limit(double bytes) {
  limit_ = bytes;
  missing_.clear();
  const double spare = bytes - spec_->heap.as_double();
  if (spare < 0) {
    most_frames_ = -1;
  } else if (spec_->per_frame.value() == 0) {
    most_frames_ = std::numeric_limits<int>::max();
  } else {
    most_frames_ = static_cast<int>(std::min(spare / spec_->per_frame.as_double(), 1e9));
  }
  fits_ = spec_->pages_per_request == 0 || spec_->file_pages.value() == 0 ||
          (spec_->per_frame.value() == 0 && spare >= spec_->file_pages.as_double());
}

double MemoryModel::UnreclaimableBytes(int frames) const {
  if (spec_ == nullptr) return 0;
  return spec_->heap.as_double() + spec_->per_frame.as_double() * frames;
}

double MemoryModel::LookUp(int frames) {
  const auto index = std::min(static_cast<std::size_t>(std::max(frames, 0)), kRemembered);
  if (missing_.empty()) missing_.assign(kRemembered + 1, -1.0);
  if (index < kRemembered && missing_[index] >= 0) return missing_[index];
  const double cached = (limit_ - UnreclaimableBytes(frames)) / spec_->file_pages.as_double();
  const double share = std::pow(std::clamp(1.0 - cached, 0.0, 1.0), spec_->skew);
  if (index < kRemembered) missing_[index] = share;
  return share;
}

double MemoryModel::WantedBytes(int frames) const {
  if (spec_ == nullptr) return 0;
  return UnreclaimableBytes(frames) + spec_->file_pages.as_double();
}

double MemoryModel::UsedBytes(int frames) const { return std::min(limit_, WantedBytes(frames)); }

}  // namespace trimtab
