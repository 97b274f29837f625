// Any text as tuned options: an error, or options that print to themselves.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "trimtab/experiment/tuned_options.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const trimtab::Application application =
      trimtab::Application::Create("fuzz", {{.name = "a"}, {.name = "b"}}, {}).value();
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto tuned = trimtab::TunedFromJson(text, application);
  if (!tuned.ok()) return 0;
  const std::string printed = trimtab::TunedToJson(*tuned, application);
  const auto again = trimtab::TunedFromJson(printed, application);
  if (!again.ok() || trimtab::TunedToJson(*again, application) != printed) std::abort();
  return 0;
}
