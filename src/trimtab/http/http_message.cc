#include "trimtab/http/http_message.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace trimtab {

const std::string* HttpResponse::Header(std::string_view name) const {
  const absl::string_view wanted(name.data(), name.size());
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const HttpHeader& header) {
    return absl::EqualsIgnoreCase(header.name, wanted);
  });
  return found == headers.end() ? nullptr : &found->value;
}

std::optional<Duration> RetryAfter(const HttpResponse& response) {
  const std::string* text = response.Header("Retry-After");
  if (text == nullptr) return std::nullopt;
  std::uint32_t seconds = 0;
  const char* end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, seconds);
  if (error != std::errc() || rest != end) return std::nullopt;
  return std::min<Duration>(std::chrono::seconds(seconds), std::chrono::hours(24));
}

}  // namespace trimtab
