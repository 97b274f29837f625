// The bytes of a watch as events.
#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace trimtab {

// One event of a watch: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR, and its object.
struct WatchEvent {
  std::string type;
  nlohmann::json object;
};

// Splits the stream into its lines, each a JSON object {type, object}. What a cut stream leaves
// unfinished is never an event. Thread-safety: none. Memory: one line.
class WatchDecoder {
 public:
  explicit WatchDecoder(std::size_t longest_line) : longest_line_(longest_line) {}

  // Calls `on_event` for each line that ends in this chunk, until it gives an error, which comes
  // back. kDataLoss: a line that is no event; kResourceExhausted: one longer than `longest_line`.
  absl::Status Feed(std::string_view chunk,
                    const std::function<absl::Status(const WatchEvent&)>& on_event);

 private:
  const std::size_t longest_line_;
  std::string unfinished_;
};

}  // namespace trimtab
