#include "trimtab/cli/doctor_cluster.h"

#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "trimtab/cli/doctor_workloads.h"
#include "trimtab/clock/stoppable_wait.h"
#include "trimtab/kubernetes/api_client.h"
#include "trimtab/kubernetes/api_probe.h"
#include "trimtab/kubernetes/autoscaler_view.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/limits_view.h"
#include "trimtab/kubernetes/resource_type.h"

namespace trimtab {
namespace {

constexpr ResourceType kAppScalers{"trimtab.dev", "v1alpha1", "appscalers"};
constexpr ResourceType kAdmissionPolicies{"admissionregistration.k8s.io", "v1",
                                          "mutatingadmissionpolicies"};
constexpr ResourceType kScaledObjects{"keda.sh", "v1alpha1", "scaledobjects"};
constexpr ResourceType kVerticalPodAutoscalers{"autoscaling.k8s.io", "v1",
                                               "verticalpodautoscalers"};

std::string Words(const absl::Status& status) { return std::string(status.message()); }

// A right that Trimtab uses, and what is lost without it.
struct Right {
  std::string_view verb;
  ResourceType type;
  std::string_view subresource;
  bool of_cluster;       // nodes belong to no namespace
  bool only_with_apply;  // nothing is lost while it only recommends
  std::string_view without;
};

constexpr Right kRights[] = {
    {"list", kDeployments, "", false, false, "no workload can be seen"},
    {"watch", kDeployments, "", false, false, "no change of a workload can be seen"},
    {"list", kReplicaSets, "", false, false, "pods cannot be traced to their Deployments"},
    {"list", kStatefulSets, "", false, false, "no StatefulSet can be seen"},
    {"list", kPods, "", false, false, "no replica can be seen"},
    {"watch", kPods, "", false, false, "no change of a replica can be seen"},
    {"list", kNodes, "", true, false, "capacity and interference of nodes are unknown"},
    {"list", kResourceQuotas, "", false, false, "a plan may exceed a quota"},
    {"list", kLimitRanges, "", false, false, "a plan may exceed a limit range"},
    {"list", kHorizontalPodAutoscalers, "", false, false, "a rival autoscaler would not be seen"},
    {"list", kPodDisruptionBudgets, "", false, false, "a disruption budget would not be seen"},
    {"patch", kDeployments, "scale", false, true, "replicas of a Deployment cannot be changed"},
    {"patch", kStatefulSets, "scale", false, true, "replicas of a StatefulSet cannot be changed"},
    {"patch", kPods, "resize", false, true, "CPU and memory of running pods cannot be changed"},
};

// "v1.36.3" -> 36.
std::optional<int> MinorOf(std::string_view version) {
  if (!version.starts_with("v1.")) return std::nullopt;
  int minor = 0;
  const auto read = std::from_chars(version.data() + 3, version.data() + version.size(), minor);
  if (read.ec != std::errc()) return std::nullopt;
  return minor;
}

class ClusterDoctor {
 public:
  ClusterDoctor(ApiClient& client, std::string name_space)
      : client_(client), namespace_(std::move(name_space)) {}

  std::vector<Finding> Examine(Findings& reached) {
    LookAtAbilities(reached);
    LookAtNodes(reached);
    std::vector<Finding> all = reached.Take();
    Append(LookAtRights(), all);
    Append(ExamineWorkloads(client_, namespace_), all);
    Append(LookAtRivals(), all);
    return all;
  }

 private:
  static void Append(std::vector<Finding> more, std::vector<Finding>& all) {
    for (Finding& finding : more) all.push_back(std::move(finding));
  }
  std::string Where() const {
    return namespace_.empty() ? "in all namespaces" : fmt::format("in namespace '{}'", namespace_);
  }
  std::string NamespaceFlag() const { return namespace_.empty() ? "-A" : "-n " + namespace_; }

  void LookAtAbilities(Findings& findings) {
    const auto resize = HasResource(client_, kPods, "resize");
    if (!resize.ok()) {
      findings.Problem("pods/resize", Words(resize.status()), "kubectl get --raw /api/v1");
    } else if (*resize) {
      findings.Ok("pods/resize", "running pods can be resized in place");
    } else {
      findings.Note("pods/resize", "the server resizes no running pods: replicas only",
                    "Kubernetes 1.33 or later");
    }
    const auto policies = HasResource(client_, kAdmissionPolicies);
    if (policies.ok() && *policies) {
      findings.Ok("mutating admission policies", "new pods can be born at the size of a plan");
    } else {
      findings.Note("mutating admission policies",
                    policies.ok() ? "the server has none: new pods are resized after their birth"
                                  : Words(policies.status()));
    }
    const auto scalers = HasResource(client_, kAppScalers);
    if (scalers.ok() && *scalers) {
      findings.Ok("resource AppScaler", "trimtab.dev/v1alpha1 is installed");
    } else {
      findings.Note(
          "resource AppScaler",
          scalers.ok() ? "trimtab.dev/v1alpha1 is not installed" : Words(scalers.status()),
          "kubectl apply -f deploy/helm/trimtab/crds/");
    }
  }

  void LookAtNodes(Findings& findings) {
    const auto list = client_.List(ResourcePath(kNodes, ""));
    if (!list.ok()) return;  // the right to list them is asked for apart
    int ready = 0;
    int windows = 0;
    Millicores cpu;
    for (const auto& item : list->items) {
      const auto node = ReadNode(item);
      if (!node.ok() || !node->IsReady()) continue;
      ++ready;
      if (node->os == "windows") ++windows;
      cpu += node->allocatable.cpu.value_or(Millicores());
    }
    const std::string detail = fmt::format("{} of {} ready, {} cores allocatable", ready,
                                           list->items.size(), cpu.value() / 1000);
    if (ready == 0) {
      findings.Problem("nodes", detail, "kubectl get nodes");
    } else {
      findings.Ok("nodes", detail);
    }
    if (windows > 0) {
      findings.Note("Windows nodes",
                    fmt::format("{}: pods there are not resized, replicas only", windows));
    }
  }

  std::vector<Finding> LookAtRights() {
    Findings findings("permissions");
    const std::string user = OwnName();
    for (const Right& right : kRights) {
      const AccessQuestion question{.verb = right.verb,
                                    .type = right.type,
                                    .subresource = right.subresource,
                                    .name_space = right.of_cluster ? "" : namespace_};
      const std::string resource = right.subresource.empty()
                                       ? std::string(right.type.plural)
                                       : fmt::format("{}/{}", right.type.plural, right.subresource);
      const std::string check = fmt::format("{} {}", right.verb, resource);
      const auto answer = AskAccess(client_, question);
      if (!answer.ok()) {
        findings.Problem(check, Words(answer.status()),
                         fmt::format("kubectl auth can-i {} {}", check, NamespaceFlag()));
        continue;
      }
      if (answer->is_allowed) {
        findings.Ok(check,
                    fmt::format("allowed {}", right.of_cluster ? "in the cluster" : Where()));
        continue;
      }
      const std::string detail = fmt::format(
          "not allowed {}: {}", right.of_cluster ? "in the cluster" : Where(), right.without);
      const std::string remedy = Grant(right, resource, user);
      if (right.only_with_apply || right.of_cluster) {
        findings.Note(check, detail, remedy);
      } else {
        findings.Problem(check, detail, remedy);
      }
    }
    return findings.Take();
  }

  // Two commands that give the right to whom we are.
  std::string Grant(const Right& right, const std::string& resource,
                    const std::string& user) const {
    const bool whole = right.of_cluster || namespace_.empty();
    const std::string name = fmt::format("trimtab-{}-{}", right.verb, right.type.plural);
    const std::string scope = whole ? "" : fmt::format(" -n {}", namespace_);
    const std::string kind = whole ? "clusterrole" : "role";
    const std::string group = right.type.group.empty() ? "" : fmt::format(".{}", right.type.group);
    const std::size_t slash = resource.find('/');
    const std::string qualified =
        resource.substr(0, slash) + group + (slash == resource.npos ? "" : resource.substr(slash));
    return fmt::format(
        "kubectl create {0} {1} --verb={2} --resource={3}{4} && "
        "kubectl create {0}binding {1} --{0}={1} --user={5}{4}",
        kind, name, right.verb, qualified, scope, user);
  }

  // The user that the server takes us for.
  std::string OwnName() {
    const auto review =
        client_.Create("/apis/authentication.k8s.io/v1/selfsubjectreviews",
                       {{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "SelfSubjectReview"}});
    if (!review.ok()) return "USER";
    const std::string name = TextAt(*review, {"status", "userInfo", "username"});
    return name.empty() ? "USER" : name;
  }

  std::vector<Finding> LookAtRivals() {
    Findings findings("rivals");
    int rivals = 0;
    const auto each = [&](const ResourceType& type, auto describe) {
      const auto list = client_.List(ResourcePath(type, namespace_));
      if (list.status().code() == absl::StatusCode::kNotFound) return;  // not installed
      if (!list.ok()) {
        findings.Note(std::string(type.plural), Words(list.status()));
        return;
      }
      for (const auto& item : list->items) {
        const std::optional<std::string> scales = describe(item);
        if (!scales) continue;
        ++rivals;
        const std::string name_space = TextAt(item, {"metadata", "namespace"});
        const std::string name = TextAt(item, {"metadata", "name"});
        findings.Note(fmt::format("{} {}/{}", TextAt(item, {"kind"}), name_space, name),
                      fmt::format("{}: recommendations work beside it, Apply does not", *scales),
                      fmt::format("kubectl delete {} {} -n {}", type.plural, name, name_space));
      }
    };
    each(kHorizontalPodAutoscalers, [](const nlohmann::json& item) -> std::optional<std::string> {
      const auto hpa = ReadHpa(item);
      if (!hpa.ok()) return Words(hpa.status());
      return fmt::format("scales {} '{}' between {} and {} replicas", hpa->target.kind,
                         hpa->target.name, hpa->fewest, hpa->most);
    });
    each(kVerticalPodAutoscalers, [](const nlohmann::json& item) -> std::optional<std::string> {
      const std::string mode = TextAt(item, {"spec", "updatePolicy", "updateMode"});
      if (mode == "Off") return std::nullopt;
      return fmt::format("sizes {} '{}' (updateMode {})",
                         TextAt(item, {"spec", "targetRef", "kind"}),
                         TextAt(item, {"spec", "targetRef", "name"}), mode.empty() ? "Auto" : mode);
    });
    each(kScaledObjects, [](const nlohmann::json& item) -> std::optional<std::string> {
      return fmt::format("scales '{}' by KEDA", TextAt(item, {"spec", "scaleTargetRef", "name"}));
    });
    if (rivals == 0) findings.Ok("other autoscalers", fmt::format("none seen {}", Where()));
    return findings.Take();
  }

  ApiClient& client_;
  const std::string namespace_;  // empty: all
};

}  // namespace

std::vector<Finding> ExamineCluster(const ClusterQuestion& question, const Clock& clock) {
  Findings findings("kubernetes");
  const auto connection = FindConnection(question.rules);
  if (!connection.ok()) {
    findings.Problem("connection", Words(connection.status()),
                     "--kubeconfig FILE, or kubectl config use-context CONTEXT");
    return findings.Take();
  }
  auto http = MakeHttpClient(*connection, clock, true);
  if (!http.ok()) {
    findings.Problem("connection", Words(http.status()), "kubectl config view");
    return findings.Take();
  }
  ApiClientOptions options;
  options.timeout = question.timeout;
  options.retry.attempts = 2;
  options.wait = WaitFor;
  ApiClient client(connection->server, *std::move(http), options);
  const auto version = ServerVersion(client);
  if (!version.ok()) {
    findings.Problem("API server",
                     fmt::format("{}: {}", connection->source, Words(version.status())),
                     "kubectl cluster-info");
    return findings.Take();
  }
  const std::string detail =
      fmt::format("{} at {} ({})", *version, connection->server, connection->source);
  if (const auto minor = MinorOf(*version); minor && *minor < 33) {
    findings.Note("API server", detail, "Kubernetes 1.33 or later, to resize pods in place");
  } else {
    findings.Ok("API server", detail);
  }
  const std::string name_space = question.all_namespaces       ? ""
                                 : question.name_space.empty() ? connection->default_namespace
                                                               : question.name_space;
  return ClusterDoctor(client, name_space).Examine(findings);
}

}  // namespace trimtab
