// What an API server offers, and what it lets us do.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "trimtab/kubernetes/api_client.h"
#include "trimtab/kubernetes/resource_type.h"

namespace trimtab {

// Whether the server knows the resource, or its subresource: ("pods", "resize") from Kubernetes
// 1.33 on. A group or version that does not exist is no error.
absl::StatusOr<bool> HasResource(ApiClient& client, const ResourceType& type,
                                 std::string_view subresource = "");

// "v1.36.3".
absl::StatusOr<std::string> ServerVersion(ApiClient& client);

// A question about our own rights. Empty: all namespaces, every name, no subresource.
struct AccessQuestion {
  std::string_view verb;
  ResourceType type;
  std::string_view subresource{};
  std::string_view name_space{};
  std::string_view name{};

  // "patch pods/resize in namespace 'shop'".
  std::string ToString() const;
};

struct AccessAnswer {
  bool is_allowed = false;
  std::string reason;  // the server's words; may be empty
};

// A SelfSubjectAccessReview: asks and changes nothing.
absl::StatusOr<AccessAnswer> AskAccess(ApiClient& client, const AccessQuestion& question);

}  // namespace trimtab
