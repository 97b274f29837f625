// The bytes of lists and watches, of objects that are no more than a uid and a version.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/http/testing/loopback_server.h"
#include "trimtab/kubernetes/json_view.h"

namespace trimtab {

// An object as "uid@version"; refused when its name is "broken".
inline absl::StatusOr<std::string> ReadWatched(const nlohmann::json& object) {
  if (TextAt(object, {"metadata", "name"}) == "broken") {
    return absl::InvalidArgumentError("spec.x: is broken");
  }
  return TextAt(object, {"metadata", "uid"}) + "@" +
         TextAt(object, {"metadata", "resourceVersion"});
}

inline std::string WatchedObject(const std::string& uid, int version,
                                 const std::string& name = "n") {
  return R"({"kind":"Pod","metadata":{"uid":")" + uid + R"(","name":")" + name +
         R"(","resourceVersion":")" + std::to_string(version) + R"("}})";
}

inline std::string EventBytes(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}

inline std::string ListBody(int version, const std::vector<std::string>& objects) {
  std::string items;
  for (const std::string& object : objects) items += (items.empty() ? "" : ",") + object;
  return R"({"items":[)" + items + R"(],"metadata":{"resourceVersion":")" +
         std::to_string(version) + R"("}})";
}

inline bool IsWatch(const LoopbackConnection::Request& request) {
  return request.target.find("watch=true") != std::string::npos;
}

// The version from which a watch begins.
inline std::string VersionOf(const LoopbackConnection::Request& watch) {
  const std::size_t at = watch.target.find("resourceVersion=") + 16;
  return watch.target.substr(at, watch.target.find('&', at) - at);
}

}  // namespace trimtab
