#include "trimtab/tracing/resource_names.h"

namespace trimtab {

int PodNameRank(std::string_view attribute) {
  if (attribute == "k8s.pod.name") return 4;
  if (attribute == "hostname") return 3;
  if (attribute == "host.name") return 2;
  if (attribute == "service.instance.id") return 1;
  return 0;
}

int ServiceNameRank(std::string_view attribute) {
  if (attribute == "service.name") return 4;
  if (attribute == "k8s.deployment.name") return 3;
  if (attribute == "k8s.statefulset.name") return 2;
  if (attribute == "k8s.daemonset.name") return 1;
  return 0;
}

bool IsUnsetServiceName(std::string_view name) {
  return name.empty() || name.starts_with("unknown_service");
}

}  // namespace trimtab
