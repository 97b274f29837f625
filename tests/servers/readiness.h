// Asks a server over HTTP whether it is ready.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <chrono>
#include <string>

#include "tests/servers/child_process.h"

namespace trimtab::servers {

struct HttpQuestion {
  std::string url;
  std::string ca_file = {};  // whom an https server's certificate must come from; empty: anyone
  std::string token = {};    // sent as a bearer token unless empty
};

struct HttpReply {
  long status = 0;
  std::string body;
};

// One GET, within five seconds and without proxies. Fails when there is no answer; an answer of any
// status is none of its failures.
absl::StatusOr<HttpReply> HttpGet(const HttpQuestion& question);

// Asks until the answer is 200. Fails when the process ends before, or the limit passes: with the
// last answer and the end of the process's log.
absl::Status WaitUntilReady(ChildProcess& process, const HttpQuestion& question,
                            std::chrono::milliseconds limit);

}  // namespace trimtab::servers
