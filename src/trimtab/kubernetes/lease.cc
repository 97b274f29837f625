#include "trimtab/kubernetes/lease.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/resource_type.h"
#include "trimtab/kubernetes/timestamp.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

absl::StatusOr<std::optional<Instant>> TimeAt(const Json& lease, std::string_view field) {
  const std::string text = TextAt(lease, {"spec", field});
  if (text.empty()) return std::nullopt;
  auto instant = ParseTimestamp(text);
  if (instant.ok()) return *instant;
  return absl::InvalidArgumentError(
      fmt::format("spec.{}: {}", field, std::string(instant.status().message())));
}

struct LeaseContent {
  std::string holder;
  Duration duration;
  Instant acquired;
  Instant renewed;
  std::int64_t transitions = 0;
};

Json LeaseObject(const LeaseClaim& claim, const LeaseContent& content) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(content.duration).count();
  return {{"apiVersion", "coordination.k8s.io/v1"},
          {"kind", "Lease"},
          {"metadata", {{"name", claim.name}, {"namespace", claim.name_space}}},
          {"spec",
           {{"holderIdentity", content.holder},
            // The API server refuses 0.
            {"leaseDurationSeconds", std::max<std::int64_t>(1, seconds)},
            {"acquireTime", FormatMicroTimestamp(content.acquired)},
            {"renewTime", FormatMicroTimestamp(content.renewed)},
            {"leaseTransitions", content.transitions}}}};
}

absl::StatusOr<LeaseView> AsLease(const absl::StatusOr<Json>& answer) {
  if (!answer.ok()) return answer.status();
  return ReadLease(*answer);
}

absl::StatusOr<LeaseView> Put(ApiClient& client, const LeaseView& lease, const LeaseClaim& claim,
                              const LeaseContent& content, const WriteOptions& options) {
  Json object = LeaseObject(claim, content);
  object["metadata"]["resourceVersion"] = lease.meta.resource_version;
  return AsLease(
      client.Replace(ResourcePath(kLeases, claim.name_space, claim.name), object, options));
}

absl::Status CheckHolder(const LeaseView& lease, const LeaseClaim& claim) {
  if (lease.holder == claim.identity) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format("lease '{}/{}' is held by '{}', not by '{}'",
                                                   claim.name_space, claim.name, lease.holder,
                                                   claim.identity));
}

}  // namespace

absl::StatusOr<LeaseView> ReadLease(const Json& lease) {
  auto meta = ReadObjectMeta(lease);
  if (!meta.ok()) return meta.status();
  auto acquired = TimeAt(lease, "acquireTime");
  if (!acquired.ok()) return acquired.status();
  auto renewed = TimeAt(lease, "renewTime");
  if (!renewed.ok()) return renewed.status();
  const std::int64_t seconds = IntegerAt(lease, {"spec", "leaseDurationSeconds"}).value_or(0);
  if (seconds < 0 || seconds > 86400) {
    return absl::InvalidArgumentError(
        fmt::format("spec.leaseDurationSeconds: {} is not within 0..86400", seconds));
  }
  return LeaseView{.meta = *std::move(meta),
                   .holder = TextAt(lease, {"spec", "holderIdentity"}),
                   .duration = std::chrono::seconds(seconds),
                   .acquired = *acquired,
                   .renewed = *renewed,
                   .transitions = IntegerAt(lease, {"spec", "leaseTransitions"}).value_or(0)};
}

absl::StatusOr<LeaseView> GetLease(ApiClient& client, std::string_view name_space,
                                   std::string_view name) {
  return AsLease(client.Get(ResourcePath(kLeases, name_space, name)));
}

absl::StatusOr<LeaseView> CreateLease(ApiClient& client, const LeaseClaim& claim, Instant now,
                                      const WriteOptions& options) {
  return AsLease(client.Create(ResourcePath(kLeases, claim.name_space),
                               LeaseObject(claim, {claim.identity, claim.duration, now, now, 0}),
                               options));
}

absl::StatusOr<LeaseView> TakeLease(ApiClient& client, const LeaseView& lease,
                                    const LeaseClaim& claim, Instant now,
                                    const WriteOptions& options) {
  const std::int64_t more = lease.holder == claim.identity ? 0 : 1;
  return Put(client, lease, claim,
             {claim.identity, claim.duration, now, now, lease.transitions + more}, options);
}

absl::StatusOr<LeaseView> RenewLease(ApiClient& client, const LeaseView& lease,
                                     const LeaseClaim& claim, Instant now,
                                     const WriteOptions& options) {
  if (absl::Status status = CheckHolder(lease, claim); !status.ok()) return status;
  return Put(client, lease, claim,
             {claim.identity, claim.duration, lease.acquired.value_or(now), now, lease.transitions},
             options);
}

absl::StatusOr<LeaseView> ReleaseLease(ApiClient& client, const LeaseView& lease,
                                       const LeaseClaim& claim, Instant now,
                                       const WriteOptions& options) {
  if (absl::Status status = CheckHolder(lease, claim); !status.ok()) return status;
  return Put(client, lease, claim,
             {"", std::chrono::seconds(1), lease.acquired.value_or(now), now, lease.transitions},
             options);
}

}  // namespace trimtab
