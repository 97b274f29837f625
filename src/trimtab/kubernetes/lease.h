// A Lease: who leads, written so that of two who try one fails.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "trimtab/kubernetes/api_client.h"
#include "trimtab/kubernetes/object_meta.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct LeaseView {
  ObjectMeta meta{};
  std::string holder{};  // empty when nobody holds it
  Duration duration{};
  std::optional<Instant> acquired{};
  std::optional<Instant> renewed{};
  std::int64_t transitions = 0;
};

// Judging when a lease has expired is its reader's, by when it last saw it change: the times in it
// are other machines' clocks.
absl::StatusOr<LeaseView> ReadLease(const nlohmann::json& lease);
absl::StatusOr<LeaseView> GetLease(ApiClient& client, std::string_view name_space,
                                   std::string_view name);

// What a candidate wants of a lease.
struct LeaseClaim {
  std::string name_space;
  std::string name;
  std::string identity;
  Duration duration = std::chrono::seconds(15);  // whole seconds, at least 1
};

// Each succeeds only if nobody else wrote since `lease` was read; kAborted, or kAlreadyExists for
// CreateLease, otherwise. They give the lease as it now is.
absl::StatusOr<LeaseView> CreateLease(ApiClient& client, const LeaseClaim& claim, Instant now,
                                      const WriteOptions& options = {});
// Also from another holder, whose time is over: one more transition.
absl::StatusOr<LeaseView> TakeLease(ApiClient& client, const LeaseView& lease,
                                    const LeaseClaim& claim, Instant now,
                                    const WriteOptions& options = {});
// kFailedPrecondition, before anything is sent: another holds it.
absl::StatusOr<LeaseView> RenewLease(ApiClient& client, const LeaseView& lease,
                                     const LeaseClaim& claim, Instant now,
                                     const WriteOptions& options = {});
// Frees it at once for the next; kFailedPrecondition as above.
absl::StatusOr<LeaseView> ReleaseLease(ApiClient& client, const LeaseView& lease,
                                       const LeaseClaim& claim, Instant now,
                                       const WriteOptions& options = {});

}  // namespace trimtab
