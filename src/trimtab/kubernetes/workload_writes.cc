#include "trimtab/kubernetes/workload_writes.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/kubernetes/api_failure.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

std::string PathOf(const ObjectName& object, std::string_view subresource) {
  return ResourcePath(object.type, object.name_space, object.name, subresource);
}

absl::StatusOr<ScaleView> AsScale(const absl::StatusOr<Json>& answer) {
  if (!answer.ok()) return answer.status();
  return ReadScale(*answer);
}

void SetAmounts(const ResourceAmounts& amounts, const char* kind, Json& resources) {
  if (amounts.cpu) resources[kind]["cpu"] = FormatCpu(*amounts.cpu);
  if (amounts.memory) resources[kind]["memory"] = FormatMemory(*amounts.memory);
}

// Where a container stands: its list in the spec and its place there.
struct ContainerPlace {
  std::string path;
  const PodContainer* container = nullptr;
};

std::optional<ContainerPlace> FindContainer(const PodView& pod, const std::string& name) {
  const std::pair<const char*, const std::vector<PodContainer>&> lists[] = {
      {"containers", pod.containers}, {"initContainers", pod.init_containers}};
  for (const auto& [list, containers] : lists) {
    const auto found =
        std::find_if(containers.begin(), containers.end(),
                     [&](const PodContainer& container) { return container.name == name; });
    if (found == containers.end()) continue;
    return ContainerPlace{fmt::format("/spec/{}/{}", list, found - containers.begin()), &*found};
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<ScaleView> GetScale(ApiClient& client, const ObjectName& object) {
  return AsScale(client.Get(PathOf(object, "scale")));
}

absl::StatusOr<ScaleView> SetReplicas(ApiClient& client, const ObjectName& object,
                                      std::int64_t replicas, std::string_view resource_version,
                                      const WriteOptions& options) {
  if (replicas < 0 || resource_version.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("scaling '{}/{}' to {} replicas at version '{}': replicas must be at least 0 "
                    "and the version known",
                    object.name_space, object.name, replicas, resource_version));
  }
  const Json patch = {{"metadata", {{"resourceVersion", resource_version}}},
                      {"spec", {{"replicas", replicas}}}};
  return AsScale(client.Patch(PathOf(object, "scale"), PatchType::kMerge, patch, options));
}

absl::StatusOr<Json> ResizePatch(const PodView& pod, const std::vector<ContainerResize>& resizes) {
  Json patch = Json::array();
  for (const ContainerResize& resize : resizes) {
    const auto refused = [&](std::string_view why) {
      return absl::InvalidArgumentError(fmt::format("resizing pod '{}/{}': container '{}' {}",
                                                    pod.meta.name_space, pod.meta.name,
                                                    resize.container.substr(0, 64), why));
    };
    const auto place = FindContainer(pod, resize.container);
    if (!place) return refused("does not exist");
    if (place->path.starts_with("/spec/init") && !place->container->is_sidecar) {
      return refused("is an init container that is no sidecar");
    }
    auto resources = JsonFromText(place->container->resources_text);
    if (!resources.ok()) return refused("has resources that cannot be read");
    patch.push_back({{"op", "test"}, {"path", place->path + "/name"}, {"value", resize.container}});
    patch.push_back({{"op", "test"}, {"path", place->path + "/resources"}, {"value", *resources}});
    SetAmounts(resize.requests, "requests", *resources);
    SetAmounts(resize.limits, "limits", *resources);
    patch.push_back({{"op", "replace"},
                     {"path", place->path + "/resources"},
                     {"value", *std::move(resources)}});
  }
  return patch;
}

absl::StatusOr<PodView> ResizePod(ApiClient& client, const PodView& pod,
                                  const std::vector<ContainerResize>& resizes,
                                  const WriteOptions& options) {
  auto patch = ResizePatch(pod, resizes);
  if (!patch.ok()) return patch.status();
  // A pod that was made anew under the name is another one.
  patch->insert(patch->begin(),
                Json{{"op", "test"}, {"path", "/metadata/uid"}, {"value", pod.meta.uid}});
  const auto answer =
      client.Patch(ResourcePath(kPods, pod.meta.name_space, pod.meta.name, "resize"),
                   PatchType::kJson, *patch, options);
  if (answer.ok()) return ReadPod(*answer);
  const auto failure = ApiFailureOf(answer.status());
  // The server has a cause for whatever is wrong with a pod, and none for a patch that does not
  // apply to it.
  if (failure && failure->code == 422 && failure->causes.empty()) {
    return absl::AbortedError(fmt::format("resizing pod '{}/{}': it is no longer as it was read",
                                          pod.meta.name_space, pod.meta.name));
  }
  // An unknown subresource is the server's, an unknown pod the pod's: only the latter is named.
  if (absl::IsNotFound(answer.status()) && failure &&
      failure->message.find("pods \"") == std::string::npos) {
    return absl::UnimplementedError(
        fmt::format("the API server has no pods/resize, which Kubernetes has from 1.33 on: {}",
                    std::string(answer.status().message())));
  }
  return answer.status();
}

absl::StatusOr<Json> PatchStatus(ApiClient& client, const ObjectName& object, const Json& status,
                                 std::optional<std::string> resource_version,
                                 const WriteOptions& options) {
  Json patch = {{"status", status}};
  if (resource_version) patch["metadata"]["resourceVersion"] = *std::move(resource_version);
  return client.Patch(PathOf(object, "status"), PatchType::kMerge, patch, options);
}

}  // namespace trimtab
