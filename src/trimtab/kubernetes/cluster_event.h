// Events that `kubectl describe` shows beside an object.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "trimtab/kubernetes/api_client.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct ClusterEvent {
  // The object it is about. One of the cluster, not of a namespace, is told of in "default".
  std::string api_version{}, kind{}, name_space{}, name{}, uid{};
  bool is_warning = false;
  std::string reason{};  // one word, at most 128 bytes: "ScaledUp"
  std::string action{};  // what was done or tried, one word, at most 128 bytes
  std::string note{};    // for people; cut to 1 kB, the bound of the API
  // Who tells: "trimtab.dev/trimtab", and the name of its pod.
  std::string controller = "trimtab.dev/trimtab";
  std::string instance{};
};

// Creates it (events.k8s.io/v1). Names are made of object, reason and time, so that the same event
// of one instant exists once: kAlreadyExists. How often to tell is the caller's.
absl::Status CreateEvent(ApiClient& client, const ClusterEvent& event, Instant now,
                         const WriteOptions& options = {});

}  // namespace trimtab
