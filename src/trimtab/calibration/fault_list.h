// When faults were injected into which pods of a recorded system.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// From `start` to `end` the own latencies of this pod are those of a broken one.
struct FaultWindow {
  std::string pod;
  Instant start;
  Instant end;
};

// `text` is JSON: lists of {"inject_time": "2023-01-29 08:43:04" (UTC), "inject_pod": NAME, ...}
// under any keys. A window begins `before` the injection and ends `after` it. kInvalidArgument with
// file and value: not of that form, or a time that is none.
absl::StatusOr<std::vector<FaultWindow>> ParseFaultList(std::string_view text,
                                                        std::string_view name,
                                                        Duration before = std::chrono::seconds(60),
                                                        Duration after = std::chrono::seconds(180));

}  // namespace trimtab
