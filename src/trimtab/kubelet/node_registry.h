// The hosts of a scenario as Nodes of a cluster, kept Ready.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "trimtab/clock/clock.h"
#include "trimtab/kubernetes/api_client.h"
#include "trimtab/simulation/scenario.h"

namespace trimtab {

// What marks the Nodes: a label, by whose value a scenario knows its own again, and a taint, so
// that only pods come that say they may.
inline constexpr std::string_view kSimulatedLabel = "trimtab.dev/simulated";
// The text as a label's value, which has at most 63 letters, digits, '-' and '.'.
std::string LabelValue(std::string text);

// Where a Node's address and the pods' are: TEST-NET-1 of RFC 5737 and a private range.
std::string NodeAddress(std::size_t host);
std::string PodAddress(std::size_t host, std::size_t pod);

// Registers each host as a Node with the host's capacity, renews its Lease in kube-node-lease every
// 10 s, and takes away what it made. A Node that somebody deletes stays deleted, as a lost machine.
// Thread-safety: SetLost() from any thread, everything else from one at a time.
class NodeRegistry {
 public:
  // All must outlive it. `scenario` stands in the label's value.
  NodeRegistry(ApiClient& client, const Clock& clock, const ClusterScenario& scenario)
      : client_(client), clock_(clock), scenario_(scenario) {}

  // kAlreadyExists: a node of that name is somebody else's. What an earlier run left is taken over.
  absl::Status Register(const std::stop_token& stop);
  // The selector of the Nodes that it makes.
  std::string LabelSelector() const;
  // Whether that is the Node that was registered, and no other of its name.
  bool IsOurs(const std::string& node, const std::string& uid) const;
  // The Lease of a lost node is not renewed.
  void SetLost(const std::string& node, bool is_lost);
  // One renewal of each Lease; the first error.
  absl::Status RenewLeases(const std::stop_token& stop);
  // Deletes the Nodes, and with them their Leases. The first error, with the names of what is left.
  absl::Status Remove();

 private:
  absl::Status RegisterHost(std::size_t host, const std::stop_token& stop);
  absl::Status RenewLease(const std::string& node, const std::string& uid,
                          const std::stop_token& stop);

  ApiClient& client_;
  const Clock& clock_;
  const ClusterScenario& scenario_;
  std::map<std::string, std::string> uids_;  // of the Nodes, by name
  std::mutex mutex_;
  std::set<std::string> lost_;  // guarded by mutex_
};

}  // namespace trimtab
