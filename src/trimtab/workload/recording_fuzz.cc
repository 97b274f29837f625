#include <cstddef>
#include <cstdint>
#include <string_view>

#include "trimtab/workload/recording.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto load = trimtab::ParseLoadRecording(text, "load"); load.ok()) {
    if (!trimtab::ToSteps(*load).ok()) __builtin_trap();
  }
  if (const auto recording = trimtab::ParseInterferenceRecording(text, "interference");
      recording.ok()) {
    for (const auto& kind : recording->kinds) {
      if (kind) static_cast<void>(trimtab::ToSteps(*kind));
    }
  }
  return 0;
}
