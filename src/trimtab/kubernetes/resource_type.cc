#include "trimtab/kubernetes/resource_type.h"

#include <string>
#include <string_view>

#include "fmt/format.h"
#include "trimtab/http/url.h"

namespace trimtab {

std::string GroupPath(const ResourceType& type) {
  const std::string version = PercentEncode(type.version);
  if (type.group.empty()) return "/api/" + version;
  return fmt::format("/apis/{}/{}", PercentEncode(type.group), version);
}

std::string ResourcePath(const ResourceType& type, std::string_view name_space,
                         std::string_view name, std::string_view subresource) {
  std::string path = GroupPath(type);
  if (!name_space.empty()) path += fmt::format("/namespaces/{}", PercentEncode(name_space));
  path += fmt::format("/{}", PercentEncode(type.plural));
  if (!name.empty()) path += fmt::format("/{}", PercentEncode(name));
  if (!subresource.empty()) path += fmt::format("/{}", PercentEncode(subresource));
  return path;
}

}  // namespace trimtab
