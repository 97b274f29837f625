#include "tests/servers/control_plane.h"

#include <fmt/format.h>

#include <utility>

#include "tests/servers/programs.h"
#include "tests/servers/readiness.h"

namespace trimtab::servers {
namespace {

enum Port : size_t { kEtcd, kEtcdPeers, kApiServer, kControllerManager, kScheduler, kPortCount };

void Append(std::vector<std::string>& to, const std::vector<std::string>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

absl::StatusOr<std::unique_ptr<ControlPlane>> ControlPlane::Start(ControlPlaneOptions options) {
  absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make("control-plane");
  if (!folder.ok()) return folder.status();
  absl::StatusOr<CertificateAuthority> authority = CertificateAuthority::Create("test-ca");
  if (!authority.ok()) return authority.status();
  std::vector<PortLease> ports;
  while (ports.size() < kPortCount) {
    absl::StatusOr<PortLease> port = PortLease::Take();
    if (!port.ok()) return port.status();
    ports.push_back(*std::move(port));
  }
  std::unique_ptr<ControlPlane> plane(new ControlPlane(std::move(options), *std::move(folder),
                                                       *std::move(authority), std::move(ports)));
  for (const auto step : {&ControlPlane::WriteFiles, &ControlPlane::StartEtcd,
                          &ControlPlane::StartApiServer, &ControlPlane::StartClients}) {
    if (absl::Status status = (plane.get()->*step)(); !status.ok()) return status;
  }
  return plane;
}

ControlPlane::ControlPlane(ControlPlaneOptions options, TemporaryFolder folder,
                           CertificateAuthority authority, std::vector<PortLease> ports)
    : options_(std::move(options)),
      folder_(std::move(folder)),
      authority_(std::move(authority)),
      ports_(std::move(ports)),
      url_(fmt::format("https://{}", ports_[kApiServer].address())) {}

absl::Status ControlPlane::WriteFiles() {
  const absl::StatusOr<CertificateAuthority> front_proxy =
      CertificateAuthority::Create("test-front-proxy-ca");
  if (!front_proxy.ok()) return front_proxy.status();
  const absl::StatusOr<KeyPair> service_accounts = MakeKeyPair();
  if (!service_accounts.ok()) return service_accounts.status();
  absl::StatusOr<std::string> token = MakeToken();
  if (!token.ok()) return token.status();
  admin_token_ = *std::move(token);
  for (const auto& [name, content] : std::initializer_list<std::pair<const char*, std::string>>{
           {"ca.crt", authority_.certificate()},
           {"front-proxy-ca.crt", front_proxy->certificate()},
           {"service-accounts.key", service_accounts->private_key},
           {"service-accounts.pub", service_accounts->public_key},
           {"admin-token", admin_token_},
           {"tokens.csv", fmt::format("{},admin-token,1,\"system:masters\"\n", admin_token_)}}) {
    if (absl::Status status = folder_.Write(name, content).status(); !status.ok()) return status;
  }
  if (absl::Status status =
          WriteIssued("api-server", authority_,
                      {.common_name = "kube-apiserver",
                       .names = {"localhost", "127.0.0.1", "kubernetes.default.svc"}});
      !status.ok()) {
    return status;
  }
  if (absl::Status status =
          WriteIssued("front-proxy", *front_proxy, {.common_name = "front-proxy-client"});
      !status.ok()) {
    return status;
  }
  const std::initializer_list<std::pair<const char*, CertificateSubject>> users = {
      {"admin", {.common_name = "admin", .organizations = {"system:masters"}}},
      {"controller-manager", {.common_name = "system:kube-controller-manager"}},
      {"scheduler", {.common_name = "system:kube-scheduler"}}};
  for (const auto& [name, subject] : users) {
    if (absl::Status status = WriteIssued(name, authority_, subject); !status.ok()) return status;
    if (absl::Status status = WriteKubeconfig(
            name, fmt::format("client-certificate: {0}.crt, client-key: {0}.key", name));
        !status.ok()) {
      return status;
    }
  }
  return WriteKubeconfig("admin-token", "tokenFile: admin-token");
}

absl::Status ControlPlane::WriteIssued(std::string_view name, const CertificateAuthority& authority,
                                       const CertificateSubject& subject) const {
  const absl::StatusOr<Credentials> issued = authority.Issue(subject);
  if (!issued.ok()) return issued.status();
  if (absl::Status status =
          folder_.Write(fmt::format("{}.crt", name), issued->certificate).status();
      !status.ok()) {
    return status;
  }
  return folder_.Write(fmt::format("{}.key", name), issued->private_key).status();
}

// Names of files are relative to the kubeconfig's folder.
absl::Status ControlPlane::WriteKubeconfig(std::string_view name, std::string_view user) const {
  return folder_
      .Write(fmt::format("{}.kubeconfig", name),
             fmt::format("apiVersion: v1\n"
                         "kind: Config\n"
                         "current-context: test\n"
                         "clusters:\n"
                         "- name: test\n"
                         "  cluster: {{server: \"{}\", certificate-authority: ca.crt}}\n"
                         "contexts:\n"
                         "- name: test\n"
                         "  context: {{cluster: test, user: {}}}\n"
                         "users:\n"
                         "- name: {}\n"
                         "  user: {{{}}}\n",
                         url_, name, name, user))
      .status();
}

absl::StatusOr<std::unique_ptr<ChildProcess>> ControlPlane::Launch(
    std::string_view program, std::vector<std::string> arguments) const {
  absl::StatusOr<std::string> path = ProgramPath(program);
  if (!path.ok()) return path.status();
  arguments.insert(arguments.begin(), *std::move(path));
  return ChildProcess::Start(
      {.command = std::move(arguments), .log_file = folder_.File(fmt::format("{}.log", program))});
}

absl::Status ControlPlane::StartEtcd() {
  const std::string clients = fmt::format("http://{}", ports_[kEtcd].address());
  const std::string peers = fmt::format("http://{}", ports_[kEtcdPeers].address());
  absl::StatusOr<std::unique_ptr<ChildProcess>> started = Launch(
      "etcd", {"--data-dir", folder_.File("etcd"), "--listen-client-urls", clients,
               "--advertise-client-urls", clients, "--listen-peer-urls", peers,
               "--initial-advertise-peer-urls", peers, "--initial-cluster",
               fmt::format("default={}", peers), "--unsafe-no-fsync", "--log-level", "warn"});
  if (!started.ok()) return started.status();
  etcd_ = *std::move(started);
  return WaitUntilReady(*etcd_, {.url = clients + "/health"}, options_.start_limit);
}

absl::Status ControlPlane::StartApiServer() {
  std::vector<std::string> arguments = {
      "--etcd-servers", fmt::format("http://{}", ports_[kEtcd].address()), "--bind-address",
      "127.0.0.1",
      // Of the range for documentation: loopback is refused here, and nobody is to go there.
      "--advertise-address", "192.0.2.2", "--endpoint-reconciler-type", "none", "--secure-port",
      fmt::format("{}", ports_[kApiServer].port()), "--tls-cert-file",
      folder_.File("api-server.crt"), "--tls-private-key-file", folder_.File("api-server.key"),
      "--client-ca-file", folder_.File("ca.crt"), "--token-auth-file", folder_.File("tokens.csv"),
      "--authorization-mode", "RBAC", "--service-account-issuer", "https://kubernetes.default.svc",
      "--service-account-signing-key-file", folder_.File("service-accounts.key"),
      "--service-account-key-file", folder_.File("service-accounts.pub"),
      "--service-cluster-ip-range", "10.96.0.0/16", "--requestheader-client-ca-file",
      folder_.File("front-proxy-ca.crt"), "--requestheader-allowed-names", "front-proxy-client",
      "--requestheader-username-headers", "X-Remote-User", "--requestheader-group-headers",
      "X-Remote-Group", "--requestheader-extra-headers-prefix", "X-Remote-Extra-",
      "--proxy-client-cert-file", folder_.File("front-proxy.crt"), "--proxy-client-key-file",
      folder_.File("front-proxy.key")};
  if (!options_.audit_policy.empty()) {
    absl::StatusOr<std::string> policy = folder_.Write("audit-policy.yaml", options_.audit_policy);
    if (!policy.ok()) return policy.status();
    Append(arguments, {"--audit-policy-file", *std::move(policy), "--audit-log-path", audit_log(),
                       "--audit-log-mode", "blocking"});
  }
  Append(arguments, options_.api_server_flags);
  absl::StatusOr<std::unique_ptr<ChildProcess>> started =
      Launch("kube-apiserver", std::move(arguments));
  if (!started.ok()) return started.status();
  api_server_ = *std::move(started);
  return WaitUntilReady(*api_server_,
                        {.url = url_ + "/readyz", .ca_file = ca_file(), .token = admin_token_},
                        options_.start_limit);
}

absl::Status ControlPlane::StartClients() {
  const auto common = [this](std::string_view user, Port port) {
    return std::vector<std::string>{
        "--kubeconfig",        folder_.File(fmt::format("{}.kubeconfig", user)),
        "--bind-address",      "127.0.0.1",
        "--secure-port",       fmt::format("{}", ports_[port].port()),
        "--leader-elect=false"};
  };
  std::vector<std::string> manager = common("controller-manager", kControllerManager);
  Append(manager, {"--service-account-private-key-file", folder_.File("service-accounts.key"),
                   "--root-ca-file", ca_file(), "--use-service-account-credentials=true",
                   "--horizontal-pod-autoscaler-sync-period", "2s", "--kube-api-qps", "200",
                   "--kube-api-burst", "400"});
  Append(manager, options_.controller_manager_flags);
  absl::StatusOr<std::unique_ptr<ChildProcess>> started =
      Launch("kube-controller-manager", std::move(manager));
  if (!started.ok()) return started.status();
  controller_manager_ = *std::move(started);

  std::vector<std::string> scheduler = common("scheduler", kScheduler);
  Append(scheduler, {"--kube-api-qps", "500", "--kube-api-burst", "1000"});
  Append(scheduler, options_.scheduler_flags);
  started = Launch("kube-scheduler", std::move(scheduler));
  if (!started.ok()) return started.status();
  scheduler_ = *std::move(started);

  const auto healthy = [this](ChildProcess& process, Port port) {
    return WaitUntilReady(process,
                          {.url = fmt::format("https://{}/healthz", ports_[port].address())},
                          options_.start_limit);
  };
  if (absl::Status status = healthy(*controller_manager_, kControllerManager); !status.ok()) {
    return status;
  }
  return healthy(*scheduler_, kScheduler);
}

absl::StatusOr<std::string> ControlPlane::Kubectl(std::vector<std::string> arguments,
                                                  std::string_view input) const {
  absl::StatusOr<std::string> path = ProgramPath("kubectl");
  if (!path.ok()) return path.status();
  // Its cache would be in the home folder.
  arguments.insert(arguments.begin(), {*std::move(path), "--kubeconfig", kubeconfig(),
                                       "--cache-dir", folder_.File("kubectl-cache")});
  return RunCommand(std::move(arguments), {.input = input});
}

void ControlPlane::KillApiServer() { api_server_.reset(); }

absl::Status ControlPlane::RestartApiServer() {
  KillApiServer();
  return StartApiServer();
}

std::vector<pid_t> ControlPlane::pids() const {
  std::vector<pid_t> pids;
  for (const auto* process : {&etcd_, &api_server_, &controller_manager_, &scheduler_}) {
    if (*process != nullptr) pids.push_back((*process)->pid());
  }
  return pids;
}

}  // namespace trimtab::servers
