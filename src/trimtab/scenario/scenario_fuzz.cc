#include <cstddef>
#include <cstdint>
#include <string_view>

#include "trimtab/scenario/scenario.h"

// What loads is written and loads again to the same hash.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto scenario =
      trimtab::ParseScenario(std::string_view(reinterpret_cast<const char*>(data), size), "fuzz");
  if (scenario.ok()) {
    const auto again = trimtab::ParseScenario(trimtab::WriteScenario(*scenario), "again");
    if (!again.ok() || trimtab::ScenarioHash(*again) != trimtab::ScenarioHash(*scenario)) {
      __builtin_trap();
    }
  }
  return 0;
}
