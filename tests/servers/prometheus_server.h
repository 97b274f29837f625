// A real Prometheus server on this machine.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/servers/child_process.h"
#include "tests/servers/port_lease.h"
#include "tests/servers/temporary_folder.h"

namespace trimtab::servers {

struct PrometheusOptions {
  // The whole of its configuration file, in YAML: scrape intervals and targets.
  std::string configuration = "scrape_configs: []\n";
  std::vector<std::string> flags = {};  // added after its own
  // The file of --web.config.file, for TLS and basic authentication; empty: neither. `files`, by
  // name, lie beside it.
  std::string web_configuration = {};
  std::map<std::string, std::string> files = {};
  std::string login = {};  // "user:password" to ask with whether it is ready
  std::chrono::milliseconds start_limit = std::chrono::seconds(60);
};

// Ready when Start returns; ends with the object, or with the thread that started it, by SIGKILL.
// Data and log are in a temporary folder. Not thread-safe. Costs some 0.1 s; the
// first scrape comes some 5 s later.
class PrometheusServer {
 public:
  // Fails when the program is missing, or with the end of its log when it does not start.
  static absl::StatusOr<std::unique_ptr<PrometheusServer>> Start(PrometheusOptions options = {});

  // "http://127.0.0.1:PORT", https with a `tls_server_config` in the web configuration
  const std::string& url() const { return url_; }
  const std::string& folder() const { return folder_.path(); }

  // SIGKILL; does nothing when it is not running.
  void Kill();
  // Starts it again on its port, with its data; returns when it is ready.
  absl::Status Restart();
  // Of the process, while it runs.
  std::vector<pid_t> pids() const;

 private:
  PrometheusServer(PrometheusOptions options, TemporaryFolder folder, PortLease port);

  const PrometheusOptions options_;
  const TemporaryFolder folder_;
  const PortLease port_;
  const std::string url_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace trimtab::servers
