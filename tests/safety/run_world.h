// `trimtab run` as it is shipped, on a real control plane and a real Prometheus: applications of
// two workloads, each with a process of its own, and all that it says.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "tests/safety/audited_write.h"
#include "tests/safety/run_profile.h"
#include "tests/safety/span_spreader.h"
#include "tests/servers/child_process.h"
#include "tests/servers/control_plane.h"
#include "tests/servers/fault_proxy.h"
#include "tests/servers/port_lease.h"
#include "tests/servers/prometheus_server.h"
#include "tests/servers/temporary_folder.h"
#include "trimtab/application/allocation.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/kubelet/testing/nodes_world.h"
#include "trimtab/kubernetes/api_client.h"

namespace trimtab {

// The control plane with the CRD, and a Prometheus that scrapes every second what it is told.
class RunWorld {
 public:
  static absl::StatusOr<std::unique_ptr<RunWorld>> Start();

  servers::ControlPlane& plane() { return *plane_; }
  servers::PrometheusServer& prometheus() { return *prometheus_; }
  ApiClient& client() { return *client_; }
  const Clock& clock() const { return clock_; }
  // A file in a folder that ends with the world.
  std::string File(std::string_view name) const { return folder_.File(name); }
  std::string profile() const { return File("profile.json"); }
  absl::StatusOr<std::string> Write(std::string_view name, std::string_view text) const {
    return folder_.Write(name, text);
  }
  // A kubeconfig with the administrator's token for the API server, or a proxy, at the URL.
  absl::StatusOr<std::string> Kubeconfig(std::string_view name, std::string_view url) const;
  absl::Status Scrape(const std::string& address);

 private:
  explicit RunWorld(servers::TemporaryFolder folder) : folder_(std::move(folder)) {}

  SystemClock clock_;
  const servers::TemporaryFolder folder_;
  std::unique_ptr<servers::ControlPlane> plane_;
  std::unique_ptr<servers::PrometheusServer> prometheus_;
  std::unique_ptr<ApiClient> client_;
  std::vector<std::string> targets_;
};

// What the controller wants, as long as nothing keeps it from it; it lowers nothing in the first 25
// s.
enum class Wants { kRaise, kLower };

struct RunOptions {
  std::string name;  // of the namespace, the AppScaler and the node
  Wants wants = Wants::kRaise;
  std::string prometheus_url{};          // empty: the world's
  std::vector<std::string> arguments{};  // of `trimtab run`, after the rig's own
  // Spans go to both processes in turn, and the one that does not lead sends them on to the other;
  // they then have the addresses of their receivers as their identities.
  bool spreads_spans = false;
};

inline constexpr MicroserviceAllocation kRunBefore{2, {Millicores(400), Mebibytes(200)}};

// One application in a namespace and on a node of its own, under 20 requests/s, and its processes.
class RunCase {
 public:
  // `world` must outlive it.
  RunCase(RunWorld& world, RunOptions options);
  ~RunCase();  // ends the processes, the node and the namespace
  RunCase(const RunCase&) = delete;
  RunCase& operator=(const RunCase&) = delete;

  const std::string& name() const { return options_.name; }
  // Workloads, node and AppScaler; the pods take some seconds.
  absl::Status Make();
  bool PodsAreReady();
  // `trimtab run` behind the proxy. A second process of another identity beside it, or the same
  // again after its end; they share the journal's folder.
  absl::Status StartTrimtab(const std::string& identity = "a");
  servers::ChildProcess* trimtab(std::string_view identity = "a");
  servers::FaultProxy& proxy() { return *proxy_; }
  SpanSpreader* spreader() { return spreader_.get(); }  // null where spans are not spread

  // The AppScaler as it is stored.
  nlohmann::json Scaler();
  // "False/NotSynced: pods: not heard of ..."; empty: not there.
  std::string Condition(std::string_view type);
  // "127.0.0.1:PORT" of its listeners.
  std::string HealthAddress(std::string_view identity = "a");
  std::string MetricsAddress(std::string_view identity = "a");
  // The page of own metrics; empty: no answer.
  std::string Metrics(std::string_view identity = "a");
  // The value of a series of that page, `trimtab_leader`, `trimtab_source_up{source="otlp"}`.
  std::optional<double> Metric(std::string_view series, std::string_view identity = "a");
  // What `trimtab explain --export jsonl` prints of the journal.
  std::string Explain();
  // Whether it holds the words.
  bool Explains(std::string_view words) { return Explain().find(words) != std::string::npos; }
  std::string Log(std::string_view identity = "a") const;
  std::string JournalFile() const;
  nlohmann::json Lease();

  // Writes of replicas and sizes that the API server stored.
  std::vector<AuditedWrite> StoredChanges() const;
  // Which of them, or of the workloads and pods as they are now, is smaller than kRunBefore; empty:
  // none.
  std::string Smaller();
  // Whether the API server stored something larger, or smaller, than kRunBefore.
  bool HasRaised() const;
  bool HasLowered() const;
  // Everything that people would look at, for the message of a failure.
  std::string Describe();

 private:
  struct Process {
    std::string identity;
    servers::PortLease metrics, health, otlp;
    std::unique_ptr<servers::ChildProcess> child;
  };
  Process* Find(std::string_view identity);
  absl::Status MakeNodes(const std::string& otlp);
  absl::Status MakeObjects();
  std::vector<std::string> Arguments(const Process& process, const std::string& kubeconfig) const;

  RunWorld& world_;
  const RunOptions options_;
  std::unique_ptr<servers::FaultProxy> proxy_;
  std::unique_ptr<SpanSpreader> spreader_;
  std::unique_ptr<SteppedNodes> nodes_;
  std::vector<std::unique_ptr<Process>> processes_;
};

}  // namespace trimtab
