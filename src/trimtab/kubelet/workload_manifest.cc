#include "trimtab/kubelet/workload_manifest.h"

#include <iterator>
#include <string>

#include "fmt/format.h"
#include "trimtab/kubelet/node_registry.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

// registry.k8s.io/pause:3.10, all architectures: the digest that nodes of public clusters list for
// this tag. No test pulls it: simulated nodes run no image.
constexpr std::string_view kImage =
    "registry.k8s.io/pause@sha256:ee6521f290b2168b6e0935a181d4cff9be1ac3f505666ef0e3c98fae8199917a";

constexpr std::string_view kDeployment = R"(---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  labels: {{app.kubernetes.io/name: {name}, app.kubernetes.io/part-of: {scenario}}}
spec:
  replicas: {replicas}
  selector:
    matchLabels: {{app.kubernetes.io/name: {name}}}
  template:
    metadata:
      labels: {{app.kubernetes.io/name: {name}, app.kubernetes.io/part-of: {scenario}}}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext: {{runAsNonRoot: true, runAsUser: 65535, seccompProfile: {{type: RuntimeDefault}}}}
      nodeSelector: {{{label}: {scenario}}}
      tolerations:
        - {{key: {label}, operator: Exists, effect: NoSchedule}}
      containers:
        - name: app
          image: {image}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {{drop: [ALL]}}
          resources:
            requests: {{cpu: {cpu}, memory: {memory}}}
            limits: {{cpu: {cpu}, memory: {memory}}}
)";

}  // namespace

std::string WorkloadManifest(const ClusterScenario& scenario) {
  std::string text;
  for (const MicroserviceSpec& spec : scenario.microservices) {
    fmt::format_to(std::back_inserter(text), kDeployment, fmt::arg("name", spec.name),
                   fmt::arg("scenario", LabelValue(scenario.name)),
                   fmt::arg("replicas", spec.initial.replicas), fmt::arg("label", kSimulatedLabel),
                   fmt::arg("image", kImage),
                   fmt::arg("cpu", fmt::format("\"{}\"", FormatCpu(spec.initial.container.cpu))),
                   fmt::arg("memory", FormatMemory(spec.initial.container.memory)));
  }
  return text;
}

}  // namespace trimtab
