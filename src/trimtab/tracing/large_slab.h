// A large block of memory that costs few page faults.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace trimtab {

inline constexpr std::size_t kLargePage = std::size_t{2} << 20;

struct DeleteSlab {
  void operator()(std::byte* memory) const {
    ::operator delete(memory, std::align_val_t(kLargePage));
  }
};
using LargeSlab = std::unique_ptr<std::byte, DeleteSlab>;

// Memory of which nothing has been touched, aligned to kLargePage. For whole multiples of that the
// kernel is asked for pages of this size: each takes one fault where small ones take 512.
LargeSlab MakeLargeSlab(std::size_t bytes);

}  // namespace trimtab
