// The commands of a cluster as a user gives them: the program itself, a real API server, a real
// Prometheus and a real Jaeger, which the nodes of a simulated cluster feed.
#include <fmt/format.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/servers/child_process.h"
#include "tests/servers/eventually.h"
#include "tests/servers/jaeger_server.h"
#include "tests/servers/port_lease.h"
#include "tests/servers/programs.h"
#include "tests/servers/prometheus_server.h"
#include "tests/servers/readiness.h"
#include "tests/servers/server_test.h"
#include "tests/servers/temporary_folder.h"

namespace trimtab {
namespace {

using servers::ChildProcess;
using servers::Eventually;
using testing::HasSubstr;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations

// What one command printed, and the code with which it ended.
struct Ended {
  int code = -1;
  std::string out;
  std::string err;
};

// The shop: a front end and a store, one container each, whose requests have a distance.
class CommandsTest : public servers::ControlPlaneTest {
 protected:
  void SetUp() override {
    servers::RequirePrograms({"prometheus", "jaeger"});
    if (IsSkipped() || HasFatalFailure()) return;
    ControlPlaneTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto folder = servers::TemporaryFolder::Make("commands");
    ASSERT_TRUE(folder.ok()) << folder.status();
    folder_ = std::make_unique<servers::TemporaryFolder>(*std::move(folder));
    const auto plain =
        servers::ReadWholeFile(TRIMTAB_SOURCE_DIR "/tests/profiling/two-services.yaml");
    ASSERT_TRUE(plain.ok());
    ASSERT_TRUE(folder_
                    ->Write("shop.yaml", *plain + R"(
arguments:
  - {name: app.distance, values: {first: 1, last: 6}, classes: [3, 6]}
)")
                    .ok());
    ASSERT_EQ(
        Trimtab({"profile", File("shop.yaml"), "--distributions", "--out", File("laws.json")}).code,
        0);
    Kubectl({"create", "namespace", "shop"});
    Kubectl({"apply", "-f",
             TRIMTAB_SOURCE_DIR "/deploy/helm/trimtab/crds/appscalers.trimtab.dev.yaml"});
    Kubectl({"wait", "--for=condition=Established", "crd/appscalers.trimtab.dev"});
    Kubectl({"apply", "-n", "shop", "-f", "-"},
            Trimtab({"export", "workloads", File("shop.yaml")}).out);
    StartServers();
  }

  void StartServers() {
    auto jaeger = servers::JaegerServer::Start();
    ASSERT_TRUE(jaeger.ok()) << jaeger.status();
    jaeger_ = *std::move(jaeger);
    auto port = servers::PortLease::Take();
    ASSERT_TRUE(port.ok()) << port.status();
    metrics_ = std::make_unique<servers::PortLease>(*std::move(port));
    auto prometheus = servers::PrometheusServer::Start(
        {.configuration = fmt::format("global: {{scrape_interval: 1s}}\nscrape_configs:\n"
                                      "- job_name: world\n  honor_labels: true\n"
                                      "  static_configs: [{{targets: ['{}']}}]\n",
                                      metrics_->address())});
    ASSERT_TRUE(prometheus.ok()) << prometheus.status();
    prometheus_ = *std::move(prometheus);
    world_ = Launch("world", {"simulate", File("shop.yaml"), "--on-kubernetes",
                              "--without-interference", Cluster(), "-n", "shop", "--minutes", "60",
                              "--metrics-listen", metrics_->address(), "--otlp-endpoint",
                              jaeger_->otlp_http_url(), "--span-share", "1"});
  }

  std::string File(std::string_view name) const { return folder_->File(name); }
  std::string Cluster() const { return "--kubeconfig=" + control_plane().kubeconfig(); }

  std::unique_ptr<ChildProcess> Launch(std::string_view name,
                                       std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), TRIMTAB_PROGRAM);
    auto child = ChildProcess::Start({.command = std::move(arguments),
                                      .log_file = File(fmt::format("{}.err", name)),
                                      .output_file = File(fmt::format("{}.out", name))});
    EXPECT_TRUE(child.ok()) << child.status();
    return child.ok() ? *std::move(child) : nullptr;
  }
  Ended Trimtab(std::vector<std::string> arguments) {
    const std::string name = fmt::format("command-{}", ++commands_);
    const auto child = Launch(name, std::move(arguments));
    if (child == nullptr || !child->WaitForEnd(60s)) return {};
    return {child->exit_code(), servers::ReadWholeFile(File(name + ".out")).value_or(""),
            servers::ReadWholeFile(File(name + ".err")).value_or("")};
  }
  // With what a decision needs to know.
  std::vector<std::string> Deciding(std::vector<std::string> arguments) const {
    for (std::string argument :
         {Cluster(), std::string("--namespace=shop"), "--profile=" + File("laws.json"),
          "--prometheus-url=" + prometheus_->url(), "--jaeger-url=" + jaeger_->query_url(),
          std::string("--rate-window=5s"), std::string("--sample-age=5s"),
          std::string("--otlp-settle-delay=1s"), std::string("--interval=2s")}) {
      arguments.push_back(std::move(argument));
    }
    return arguments;
  }
  std::string Kubectl(std::vector<std::string> arguments, std::string_view input = {}) const {
    const auto printed = control_plane().Kubectl(std::move(arguments), input);
    EXPECT_TRUE(printed.ok()) << printed.status();
    return printed.value_or("");
  }
  std::string Shop(std::string_view path) const {
    return Kubectl({"get", "appscaler", "two-services", "-n", "shop", "-o",
                    fmt::format("jsonpath={{{}}}", path)});
  }
  std::string Replicas() const {
    return Kubectl({"get", "deployments", "-n", "shop", "-o",
                    "jsonpath={range .items[*]}{.spec.replicas}/{.status.readyReplicas} {end}"});
  }

  int commands_ = 0;
  std::unique_ptr<servers::TemporaryFolder> folder_;
  std::unique_ptr<servers::JaegerServer> jaeger_;
  std::unique_ptr<servers::PortLease> metrics_;
  std::unique_ptr<servers::PrometheusServer> prometheus_;
  std::unique_ptr<ChildProcess> world_;
};

TEST_F(CommandsTest, RecommendPlanApplyRunExplainAndExport) {
  const std::string manifest = Trimtab({"export", "appscaler", File("shop.yaml")}).out;
  EXPECT_THAT(manifest, HasSubstr("attribute: \"app.distance\""));
  EXPECT_THAT(manifest, HasSubstr("algorithm: Derm"));
  // Two containers of each are wanted, and one is there.
  Kubectl({"apply", "-n", "shop", "-f", "-"},
          absl::StrReplaceAll(manifest, {{"minReplicas: 1", "minReplicas: 2"},
                                         {"objective:", "objective:\n    window: 10s"}}));
  ASSERT_FALSE(HasFailure());

  // A name that names nothing, before there is anything to wait for.
  const Ended nobody = Trimtab(Deciding({"recommend", "nobody"}));
  EXPECT_EQ(nobody.code, 2) << nobody.err;
  EXPECT_THAT(nobody.err, HasSubstr("there is no AppScaler 'nobody'"));

  ASSERT_TRUE(Eventually([this] { return Replicas() == "1/1 1/1 "; }, 60s)) << world_->LogTail();
  Ended advice;
  ASSERT_TRUE(Eventually(
      [&] {
        advice = Trimtab(Deciding({"recommend", "--exit-code", "-o", "json"}));
        return advice.code == 10;
      },
      90s))
      << advice.code << advice.out << advice.err << world_->LogTail();
  const auto rows = nlohmann::json::parse(advice.out);
  ASSERT_EQ(rows.size(), 2U);
  for (const auto& row : rows) {
    EXPECT_EQ(row["replicas"], 1) << row;
    EXPECT_EQ(row["recommendedReplicas"], 2) << row;
  }

  const Ended plan =
      Trimtab(Deciding({"plan", "two-services", "--on-kubernetes", "-o", File("plan.json")}));
  ASSERT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("-> REPLICAS"));
  EXPECT_THAT(plan.err, HasSubstr("plan.json` does it"));
  EXPECT_EQ(Replicas(), "1/1 1/1 ") << "nothing was written";

  const Ended trial = Trimtab({"apply", File("plan.json"), Cluster(), "--dry-run", "server"});
  EXPECT_EQ(trial.code, 0) << trial.err;
  EXPECT_EQ(Replicas(), "1/1 1/1 ");
  const Ended applied = Trimtab({"apply", File("plan.json"), Cluster()});
  EXPECT_EQ(applied.code, 0) << applied.err;
  EXPECT_THAT(applied.out, HasSubstr("raises: 2 done, 0 refused, 0 not tried"));
  EXPECT_TRUE(Eventually([&] { return Replicas() == "2/2 2/2 "; }, 30s)) << Replicas();
  const Ended stale = Trimtab({"apply", File("plan.json"), Cluster()});
  EXPECT_EQ(stale.code, 5) << stale.out;
  EXPECT_THAT(stale.err, HasSubstr("is 2 x"));

  Kubectl({"patch", "appscaler", "two-services", "-n", "shop", "--type=json", "-p",
           R"([{"op":"replace","path":"/spec/mode","value":"Apply"},
               {"op":"replace","path":"/spec/workloads/0/horizontal/minReplicas","value":3}])"});
  const auto controller = Launch("run", Deciding({"run", "--mode=Apply", "--no-leader-election",
                                                  "--journal", File("journal")}));
  EXPECT_TRUE(Eventually([this] { return Replicas() == "3/3 2/2 "; }, 40s))
      << Replicas() << Shop(".status") << controller->LogTail();
  EXPECT_THAT(Shop(".status.lastDecision.summary"), HasSubstr("front"));
  EXPECT_TRUE(Eventually(
      [&] { return Shop(".status.conditions[?(@.type=='Ready')].status") == "True"; }, 40s))
      << Shop(".status") << controller->LogTail();
  EXPECT_EQ(Shop(".status.conditions[?(@.type=='TracesAvailable')].status"), "True");
  EXPECT_THAT(Shop(".status.model"), HasSubstr("digest"));
  const Ended beside = Trimtab({"apply", File("plan.json"), Cluster()});
  EXPECT_EQ(beside.code, 5) << beside.out;
  EXPECT_THAT(beside.err, HasSubstr("a controller applies to AppScaler 'shop/two-services' now"));
  ASSERT_EQ(kill(controller->pid(), SIGTERM), 0);
  ASSERT_TRUE(controller->WaitForEnd(20s));
  EXPECT_EQ(controller->exit_code(), 0) << controller->LogTail();

  const Ended record =
      Trimtab({"explain", File("journal/shop/two-services.sqlite"), "--export", "jsonl"});
  EXPECT_EQ(record.code, 0) << record.err;
  const std::vector<std::string> lines = absl::StrSplit(record.out, '\n', absl::SkipEmpty());
  ASSERT_FALSE(lines.empty());
  for (const std::string& line : lines) {
    EXPECT_TRUE(nlohmann::json::accept(line)) << line;
  }
  EXPECT_THAT(record.out, HasSubstr("no network yet")) << "Derm learns from the arguments";

  const Ended none = Trimtab({"export", "sizes", "two-services", "-n", "shop", Cluster()});
  EXPECT_EQ(none.code, 0) << none.err;
  EXPECT_THAT(none.err, HasSubstr("has no sizes"));
  Kubectl({"patch", "appscaler", "two-services", "-n", "shop", "--subresource=status",
           "--type=merge", "-p",
           R"({"status":{"podSizes":[{"kind":"Deployment","name":"store","container":"app",
               "requests":{"cpu":"700m","memory":"300Mi"},
               "limits":{"cpu":"700m","memory":"300Mi"}}]}})"});
  const Ended sizes = Trimtab({"export", "sizes", "two-services", "-n", "shop", Cluster()});
  EXPECT_EQ(sizes.code, 0) << sizes.err;
  ASSERT_TRUE(folder_->Write("sizes.yaml", sizes.out).ok());
  const std::string patched =
      Kubectl({"patch", "deployment", "store", "-n", "shop", "--dry-run=server", "--patch-file",
               File("sizes.yaml"), "-o",
               "jsonpath={.spec.template.spec.containers[0].resources.limits.cpu}"});
  EXPECT_EQ(patched, "700m") << sizes.out;
}

}  // namespace
}  // namespace trimtab
