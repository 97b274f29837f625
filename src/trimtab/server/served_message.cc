#include "trimtab/server/served_message.h"

namespace trimtab {

const std::string& ServedRequest::Header(const std::string& name) const {
  static const std::string kNone;
  for (const auto& [known, value] : headers) {
    if (known == name) return value;
  }
  return kNone;
}

}  // namespace trimtab
