// Any text is taken apart or refused; what is taken apart can be put together and read again, and
// no printed URL shows a password.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fmt/format.h"
#include "trimtab/http/url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (trimtab::PrintableUrl(text).size() > 512) __builtin_trap();
  const auto url = trimtab::ParseUrl(text);
  if (url.ok()) {
    const auto again =
        trimtab::ParseUrl(fmt::format("{}://{}{}", url->scheme, url->Authority(), url->target));
    if (!again.ok() || again->host != url->host || again->target != url->target) __builtin_trap();
  }
  return 0;
}
