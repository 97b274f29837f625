// Independent jobs over a few threads.
#pragma once

#include <cstddef>
#include <functional>

namespace trimtab {

// Calls job(i) once for every i in [0, count), on up to `threads` threads, the caller's among
// them, and returns when all are done. Jobs start in rising order and must not share mutable
// state; a job that depends on its index alone then gives the same result for any thread count.
// REQUIRES: threads >= 1, and job throws nothing.
void ParallelFor(std::size_t count, int threads, const std::function<void(std::size_t)>& job);

}  // namespace trimtab
