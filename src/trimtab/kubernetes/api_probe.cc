#include "trimtab/kubernetes/api_probe.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/kubernetes/json_view.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

constexpr ResourceType kAccessReviews{"authorization.k8s.io", "v1", "selfsubjectaccessreviews"};

}  // namespace

absl::StatusOr<bool> HasResource(ApiClient& client, const ResourceType& type,
                                 std::string_view subresource) {
  const auto group = client.Get(GroupPath(type));
  if (absl::IsNotFound(group.status())) return false;
  if (!group.ok()) return group.status();
  const std::string name = subresource.empty() ? std::string(type.plural)
                                               : fmt::format("{}/{}", type.plural, subresource);
  const Json& resources = ArrayAt(*group, {"resources"});
  return std::any_of(resources.begin(), resources.end(),
                     [&](const Json& resource) { return TextAt(resource, {"name"}) == name; });
}

absl::StatusOr<std::string> ServerVersion(ApiClient& client) {
  const auto version = client.Get("/version");
  if (!version.ok()) return version.status();
  std::string text = TextAt(*version, {"gitVersion"});
  if (text.empty()) return absl::DataLossError("GET /version: the answer has no gitVersion");
  return text;
}

std::string AccessQuestion::ToString() const {
  std::string text = fmt::format("{} {}", verb, type.plural);
  if (!subresource.empty()) text += fmt::format("/{}", subresource);
  if (!type.group.empty()) text += fmt::format(".{}", type.group);
  if (!name.empty()) text += fmt::format(" '{}'", name);
  return text + (name_space.empty() ? " in all namespaces"
                                    : fmt::format(" in namespace '{}'", name_space));
}

absl::StatusOr<AccessAnswer> AskAccess(ApiClient& client, const AccessQuestion& question) {
  Json review = {{"apiVersion", "authorization.k8s.io/v1"}, {"kind", "SelfSubjectAccessReview"}};
  Json& attributes = review["spec"]["resourceAttributes"];
  attributes = {
      {"verb", question.verb}, {"group", question.type.group}, {"resource", question.type.plural}};
  if (!question.subresource.empty()) attributes["subresource"] = question.subresource;
  if (!question.name_space.empty()) attributes["namespace"] = question.name_space;
  if (!question.name.empty()) attributes["name"] = question.name;
  // A review is never stored; as a dry run it may be asked again, and by those who must not write.
  const auto answer = client.Create(ResourcePath(kAccessReviews, ""), review, {.dry_run = true});
  if (!answer.ok()) return answer.status();
  if (ValueAt(*answer, {"status", "allowed"}) == nullptr) {
    return absl::DataLossError(fmt::format(
        "asking whether we may {}: the answer has no status.allowed", question.ToString()));
  }
  return AccessAnswer{FlagAt(*answer, {"status", "allowed"}),
                      TextAt(*answer, {"status", "reason"})};
}

}  // namespace trimtab
