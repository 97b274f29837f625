#include "trimtab/kubernetes/cluster_event.h"

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/resource_type.h"
#include "trimtab/kubernetes/timestamp.h"

namespace trimtab {
namespace {

constexpr std::size_t kLongestNote = 1024;
constexpr std::size_t kLongestName = 253;

// At most so many bytes, never through the middle of a character.
std::string Cut(const std::string& text, std::size_t longest) {
  if (text.size() <= longest) return text;
  std::size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

}  // namespace

absl::Status CreateEvent(ApiClient& client, const ClusterEvent& event, Instant now,
                         const WriteOptions& options) {
  const std::string where = event.name_space.empty() ? "default" : event.name_space;
  const std::string suffix =
      fmt::format(".{}.{:x}", absl::AsciiStrToLower(event.reason), now.time_since_epoch().count());
  if (suffix.size() > kLongestName) {
    return absl::InvalidArgumentError(
        fmt::format("event reason '{}': {} bytes, must be at most 128", event.reason.substr(0, 64),
                    event.reason.size()));
  }
  nlohmann::json object = {
      {"apiVersion", "events.k8s.io/v1"},
      {"kind", "Event"},
      {"metadata",
       {{"name", Cut(event.name, kLongestName - suffix.size()) + suffix}, {"namespace", where}}},
      {"eventTime", FormatMicroTimestamp(now)},
      {"reportingController", event.controller},
      {"reportingInstance", event.instance},
      {"action", event.action},
      {"reason", event.reason},
      {"type", event.is_warning ? "Warning" : "Normal"},
      {"note", Cut(event.note, kLongestNote)},
      {"regarding",
       {{"apiVersion", event.api_version},
        {"kind", event.kind},
        {"namespace", event.name_space},
        {"name", event.name},
        {"uid", event.uid}}}};
  return client.Create(ResourcePath(kEvents, where), object, options).status();
}

}  // namespace trimtab
