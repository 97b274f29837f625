#include "tests/servers/jaeger_server.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

#include "tests/servers/programs.h"
#include "tests/servers/readiness.h"

namespace trimtab::servers {
namespace {

// Every flag that names a port: one left at its default, and a second Jaeger does not start.
constexpr std::array<std::string_view, 11> kPortFlags = {
    "query.http-server.host-port",
    "query.grpc-server.host-port",
    "collector.otlp.http.host-port",
    "collector.otlp.grpc.host-port",
    "admin.http.host-port",
    "collector.http-server.host-port",
    "collector.grpc-server.host-port",
    "http-server.host-port",
    "processor.jaeger-compact.server-host-port",
    "processor.jaeger-binary.server-host-port",
    "processor.zipkin-compact.server-host-port",
};
enum Port : size_t { kQuery = 0, kOtlpHttp = 2, kOtlpGrpc = 3, kAdmin = 4 };

std::string Url(const PortLease& port) { return fmt::format("http://{}", port.address()); }

}  // namespace

absl::StatusOr<std::unique_ptr<JaegerServer>> JaegerServer::Start(JaegerOptions options) {
  absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make("jaeger");
  if (!folder.ok()) return folder.status();
  std::vector<PortLease> ports;
  while (ports.size() < kPortFlags.size()) {
    absl::StatusOr<PortLease> port = PortLease::Take();
    if (!port.ok()) return port.status();
    ports.push_back(*std::move(port));
  }
  std::unique_ptr<JaegerServer> server(
      new JaegerServer(std::move(options), *std::move(folder), std::move(ports)));
  if (absl::Status status = server->Restart(); !status.ok()) return status;
  return server;
}

JaegerServer::JaegerServer(JaegerOptions options, TemporaryFolder folder,
                           std::vector<PortLease> ports)
    : options_(std::move(options)), folder_(std::move(folder)), ports_(std::move(ports)) {}

std::string JaegerServer::query_url() const { return Url(ports_[kQuery]); }
std::string JaegerServer::otlp_http_url() const { return Url(ports_[kOtlpHttp]); }
std::string JaegerServer::otlp_grpc_address() const { return ports_[kOtlpGrpc].address(); }
std::string JaegerServer::admin_url() const { return Url(ports_[kAdmin]); }

void JaegerServer::Kill() { process_.reset(); }

absl::Status JaegerServer::Restart() {
  Kill();
  absl::StatusOr<std::string> path = ProgramPath("jaeger");
  if (!path.ok()) return path.status();
  std::vector<std::string> command = {*std::move(path), "--memory.max-traces=30000"};
  for (size_t i = 0; i < kPortFlags.size(); ++i) {
    command.push_back(fmt::format("--{}={}", kPortFlags[i], ports_[i].address()));
  }
  command.insert(command.end(), options_.flags.begin(), options_.flags.end());
  absl::StatusOr<std::unique_ptr<ChildProcess>> started = ChildProcess::Start(
      {.command = std::move(command),
       .environment = {"SPAN_STORAGE_TYPE=memory", "COLLECTOR_OTLP_ENABLED=true"},
       .log_file = folder_.File("jaeger.log")});
  if (!started.ok()) return started.status();
  process_ = *std::move(started);
  return WaitUntilReady(*process_, {.url = admin_url() + "/"}, options_.start_limit);
}

std::vector<pid_t> JaegerServer::pids() const {
  if (process_ == nullptr) return {};
  return {process_->pid()};
}

}  // namespace trimtab::servers
