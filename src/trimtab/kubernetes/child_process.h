// A program run to its end, for what it prints.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/clock/clock.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct ChildProcess {
  std::string command{};  // looked for in PATH unless it has a '/'
  std::vector<std::string> arguments{};
  // Added to this process's environment, in place of variables of the same name.
  std::vector<std::pair<std::string, std::string>> environment{};
  bool may_read_terminal = false;  // otherwise its standard input is empty
  Duration timeout = std::chrono::minutes(1);
  Bytes largest_output = Mebibytes(1);
};

// Its standard output. Errors name the command and never what it printed: kNotFound: there is no
// such program; kUnavailable: it ended with another code than 0 or by a signal; kDeadlineExceeded
// and kResourceExhausted: it was killed for that. No child is left behind. Thread-safe.
absl::StatusOr<std::string> RunChild(const ChildProcess& child, const Clock& clock);

}  // namespace trimtab
