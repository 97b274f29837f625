// What this binary was built from.
#pragma once

#include <string_view>

namespace trimtab {

struct BuildInfo {
  std::string_view version;     // "0.1.0"
  std::string_view commit;      // twelve hex digits, "-dirty" after them; "unknown" without git
  std::string_view build_type;  // "Release"
  std::string_view compiler;    // "GNU 12.2.0"
};

const BuildInfo& GetBuildInfo();

}  // namespace trimtab
