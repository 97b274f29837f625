#include "trimtab/kubernetes/workload_view.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/kubernetes/json_view.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

bool UsesClaims(const Json& workload) {
  if (!ArrayAt(workload, {"spec", "volumeClaimTemplates"}).empty()) return true;
  const Json& volumes = ArrayAt(workload, {"spec", "template", "spec", "volumes"});
  return std::any_of(volumes.begin(), volumes.end(), [](const Json& volume) {
    return ValueAt(volume, {"persistentVolumeClaim"}) != nullptr;
  });
}

// A count that Kubernetes leaves out when it is zero.
std::int64_t Count(const Json& object, JsonPath path) {
  return IntegerAt(object, path).value_or(0);
}

// Where several set the same value, one that set it in the object itself: it will set it again.
FieldHolder HolderOfReplicas(const Json& workload) {
  FieldHolder holder;
  for (const Json& entry : ArrayAt(workload, {"metadata", "managedFields"})) {
    if (ValueAt(entry, {"fieldsV1", "f:spec", "f:replicas"}) == nullptr) continue;
    holder = {.manager = TextAt(entry, {"manager"}),
              .subresource = TextAt(entry, {"subresource"}),
              .is_applied = TextAt(entry, {"operation"}) == "Apply"};
    if (holder.subresource.empty()) break;
  }
  return holder;
}

absl::Status Missing(const char* field) {
  return absl::InvalidArgumentError(fmt::format("{}: is missing or no whole number", field));
}

}  // namespace

bool WorkloadView::IsRollingOut() const {
  if (observed_generation < meta.generation) return true;
  if (kind == "ReplicaSet") return false;
  // While pods of the newest template are still to be made, others of an older one stand.
  return updated_replicas < current_replicas;
}

const ObjectCondition* WorkloadView::ReplicaFailure() const {
  const ObjectCondition* failure = FindCondition(conditions, "ReplicaFailure");
  return failure != nullptr && failure->IsTrue() ? failure : nullptr;
}

absl::StatusOr<WorkloadView> ReadWorkload(const Json& workload) {
  auto meta = ReadObjectMeta(workload);
  if (!meta.ok()) return meta.status();
  auto containers = ReadContainers(ObjectAt(workload, {"spec", "template", "spec"}), "containers");
  if (!containers.ok()) return containers.status();
  const Json* replicas = ValueAt(workload, {"spec", "replicas"});
  if (replicas != nullptr && !replicas->is_number_integer()) return Missing("spec.replicas");
  return WorkloadView{.kind = TextAt(workload, {"kind"}),
                      .meta = *std::move(meta),
                      .replicas = IntegerAt(workload, {"spec", "replicas"}).value_or(1),
                      .observed_generation = Count(workload, {"status", "observedGeneration"}),
                      .current_replicas = Count(workload, {"status", "replicas"}),
                      .ready_replicas = Count(workload, {"status", "readyReplicas"}),
                      .available_replicas = Count(workload, {"status", "availableReplicas"}),
                      .updated_replicas = Count(workload, {"status", "updatedReplicas"}),
                      .is_paused = FlagAt(workload, {"spec", "paused"}),
                      .has_volume_claims = UsesClaims(workload),
                      .containers = *std::move(containers),
                      .conditions = ReadConditions(workload),
                      .replicas_holder = HolderOfReplicas(workload)};
}

absl::StatusOr<ScaleView> ReadScale(const Json& scale) {
  auto meta = ReadObjectMeta(scale);
  if (!meta.ok()) return meta.status();
  const Json* replicas = ValueAt(scale, {"spec", "replicas"});
  if (replicas != nullptr && !replicas->is_number_integer()) return Missing("spec.replicas");
  return ScaleView{.meta = *std::move(meta),
                   .replicas = Count(scale, {"spec", "replicas"}),
                   .current_replicas = Count(scale, {"status", "replicas"}),
                   .selector = TextAt(scale, {"status", "selector"})};
}

}  // namespace trimtab
