#include "tests/servers/prometheus_server.h"

#include <fmt/format.h>

#include <utility>

#include "tests/servers/programs.h"
#include "tests/servers/readiness.h"

namespace trimtab::servers {

absl::StatusOr<std::unique_ptr<PrometheusServer>> PrometheusServer::Start(
    PrometheusOptions options) {
  absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make("prometheus");
  if (!folder.ok()) return folder.status();
  absl::StatusOr<PortLease> port = PortLease::Take();
  if (!port.ok()) return port.status();
  std::unique_ptr<PrometheusServer> server(
      new PrometheusServer(std::move(options), *std::move(folder), *std::move(port)));
  if (absl::Status status = server->Restart(); !status.ok()) return status;
  return server;
}

PrometheusServer::PrometheusServer(PrometheusOptions options, TemporaryFolder folder,
                                   PortLease port)
    : options_(std::move(options)),
      folder_(std::move(folder)),
      port_(std::move(port)),
      url_(fmt::format("{}://{}",
                       options_.web_configuration.find("tls_server_config") == std::string::npos
                           ? "http"
                           : "https",
                       port_.address())) {}

void PrometheusServer::Kill() { process_.reset(); }

absl::Status PrometheusServer::Restart() {
  Kill();
  absl::StatusOr<std::string> path = ProgramPath("prometheus");
  if (!path.ok()) return path.status();
  const absl::StatusOr<std::string> configuration =
      folder_.Write("prometheus.yml", options_.configuration);
  if (!configuration.ok()) return configuration.status();
  std::vector<std::string> command = {*std::move(path), "--config.file=" + *configuration,
                                      "--storage.tsdb.path=" + folder_.File("data"),
                                      "--web.listen-address=" + port_.address(),
                                      "--log.level=warn"};
  command.insert(command.end(), options_.flags.begin(), options_.flags.end());
  for (const auto& [name, content] : options_.files) {
    if (const auto written = folder_.Write(name, content); !written.ok()) return written.status();
  }
  if (!options_.web_configuration.empty()) {
    const auto web = folder_.Write("web.yml", options_.web_configuration);
    if (!web.ok()) return web.status();
    command.push_back("--web.config.file=" + *web);
  }
  absl::StatusOr<std::unique_ptr<ChildProcess>> started = ChildProcess::Start(
      {.command = std::move(command), .log_file = folder_.File("prometheus.log")});
  if (!started.ok()) return started.status();
  process_ = *std::move(started);
  std::string ready = url_ + "/-/ready";
  if (!options_.login.empty()) ready.insert(ready.find("://") + 3, options_.login + "@");
  return WaitUntilReady(*process_, {.url = ready}, options_.start_limit);
}

std::vector<pid_t> PrometheusServer::pids() const {
  if (process_ == nullptr) return {};
  return {process_->pid()};
}

}  // namespace trimtab::servers
