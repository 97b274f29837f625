// The AppScalers of some namespaces, or of all, followed by watches.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/clock/clock.h"
#include "trimtab/kubernetes/api_client.h"
#include "trimtab/kubernetes/object_watch.h"
#include "trimtab/operator/app_loop.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// kInvalidArgument: `other` is an AppScaler of the same namespace that is older, or as old and
// before it by name, and scales a workload that `scaler` scales, too.
absl::Status CheckTargets(const AppScaler& scaler, const AppScaler& other);

// A resource that contradicts itself, or an older one, is followed like any other: its fault is in
// what it gives.
// Thread-safety: every method from any thread.
class ScalerWatch {
 public:
  // Both must outlive it. Empty namespaces: all.
  // `stale_after`: how long a watch that fails may go unanswered before what it brought is old.
  ScalerWatch(ApiClient& client, const Clock& clock, const std::vector<std::string>& namespaces,
              Duration stale_after = std::chrono::seconds(15));

  // OK once every namespace was listed; otherwise kUnavailable with what keeps it.
  absl::Status Synced() const;
  // And while what is known of them is not old: a pause or a deletion would have been seen.
  absl::Status Health() const;
  // In the order of namespace and name.
  std::vector<SeenScaler> All() const;
  SeenScaler Find(std::string_view name_space, std::string_view name) const;

 private:
  using Watch = ObjectWatch<SeenScaler>;

  // Against the others of its namespace. REQUIRES: the mutex is held.
  SeenScaler Checked(const SeenScaler& seen) const;

  const Clock& clock_;
  const Duration stale_after_;
  mutable std::mutex mutex_;
  std::map<std::string, SeenScaler, std::less<>> seen_;  // by "namespace/name"; guarded by mutex_
  std::vector<std::unique_ptr<Watch>> watches_;          // their threads use what stands above
};

}  // namespace trimtab
