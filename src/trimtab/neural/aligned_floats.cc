#include "trimtab/neural/aligned_floats.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace trimtab {

void AlignedFloats::Free::operator()(float* memory) const {
  ::operator delete[](memory, std::align_val_t{kAlignment});
}

AlignedFloats::AlignedFloats(std::size_t size)
    : data_(static_cast<float*>(
          ::operator new[](size * sizeof(float), std::align_val_t{kAlignment}))),
      size_(size) {
  std::uninitialized_fill_n(data_.get(), size, 0.0f);
}

AlignedFloats::AlignedFloats(const AlignedFloats& other) : AlignedFloats(other.size_) {
  std::copy_n(other.data(), size_, data());
}

AlignedFloats& AlignedFloats::operator=(const AlignedFloats& other) {
  if (this != &other) *this = AlignedFloats(other);
  return *this;
}

AlignedFloats::AlignedFloats(AlignedFloats&& other) noexcept
    : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}

AlignedFloats& AlignedFloats::operator=(AlignedFloats&& other) noexcept {
  data_ = std::move(other.data_);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

}  // namespace trimtab
