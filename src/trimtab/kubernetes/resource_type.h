// The kinds of objects that Trimtab reads and writes, and where the API server keeps them.
#pragma once

#include <string>
#include <string_view>

namespace trimtab {

// A collection of the API: its group (empty for the core), version and plural name.
struct ResourceType {
  std::string_view group;
  std::string_view version;
  std::string_view plural;

  friend bool operator==(const ResourceType&, const ResourceType&) = default;
};

inline constexpr ResourceType kPods{"", "v1", "pods"};
inline constexpr ResourceType kNodes{"", "v1", "nodes"};
inline constexpr ResourceType kNamespaces{"", "v1", "namespaces"};
inline constexpr ResourceType kResourceQuotas{"", "v1", "resourcequotas"};
inline constexpr ResourceType kLimitRanges{"", "v1", "limitranges"};
inline constexpr ResourceType kDeployments{"apps", "v1", "deployments"};
inline constexpr ResourceType kStatefulSets{"apps", "v1", "statefulsets"};
inline constexpr ResourceType kReplicaSets{"apps", "v1", "replicasets"};
inline constexpr ResourceType kHorizontalPodAutoscalers{"autoscaling", "v2",
                                                        "horizontalpodautoscalers"};
inline constexpr ResourceType kVerticalPodAutoscalers{"autoscaling.k8s.io", "v1",
                                                      "verticalpodautoscalers"};
inline constexpr ResourceType kScaledObjects{"keda.sh", "v1alpha1", "scaledobjects"};
inline constexpr ResourceType kPodDisruptionBudgets{"policy", "v1", "poddisruptionbudgets"};
inline constexpr ResourceType kLeases{"coordination.k8s.io", "v1", "leases"};
inline constexpr ResourceType kEvents{"events.k8s.io", "v1", "events"};

// "/apis/apps/v1/namespaces/shop/deployments/web/scale". Without a namespace: of the cluster, or of
// all namespaces; without a name: the collection. Every part is escaped, so that a name can never
// reach another path.
std::string ResourcePath(const ResourceType& type, std::string_view name_space,
                         std::string_view name = "", std::string_view subresource = "");

// "/api/v1" or "/apis/apps/v1".
std::string GroupPath(const ResourceType& type);

}  // namespace trimtab
