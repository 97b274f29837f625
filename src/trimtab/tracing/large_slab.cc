#include "trimtab/tracing/large_slab.h"

#include <sys/mman.h>

namespace trimtab {

LargeSlab MakeLargeSlab(std::size_t bytes) {
  void* const memory = ::operator new(bytes, std::align_val_t(kLargePage));
  // Where it is refused the pages are small.
  if (bytes % kLargePage == 0) madvise(memory, bytes, MADV_HUGEPAGE);
  return LargeSlab(static_cast<std::byte*>(memory));
}

}  // namespace trimtab
