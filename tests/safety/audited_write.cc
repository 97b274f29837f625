#include "tests/safety/audited_write.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "fmt/format.h"
#include "trimtab/kubernetes/json_view.h"

namespace trimtab {
namespace {

// A pod whose token was shown, or a name.
std::string UserOf(const nlohmann::json& audited) {
  const nlohmann::json* pods =
      ValueAt(audited, {"user", "extra", "authentication.kubernetes.io/pod-name"});
  if (pods != nullptr && pods->is_array() && !pods->empty()) return pods->front();
  return TextAt(audited, {"user", "username"});
}

}  // namespace

absl::StatusOr<std::unique_ptr<servers::ControlPlane>> StartAuditedPlane(const std::string& rule) {
  auto plane = servers::ControlPlane::Start(
      {.audit_policy = fmt::format("apiVersion: audit.k8s.io/v1\nkind: Policy\n"
                                   "omitStages: [RequestReceived, ResponseStarted]\nrules:\n"
                                   "- level: RequestResponse\n{}- level: None\n",
                                   rule)});
  if (!plane.ok()) return plane.status();
  const auto crd = (*plane)->Kubectl(
      {"apply", "-f", TRIMTAB_SOURCE_DIR "/deploy/helm/trimtab/crds/appscalers.trimtab.dev.yaml"});
  if (!crd.ok()) return crd.status();
  return plane;
}

std::vector<AuditedWrite> AuditedWrites(const std::string& log, const std::string& name_space) {
  std::vector<AuditedWrite> writes;
  std::ifstream file(log);
  for (std::string line; std::getline(file, line);) {
    if (line.find(fmt::format("\"namespace\":\"{}\"", name_space)) == std::string::npos) continue;
    const auto json = JsonFromText(line);
    if (!json.ok()) continue;  // the last line is being written
    AuditedWrite write{
        .user = UserOf(*json),
        .resource = TextAt(*json, {"objectRef", "resource"}),
        .name = TextAt(*json, {"objectRef", "name"}),
        .code = static_cast<int>(IntegerAt(*json, {"responseStatus", "code"}).value_or(0)),
        .at = TextAt(*json, {"stageTimestamp"}),
        .answer = ObjectAt(*json, {"responseObject"})};
    const std::string part = TextAt(*json, {"objectRef", "subresource"});
    if (!part.empty()) write.resource += "/" + part;
    if (write.resource != "events") writes.push_back(std::move(write));
  }
  std::ranges::stable_sort(writes, {}, &AuditedWrite::at);
  return writes;
}

}  // namespace trimtab
