#include "trimtab/server/session.h"

namespace trimtab {

bool BodyBudget::Take(std::size_t bytes) {
  if (bytes > most_bytes_ - taken_) return false;
  taken_ += bytes;
  return true;
}

}  // namespace trimtab
