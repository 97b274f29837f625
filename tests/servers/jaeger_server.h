// A real Jaeger, all in one process, on this machine.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/servers/child_process.h"
#include "tests/servers/port_lease.h"
#include "tests/servers/temporary_folder.h"

namespace trimtab::servers {

struct JaegerOptions {
  std::vector<std::string> flags =
      {};  // added after its own: --memory.max-traces=30000 and the ports
  std::chrono::milliseconds start_limit = std::chrono::seconds(60);
};

// Collector, query service and a store in memory. Ready when Start returns; ends with the object,
// or with the thread that started it, by SIGKILL: asked to end it takes ten seconds. Each of its
// eleven ports is leased, so several run side by side. Not thread-safe. Costs some 0.1 s.
class JaegerServer {
 public:
  // Fails when the program is missing, or with the end of its log when it does not start.
  static absl::StatusOr<std::unique_ptr<JaegerServer>> Start(JaegerOptions options = {});

  // Query API v1 and v3 over HTTP: "http://127.0.0.1:PORT"
  std::string query_url() const;
  // Where OTLP over HTTP is taken: "http://127.0.0.1:PORT", to which a client adds /v1/traces.
  std::string otlp_http_url() const;
  // Where OTLP over gRPC is taken: "127.0.0.1:PORT"
  std::string otlp_grpc_address() const;
  // Health and, under /metrics, its own counters.
  std::string admin_url() const;
  const std::string& folder() const { return folder_.path(); }

  // SIGKILL; does nothing when it is not running. Its traces are gone.
  void Kill();
  // Starts it again on its ports, empty; returns when it is ready.
  absl::Status Restart();
  // Of the process, while it runs.
  std::vector<pid_t> pids() const;

 private:
  JaegerServer(JaegerOptions options, TemporaryFolder folder, std::vector<PortLease> ports);

  const JaegerOptions options_;
  const TemporaryFolder folder_;
  const std::vector<PortLease> ports_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace trimtab::servers
