// Where the objects of a kind are, for any kind that has a scale subresource.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "trimtab/kubernetes/api_client.h"
#include "trimtab/kubernetes/autoscaler_view.h"
#include "trimtab/kubernetes/workload_writes.h"

namespace trimtab {

// Whether watches follow the kind; of others the scale is read.
bool IsWatchedKind(const ScaleTarget& target);

// Asks the server once for each kind that it does not know itself. One caller at a time.
class ScaleKinds {
 public:
  // `client` must outlive it.
  explicit ScaleKinds(ApiClient& client) : client_(client) {}

  // The target in that namespace; it refers to this object. kNotFound: the server has no such kind,
  // or it has no scale subresource.
  absl::StatusOr<ObjectName> Find(std::string_view name_space, const ScaleTarget& target);

 private:
  struct Names {
    std::string group, version, plural;
  };
  absl::StatusOr<Names> Discover(const ScaleTarget& target);

  ApiClient& client_;
  std::map<std::pair<std::string, std::string>, Names> known_;  // by apiVersion and kind
};

}  // namespace trimtab
