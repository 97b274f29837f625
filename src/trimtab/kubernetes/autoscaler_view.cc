#include "trimtab/kubernetes/autoscaler_view.h"

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/kubernetes/json_view.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

absl::StatusOr<ScaleTarget> ReadTarget(const Json& object, std::string_view field) {
  const Json& target = ObjectAt(object, {"spec", field});
  ScaleTarget read{TextAt(target, {"apiVersion"}), TextAt(target, {"kind"}),
                   TextAt(target, {"name"})};
  if (!read.name.empty()) return read;
  return absl::InvalidArgumentError(fmt::format("spec.{}.name: is missing", field));
}

}  // namespace

absl::StatusOr<HpaView> ReadHpa(const Json& hpa) {
  auto meta = ReadObjectMeta(hpa);
  if (!meta.ok()) return meta.status();
  auto target = ReadTarget(hpa, "scaleTargetRef");
  if (!target.ok()) return target.status();
  const auto count = [&](std::string_view part, std::string_view field, std::int64_t absent) {
    return IntegerAt(hpa, {part, field}).value_or(absent);
  };
  return HpaView{.meta = *std::move(meta),
                 .target = *std::move(target),
                 .fewest = count("spec", "minReplicas", 1),
                 .most = count("spec", "maxReplicas", 0),
                 .current_replicas = count("status", "currentReplicas", 0),
                 .desired_replicas = count("status", "desiredReplicas", 0),
                 .conditions = ReadConditions(hpa)};
}

absl::StatusOr<VpaView> ReadVpa(const Json& vpa) {
  auto meta = ReadObjectMeta(vpa);
  if (!meta.ok()) return meta.status();
  auto target = ReadTarget(vpa, "targetRef");
  if (!target.ok()) return target.status();
  VpaView view{.meta = *std::move(meta), .target = *std::move(target)};
  std::string mode = TextAt(vpa, {"spec", "updatePolicy", "updateMode"});
  if (!mode.empty()) view.update_mode = std::move(mode);
  return view;
}

absl::StatusOr<ScaledObjectView> ReadScaledObject(const Json& scaled) {
  auto meta = ReadObjectMeta(scaled);
  if (!meta.ok()) return meta.status();
  auto target = ReadTarget(scaled, "scaleTargetRef");
  if (!target.ok()) return target.status();
  if (target->kind.empty()) target->kind = "Deployment";
  if (target->api_version.empty()) target->api_version = "apps/v1";
  return ScaledObjectView{*std::move(meta), *std::move(target)};
}

}  // namespace trimtab
