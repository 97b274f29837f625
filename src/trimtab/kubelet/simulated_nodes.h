// The simulated cluster as the nodes of a real one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/clock/clock.h"
#include "trimtab/interference/interference_player.h"
#include "trimtab/kubelet/hosted_pod.h"
#include "trimtab/kubelet/node_registry.h"
#include "trimtab/kubelet/pod_life.h"
#include "trimtab/kubelet/span_exporter.h"
#include "trimtab/kubelet/status_writer.h"
#include "trimtab/kubelet/world_series.h"
#include "trimtab/kubernetes/api_client.h"
#include "trimtab/kubernetes/object_watch.h"
#include "trimtab/server/socket_server.h"
#include "trimtab/simulation/simulated_cluster.h"

namespace trimtab {

struct SimulatedNodesOptions {
  // Hosted, without scrapes; the load begins when every microservice has a ready replica, and
  // interference with it.
  SimulatedClusterOptions simulation{};
  InterferencePlayer::Series interference{};       // of every host
  std::string name_space{};                        // of the application's workloads
  std::optional<ListenAddress> metrics_listen{};   // none: no series
  std::string otlp_endpoint{};                     // empty: no spans are exported
  int writers = 4;                                 // requests of status under way at once
  std::function<void(const std::string&)> note{};  // what happens, a line each; may be absent
};

// Registers the scenario's hosts as Nodes and does for the pods that a scheduler binds to them what
// a kubelet and a container runtime do, in wall-clock time. A pod whose controller is named as a
// microservice (of a Deployment through its ReplicaSet), in the application's namespace, is a
// replica of it on that very host and of its size; its work is simulated. Other pods simply run.
// Serves the series of exporters (world_series.h) at /metrics and exports sampled spans.
//
// A Node that is deleted, or whose annotation `trimtab.dev/fault` says "lost", is a lost machine:
// its Lease is not renewed, what ran there is gone, its exporters are silent. Without the
// annotation it is back, and its pods begin anew. An API server that goes away is only a delay.
// Thread-safety: as each method says. Cost: 1 % of a core for 51 pods and 180 requests/s.
class SimulatedNodes {
 public:
  // Both must outlive it. Registers the nodes; errors as NodeRegistry, SimulatedCluster and
  // SocketServer.
  static absl::StatusOr<std::unique_ptr<SimulatedNodes>> Start(ApiClient& client,
                                                               const Clock& clock,
                                                               ClusterScenario scenario,
                                                               SimulatedNodesOptions options);
  ~SimulatedNodes();  // without Stop() the nodes are left behind
  SimulatedNodes(const SimulatedNodes&) = delete;
  SimulatedNodes& operator=(const SimulatedNodes&) = delete;

  // Brings everything to the present instant; to be called every few hundredths of a second, from
  // one thread.
  void Step();
  // Ends everything and takes the nodes away. From the thread that calls Step(), once.
  absl::Status Stop();

  // From any thread.
  std::string Series() const;
  std::uint16_t metrics_port() const;  // 0: none
  SpanExporter::Account span_account() const;
  std::size_t pods() const;
  bool load_has_begun() const;
  // From the thread that calls Step().
  SimulatedCluster& cluster() { return *cluster_; }

 private:
  struct KnownReplica {
    std::string pod;
    double requests = 0;
    double failed = 0;
    Instant seen;  // when it was last there
  };
  using PodChange = ObjectChange<HostedPod>;

  SimulatedNodes(ApiClient& client, const Clock& clock, SimulatedNodesOptions options);
  absl::Status Begin(ClusterScenario scenario);
  void Watch();
  void KeepLeases(const std::stop_token& stop);
  void Note(const std::string& line) const;

  void TakeChanges();
  void TakeOwner(const ObjectMeta& replica_set, bool is_there);
  void TakeNode(const ObjectMeta& node, bool is_there);
  void TakePod(const PodChange& change);
  bool Admit(const HostedPod& pod);
  void Forget(const std::string& uid);
  void AdvancePods();
  void RememberReplica(const PodLife& life, Instant now);
  void ForgetPast(Instant now);
  void BeginLoad();
  void ExportSpans(bool all);
  ContainerConfig FreeOn(std::uint32_t host, const PodLife& but) const;
  std::optional<std::string> WorkloadOf(const HostedPod& pod) const;

  ApiClient& client_;
  const Clock& clock_;
  const SimulatedNodesOptions options_;
  Instant origin_;  // of simulated time
  std::unique_ptr<SimulatedCluster> cluster_;
  std::unique_ptr<InterferencePlayer> player_;  // from the beginning of the load on
  std::unique_ptr<NodeRegistry> registry_;
  std::unique_ptr<StatusWriter> writer_;
  std::unique_ptr<SpanExporter> exporter_;
  std::map<std::string, std::uint32_t> hosts_;          // by name
  std::map<std::string, std::uint32_t> microservices_;  // by name

  mutable std::mutex inbox_mutex_;
  // Guarded by inbox_mutex_.
  std::vector<PodChange> inbox_;
  // And whether it is there.
  std::vector<std::pair<ObjectMeta, bool>> owner_inbox_;
  std::vector<std::pair<ObjectMeta, bool>> node_inbox_;

  mutable std::mutex world_mutex_;
  // Guarded by world_mutex_, and changed only by Step().
  std::map<std::string, PodLife> pods_;             // by uid
  std::map<std::string, HostedPod> without_owner_;  // by uid: their ReplicaSet is not known yet
  std::map<std::pair<std::string, std::string>, OwnerReference> owners_;  // of ReplicaSets
  // By (microservice, ordinal): those that live, and those that ended some minutes ago at most.
  std::map<std::pair<std::uint32_t, std::uint32_t>, KnownReplica> replicas_;
  std::set<std::uint32_t> lost_hosts_;
  std::size_t pods_so_far_ = 0;
  Instant spans_sent_;
  bool load_has_begun_ = false;

  std::jthread leases_;
  std::unique_ptr<ObjectWatch<ObjectMeta>> node_watch_;
  std::unique_ptr<ObjectWatch<ObjectMeta>> replica_set_watch_;
  std::unique_ptr<ObjectWatch<HostedPod>> pod_watch_;
  std::unique_ptr<SocketServer> server_;  // the last: it ends before what it calls
};

}  // namespace trimtab
