#include "trimtab/kubernetes/watch_decoder.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/kubernetes/json_view.h"

namespace trimtab {
namespace {

absl::StatusOr<WatchEvent> ReadEvent(std::string_view line) {
  auto json = JsonFromText(line);
  if (!json.ok()) {
    return absl::DataLossError(
        fmt::format("an event of the watch: {}", std::string(json.status().message())));
  }
  WatchEvent event{.type = TextAt(*json, {"type"}), .object = {}};
  const nlohmann::json* object = ValueAt(*json, {"object"});
  if (event.type.empty() || object == nullptr || !object->is_object()) {
    return absl::DataLossError("an event of the watch has no type or no object");
  }
  event.object = std::move((*json)["object"]);
  return event;
}

}  // namespace

absl::Status WatchDecoder::Feed(std::string_view chunk,
                                const std::function<absl::Status(const WatchEvent&)>& on_event) {
  while (!chunk.empty()) {
    const std::size_t end = chunk.find('\n');
    unfinished_.append(chunk.substr(0, end));
    if (unfinished_.size() > longest_line_) {
      return absl::ResourceExhaustedError(
          fmt::format("an event of the watch has more than {} bytes", longest_line_));
    }
    if (end == std::string_view::npos) return absl::OkStatus();
    chunk.remove_prefix(end + 1);
    const std::string line = std::exchange(unfinished_, {});
    if (line.empty()) continue;
    auto event = ReadEvent(line);
    if (!event.ok()) return event.status();
    if (absl::Status status = on_event(*event); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace trimtab
