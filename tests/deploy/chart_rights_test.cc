// What the chart's service account may do, by doing it: what it needs and nothing else.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/deploy/chart_test.h"
#include "trimtab/kubernetes/lease.h"
#include "trimtab/kubernetes/timestamp.h"

namespace trimtab::servers {
namespace {

constexpr ResourceType kSecrets{"", "v1", "secrets"};
constexpr ResourceType kPolicies{"admissionregistration.k8s.io", "v1", "mutatingadmissionpolicies"};
constexpr ResourceType kClusterRoles{"rbac.authorization.k8s.io", "v1", "clusterroles"};

// Answers at once, with what there is and a bookmark.
const ApiQuery kWatch = {{"watch", "1"},
                         {"sendInitialEvents", "true"},
                         {"resourceVersionMatch", "NotOlderThan"},
                         {"allowWatchBookmarks", "true"},
                         {"timeoutSeconds", "5"}};

enum class Needs { kAlways, kApply, kNever };

// One thing to do, and in which mode it is to be allowed.
struct Deed {
  std::string name;
  Needs needs;
  std::function<absl::Status(ApiClient&)> run;
};

class ChartRightsTest : public ChartTest {
 protected:
  static Deed Lists(const ResourceType& type, const std::string& in, Needs needs = Needs::kAlways) {
    return {"list " + std::string(type.plural), needs,
            [type, in](ApiClient& client) { return client.List(ResourcePath(type, in)).status(); }};
  }
  static Deed Gets(const ResourceType& type, const std::string& in, const std::string& name,
                   const std::string& subresource = "", Needs needs = Needs::kAlways) {
    return {"get " + std::string(type.plural) + "/" + subresource, needs, [=](ApiClient& client) {
              return client.Get(ResourcePath(type, in, name, subresource)).status();
            }};
  }
  static Deed Watches(const ResourceType& type, const std::string& in) {
    return {"watch " + std::string(type.plural), Needs::kAlways, [type, in](ApiClient& client) {
              const std::stop_token never;
              return client.Stream(
                  ResourcePath(type, in), kWatch, std::chrono::seconds(10),
                  std::chrono::seconds(10), [](std::string_view) { return false; }, never);
            }};
  }
  static Deed Patches(const ResourceType& type, const std::string& in, const std::string& name,
                      const std::string& subresource, const std::string& patch, Needs needs) {
    return {"patch " + std::string(type.plural) + "/" + subresource, needs, [=](ApiClient& client) {
              return client
                  .Patch(ResourcePath(type, in, name, subresource),
                         subresource == "resize" ? PatchType::kStrategicMerge : PatchType::kMerge,
                         Parsed(patch))
                  .status();
            }};
  }
  static Deed Creates(const ResourceType& type, const std::string& in, const std::string& object,
                      Needs needs, const std::string& name = "",
                      const std::string& subresource = "") {
    return {
        "create " + std::string(type.plural) + "/" + subresource, needs, [=](ApiClient& client) {
          return client.Create(ResourcePath(type, in, name, subresource), Parsed(object)).status();
        }};
  }
  static Deed Deletes(const ResourceType& type, const std::string& in, const std::string& name) {
    return {"delete " + std::string(type.plural), Needs::kNever, [=](ApiClient& client) {
              return client.Delete(ResourcePath(type, in, name), {.dry_run = true}).status();
            }};
  }

  std::vector<Deed> Reading(const std::string& in, const std::string& pod) {
    std::vector<Deed> deeds;
    for (const ResourceType& type : {kDeployments, kStatefulSets, kReplicaSets, kPods,
                                     kResourceQuotas, kLimitRanges, kAppScalers, kNodes}) {
      const std::string& where = type == kNodes ? std::string() : in;
      deeds.push_back(Lists(type, where));
      deeds.push_back(Watches(type, where));
    }
    deeds.push_back(Lists(kHorizontalPodAutoscalers, in));
    deeds.push_back(Lists(kPodDisruptionBudgets, in));
    deeds.push_back(Gets(kDeployments, in, "web"));
    deeds.push_back(Gets(kDeployments, in, "web", "scale"));
    deeds.push_back(Gets(kPods, in, pod));
    return deeds;
  }
  // What goes into the resource's status, the events, the lease.
  std::vector<Deed> Telling(const std::string& in) {
    const std::string event = R"({"apiVersion":"events.k8s.io/v1","kind":"Event",
      "metadata":{"generateName":"shop-"},"eventTime":"2026-01-01T00:00:00.000000Z",
      "reportingController":"trimtab.dev/trimtab","reportingInstance":"trimtab-0",
      "action":"Scale","reason":"ScaledUp","type":"Normal","regarding":{"kind":"Pod",
      "namespace":")" + in + R"("},"note":"n"})";
    const auto lease = [](const std::string& name) {
      return R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":")" +
             name + R"("},"spec":{"holderIdentity":"me","leaseDurationSeconds":15}})";
    };
    return {
        Patches(kAppScalers, in, "shop", "status", R"({"status":{"mode":"Apply"}})",
                Needs::kAlways),
        Creates(kEvents, in, event, Needs::kAlways),
        Creates(kLeases, name_space(), lease("trimtab"), Needs::kAlways),
        Gets(kLeases, name_space(), "trimtab"),
        {"update leases", Needs::kAlways,
         [this](ApiClient& client) {
           auto held = client.Get(ResourcePath(kLeases, name_space(), "trimtab"));
           if (!held.ok()) return held.status();
           return client.Replace(ResourcePath(kLeases, name_space(), "trimtab"), *held).status();
         }},
        Gets(kLeases, name_space(), "another", "", Needs::kNever),
        Lists(kLeases, name_space(), Needs::kNever)};
  }
  std::vector<Deed> Writing(const std::string& in, const std::string& pod) {
    return {
        Patches(kDeployments, in, "web", "scale", R"({"spec":{"replicas":1}})", Needs::kApply),
        Patches(kPods, in, pod, "resize", R"({"spec":{"containers":[{"name":"app",
                "resources":{"requests":{"cpu":"200m"}}}]}})",
                Needs::kApply),
        Patches(kDeployments, in, "web", "", R"({"metadata":{"labels":{"a":"b"}}})", Needs::kNever),
        Patches(kReplicaSets, in, "web", "", R"({"metadata":{"labels":{"a":"b"}}})", Needs::kNever),
        Patches(kPods, in, pod, "", R"({"metadata":{"labels":{"a":"b"}}})", Needs::kNever),
        Patches(kAppScalers, in, "shop", "", R"({"spec":{"mode":"Apply"}})", Needs::kNever),
        Patches(kNodes, "", "n", "", R"({"metadata":{"labels":{"a":"b"}}})", Needs::kNever),
        Deletes(kPods, in, pod),
        Deletes(kDeployments, in, "web"),
        Deletes(kAppScalers, in, "shop"),
        Creates(kPods, in, R"({"apiVersion":"policy/v1","kind":"Eviction"})", Needs::kNever, pod,
                "eviction"),
        Lists(kSecrets, in, Needs::kNever),
        Lists(kConfigMaps, in, Needs::kNever),
        Lists(kPolicies, "", Needs::kNever),
        Lists(kClusterRoles, "", Needs::kNever)};
  }
  void Check(const std::string& mode) {
    const std::string shop = name_space() + "-shop";
    MakeNamespace(shop);
    MakeWorkload(shop);
    Chart("install", "trimtab", name_space(), {"replicaCount=0", "mode=" + mode});
    ASSERT_TRUE(Eventually([&] { return client().List(ResourcePath(kAppScalers, shop)).ok(); }));
    ASSERT_TRUE(client()
                    .Create(ResourcePath(kAppScalers, shop),
                            Parsed(R"({"apiVersion":"trimtab.dev/v1alpha1","kind":"AppScaler",
                              "metadata":{"name":"shop"},"spec":{"entry":{"serviceName":"web"},
                              "objective":{"latency":"300ms"},"workloads":[{"name":"web",
                              "targetRef":{"apiVersion":"apps/v1","kind":"Deployment",
                              "name":"web"}}]}})"))
                    .ok());
    const auto account = As("trimtab", name_space());
    ASSERT_NE(account, nullptr);
    const std::string pod = PodOf(shop);
    std::vector<Deed> deeds = Reading(shop, pod);
    for (auto more : {Telling(shop), Writing(shop, pod)}) {
      for (Deed& deed : more) deeds.push_back(std::move(deed));
    }
    for (const Deed& deed : deeds) {
      const absl::Status done = deed.run(*account);
      const bool allowed =
          deed.needs == Needs::kAlways || (deed.needs == Needs::kApply && mode == "Apply");
      EXPECT_TRUE(allowed ? done.ok() : absl::IsPermissionDenied(done))
          << mode << ": " << deed.name << ": " << done;
    }
    // Autoscalers that are not installed are answered with 404, not 403.
    EXPECT_TRUE(absl::IsNotFound(account->List(ResourcePath(kScaledObjects, shop)).status()));
    EXPECT_TRUE(
        absl::IsNotFound(account->List(ResourcePath(kVerticalPodAutoscalers, shop)).status()));
    Uninstall("trimtab", name_space());
  }
};

TEST_F(ChartRightsTest, ApplyMayScaleAndResizeAndNoMore) { Check("Apply"); }

TEST_F(ChartRightsTest, RecommendMayWriteToNoWorkload) { Check("Recommend"); }

TEST_F(ChartRightsTest, TemplatesAreWrittenOnlyWhereTheChartSaysSo) {
  MakeWorkload(name_space());
  const std::vector<std::string> values = {"replicaCount=0", "mode=Apply",
                                           "watchNamespaces={" + name_space() + "}"};
  Chart("install", "trimtab", name_space(), values);
  const auto account = As("trimtab", name_space());
  ASSERT_NE(account, nullptr);
  const auto patch = [&] {
    return account
        ->Patch(Path(kDeployments, "web"), PatchType::kMerge,
                Parsed(R"({"metadata":{"annotations":{"a":"b"}}})"))
        .status();
  };
  EXPECT_TRUE(absl::IsPermissionDenied(patch()));
  std::vector<std::string> with_templates = values;
  with_templates.push_back("rbac.templates=true");
  Chart("upgrade", "trimtab", name_space(), with_templates);
  EXPECT_TRUE(Eventually([&] { return patch().ok(); })) << patch();
  Uninstall("trimtab", name_space());
}

}  // namespace
}  // namespace trimtab::servers
