// Which values the chart takes, and what it makes of them, without a server.
#include <fmt/format.h>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/servers/child_process.h"
#include "tests/servers/programs.h"

namespace trimtab::servers {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kChart[] = TRIMTAB_SOURCE_DIR "/deploy/helm/trimtab";

class ChartValuesTest : public ::testing::Test {
 protected:
  void SetUp() override { RequirePrograms({"helm"}); }

  absl::StatusOr<std::string> Template(const std::vector<std::string>& values) const {
    std::vector<std::string> command = {
        ProgramPath("helm").value(),
        "template",
        "release",
        kChart,
        "--kube-version",
        "1.36.0",
        "--set",
        fmt::format("listen.clearText=true,image.digest=sha256:{:064}", 7)};
    for (const std::string& value : values) command.insert(command.end(), {"--set", value});
    return RunCommand(std::move(command));
  }
  // What stands under `args:`.
  static std::vector<std::string> ArgumentsOfThePod(const std::string& rendered) {
    std::vector<std::string> arguments;
    std::istringstream lines(rendered.substr(rendered.find("args:\n")));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line) && line.find("- ") != std::string::npos) {
      std::string argument = line.substr(line.find("- ") + 2);
      if (argument.starts_with('"')) argument = argument.substr(1, argument.size() - 2);
      arguments.push_back(std::move(argument));
    }
    return arguments;
  }
  std::string Rendered(const std::vector<std::string>& values) const {
    const auto rendered = Template(values);
    if (!rendered.ok()) ADD_FAILURE() << rendered.status();
    return rendered.value_or("");
  }
};

TEST_F(ChartValuesTest, Lints) {
  const auto linted =
      RunCommand({ProgramPath("helm").value(), "lint", "--strict", kChart, "--set",
                  fmt::format("tls.secret=certificate,image.digest=sha256:{:064}", 7)});
  EXPECT_TRUE(linted.ok()) << linted.status();
}

struct Refusal {
  std::string value;
  std::string message;
};

TEST_F(ChartValuesTest, RefusesWhatCannotWork) {
  const Refusal refusals[] = {
      {"image.digest=latest", "image.digest"},
      {"image.digest=", "image.digest is not set"},
      {"image.repository=trimtab", "image.repository"},  // without a registry
      {"mode=Always", "mode"},
      {"replicaCount=-1", "replicaCount"},
      {"replicaCount=2,leaderElection.enabled=false",
       "replicaCount above 1 needs leaderElection.enabled"},
      {"prometheus.url=prometheus:9090", "prometheus.url"},
      // A password in a URL would be in the pod's arguments.
      {"prometheus.url=http://user:secret@prometheus:9090", "prometheus.url"},
      {"listen.metrics=80", "listen.metrics"},
      {"listen.clearText=false", "neither tls.secret nor listen.clearText is set"},
      {"networkPolicy.enabled=false", "listen.clearText needs networkPolicy.enabled"},
      {"watchNamespaces={Shop}", "watchNamespaces"},
      {"replicas=2", "replicas"},
      {"journal.persistence.size=lots", "journal.persistence.size"},
  };
  for (const Refusal& refusal : refusals) {
    const auto rendered = Template({refusal.value});
    ASSERT_FALSE(rendered.ok()) << refusal.value;
    // Helm 3 names a place by dots or by slashes.
    std::string said(rendered.status().message());
    for (char& letter : said) letter = letter == '/' ? '.' : letter;
    EXPECT_THAT(said, HasSubstr(refusal.message)) << refusal.value;
  }
}

TEST_F(ChartValuesTest, OneReplicaHasNoDisruptionBudget) {
  EXPECT_THAT(Rendered({"replicaCount=2"}), HasSubstr("kind: PodDisruptionBudget"));
  EXPECT_THAT(Rendered({"replicaCount=1"}), Not(HasSubstr("kind: PodDisruptionBudget")));
}

TEST_F(ChartValuesTest, OnlyWhoWritesToTheWholeClusterIsFenced) {
  const std::string fence = "kind: ValidatingAdmissionPolicy\n";
  EXPECT_THAT(Rendered({"mode=Apply"}), HasSubstr(fence));
  EXPECT_THAT(Rendered({"mode=Recommend"}), Not(HasSubstr(fence)));
  EXPECT_THAT(Rendered({"mode=Apply", "watchNamespaces={shop}"}), Not(HasSubstr(fence)));
  EXPECT_THAT(Rendered({"mode=Apply", "leaderElection.fence=false"}), Not(HasSubstr(fence)));
  EXPECT_THAT(Rendered({"mode=Apply", "leaderElection.enabled=false"}), Not(HasSubstr(fence)));
}

TEST_F(ChartValuesTest, RecommendNeitherWritesNorAdmits) {
  const std::string recommend = Rendered({});
  EXPECT_THAT(recommend, HasSubstr("--mode=Recommend"));
  EXPECT_THAT(recommend, Not(HasSubstr("pods/resize")));
  EXPECT_THAT(recommend, Not(HasSubstr("kind: MutatingAdmissionPolicy")));
  const std::string apply = Rendered({"mode=Apply"});
  EXPECT_THAT(apply, HasSubstr("pods/resize"));
  EXPECT_THAT(apply, HasSubstr("kind: MutatingAdmissionPolicy"));
  // A Role of a namespace cannot keep a policy of the cluster.
  EXPECT_THAT(Rendered({"mode=Apply", "watchNamespaces={shop}"}),
              Not(HasSubstr("kind: MutatingAdmissionPolicy")));
}

TEST_F(ChartValuesTest, MonitoringIsOptional) {
  const std::string without = Rendered({});
  for (const char* kind : {"kind: ServiceMonitor", "kind: PrometheusRule", "-dashboard"}) {
    EXPECT_THAT(without, Not(HasSubstr(kind)));
  }
  const std::string with = Rendered({"serviceMonitor.enabled=true", "prometheusRule.enabled=true",
                                     "grafanaDashboard.enabled=true"});
  for (const char* kind : {"kind: ServiceMonitor", "kind: PrometheusRule", "-dashboard"}) {
    EXPECT_THAT(with, HasSubstr(kind));
  }
}

TEST_F(ChartValuesTest, ListensInClearTextOnlyWithoutACertificate) {
  const std::string clear = Rendered({});
  EXPECT_THAT(clear, HasSubstr("--allow-clear-text"));
  EXPECT_THAT(clear, HasSubstr("scheme: HTTP}"));
  EXPECT_THAT(clear, HasSubstr("appProtocol: kubernetes.io/h2c"));
  const std::string secured =
      Rendered({"tls.secret=certificate", "tls.clientCertificates=true", "listen.clearText=false"});
  EXPECT_THAT(secured, Not(HasSubstr("--allow-clear-text")));
  EXPECT_THAT(secured, HasSubstr("--tls-certificate=/etc/trimtab/tls/tls.crt"));
  EXPECT_THAT(secured, HasSubstr("--tls-client-ca=/etc/trimtab/tls/ca.crt"));
  EXPECT_THAT(secured, HasSubstr("secretName: certificate"));
  EXPECT_THAT(secured, HasSubstr("scheme: HTTPS}"));
  EXPECT_THAT(secured, Not(HasSubstr("h2c"))) << "that is HTTP/2 in clear text";
}

struct Flags {
  std::string name;
  std::vector<std::string> values;
};

// The arguments of the pod are given to the program, which says what it understood.
TEST_F(ChartValuesTest, TheProgramTakesTheArgumentsOfThePod) {
  const Flags cases[] = {
      {"defaults", {}},
      {"apply",
       {"mode=Apply", "watchNamespaces={shop,bank}", "leaderElection.enabled=false",
        "replicaCount=1"}},
      {"certificate", {"tls.secret=certificate", "tls.clientCertificates=true"}},
      {"prometheus",
       {"prometheus.bearerTokenSecret=token", "prometheus.headers.X-Scope-OrgID=shop",
        "profile.volume.configMap.name=profile"}},
  };
  for (const Flags& one : cases) {
    std::vector<std::string> command = {TRIMTAB_PROGRAM};
    for (const std::string& argument : ArgumentsOfThePod(Rendered(one.values))) {
      command.push_back(argument);
    }
    ASSERT_GT(command.size(), 8U) << one.name;
    command.emplace_back("--print-config");
    const auto printed = RunCommand(std::move(command));
    ASSERT_TRUE(printed.ok()) << one.name << ": " << printed.status();
    for (const char* listener : {"0.0.0.0:8080", "0.0.0.0:8081", "0.0.0.0:4318", "0.0.0.0:4317"}) {
      EXPECT_THAT(*printed, HasSubstr(listener)) << one.name;
    }
    EXPECT_THAT(*printed,
                HasSubstr(one.name == "apply" ? "mode: \"Apply\"" : "mode: \"Recommend\""));
  }
}

TEST_F(ChartValuesTest, ATokenIsMountedAndNeverAnArgument) {
  const std::string rendered = Rendered({"prometheus.bearerTokenSecret=prometheus"});
  EXPECT_THAT(rendered, HasSubstr("--prometheus-bearer-token-file=/etc/trimtab/prometheus/token"));
  EXPECT_THAT(rendered, HasSubstr("secretName: prometheus"));
}

}  // namespace
}  // namespace trimtab::servers
