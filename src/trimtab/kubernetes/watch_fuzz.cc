// Any bytes, cut anywhere, are events or an error, the same as uncut; and any bytes are read as a
// refusal.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "trimtab/kubernetes/api_failure.h"
#include "trimtab/kubernetes/watch_decoder.h"

namespace trimtab {
namespace {

std::vector<std::string> Types(std::string_view text, std::size_t piece) {
  WatchDecoder decoder(4096);
  std::vector<std::string> types;
  while (!text.empty()) {
    const absl::Status status = decoder.Feed(text.substr(0, piece), [&](const WatchEvent& event) {
      types.push_back(event.type);
      return absl::OkStatus();
    });
    if (!status.ok()) return types;
    text.remove_prefix(std::min(piece, text.size()));
  }
  return types;
}

}  // namespace
}  // namespace trimtab

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (trimtab::Types(text, 1) != trimtab::Types(text, 7)) __builtin_trap();
  const trimtab::ApiFailure failure =
      trimtab::ReadApiFailure({.status = 422, .body = std::string(text)});
  const auto again = trimtab::ApiFailureOf(trimtab::ToStatus("x", failure));
  if (!again || again->code != 422 || again->causes.size() != failure.causes.size()) {
    __builtin_trap();
  }
  return 0;
}
