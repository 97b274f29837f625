// Which attributes of a process name its microservice and its pod, whatever the tracer calls them.
#pragma once

#include <string_view>

namespace trimtab {

// How well an attribute names the pod that a span comes from: the highest of those present counts;
// 0 for an attribute that says nothing about it. In a container the host name is the pod's, and
// Jaeger's own clients call it `hostname`.
int PodNameRank(std::string_view attribute);

// The same for the microservice: `service.name`, else the workload that the pod belongs to.
int ServiceNameRank(std::string_view attribute);

// Whether a `service.name` is what an SDK puts in when nobody has set one ("unknown_service:java").
// Spans of different microservices would be taken for one.
bool IsUnsetServiceName(std::string_view name);

}  // namespace trimtab
