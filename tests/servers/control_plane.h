// A real Kubernetes control plane without nodes, on this machine alone.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/servers/certificates.h"
#include "tests/servers/child_process.h"
#include "tests/servers/port_lease.h"
#include "tests/servers/temporary_folder.h"

namespace trimtab::servers {

struct ControlPlaneOptions {
  // Added after the flags below, which they override.
  std::vector<std::string> api_server_flags = {};
  std::vector<std::string> controller_manager_flags = {};
  std::vector<std::string> scheduler_flags = {};
  // An audit policy in YAML: what ControlPlane::audit_log() tells of; none when empty.
  std::string audit_policy = {};
  // How long each server may take until it is ready.
  std::chrono::milliseconds start_limit = std::chrono::seconds(60);
};

// etcd, kube-apiserver (RBAC, loopback, service account tokens, request headers for aggregated
// servers), kube-controller-manager (autoscaling every 2 s) and kube-scheduler, each ready when
// Start returns. Data, keys and logs are in a temporary folder; ports are leased, so several run
// side by side. Everything ends with the object, by SIGKILL: a kube-apiserver that is asked to end
// waits up to a minute for open watches. It also ends with the thread that started it. Not
// thread-safe. Costs some 6 s to start and 0.5 GiB.
class ControlPlane {
 public:
  // Fails when a program is missing, or with the end of the log of the server that did not start.
  static absl::StatusOr<std::unique_ptr<ControlPlane>> Start(ControlPlaneOptions options = {});

  // "https://127.0.0.1:PORT"
  const std::string& url() const { return url_; }
  // The certificate that the API server's comes from.
  std::string ca_file() const { return folder_.File("ca.crt"); }
  // Kubeconfig of an administrator (group system:masters) with a client certificate.
  std::string kubeconfig() const { return folder_.File("admin.kubeconfig"); }
  // The same with the token below.
  std::string token_kubeconfig() const { return folder_.File("admin-token.kubeconfig"); }
  const std::string& admin_token() const { return admin_token_; }
  // A file that holds the token.
  std::string admin_token_file() const { return folder_.File("admin-token"); }
  // Client certificates of its own are users; server certificates are trusted by ca_file().
  const CertificateAuthority& authority() const { return authority_; }

  // Runs `kubectl` as the administrator, with `input` as its standard input; returns its output.
  absl::StatusOr<std::string> Kubectl(std::vector<std::string> arguments,
                                      std::string_view input = {}) const;

  // SIGKILL to kube-apiserver; does nothing when it is not running.
  void KillApiServer();
  // Starts it again on its port, with the same data; returns when it is ready. The controller
  // manager and the scheduler find it again by themselves.
  absl::Status RestartApiServer();

  const std::string& folder() const { return folder_.path(); }
  // One JSON object a line, written before the request it tells of is over.
  std::string audit_log() const { return folder_.File("audit.log"); }
  // Of the servers that run.
  std::vector<pid_t> pids() const;

 private:
  ControlPlane(ControlPlaneOptions options, TemporaryFolder folder, CertificateAuthority authority,
               std::vector<PortLease> ports);

  absl::Status WriteFiles();
  absl::Status WriteIssued(std::string_view name, const CertificateAuthority& authority,
                           const CertificateSubject& subject) const;
  absl::Status WriteKubeconfig(std::string_view name, std::string_view user) const;
  absl::StatusOr<std::unique_ptr<ChildProcess>> Launch(std::string_view program,
                                                       std::vector<std::string> arguments) const;
  absl::Status StartEtcd();
  absl::Status StartApiServer();
  absl::Status StartClients();

  const ControlPlaneOptions options_;
  const TemporaryFolder folder_;
  const CertificateAuthority authority_;
  const std::vector<PortLease> ports_;
  const std::string url_;
  std::string admin_token_;
  // In the order of their start; destroyed in reverse, before the folder they write to.
  std::unique_ptr<ChildProcess> etcd_;
  std::unique_ptr<ChildProcess> api_server_;
  std::unique_ptr<ChildProcess> controller_manager_;
  std::unique_ptr<ChildProcess> scheduler_;
};

}  // namespace trimtab::servers
