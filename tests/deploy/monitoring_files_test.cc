// The dashboard and the alerts as files, and as the chart carries them; without a server.
#include "tests/deploy/monitoring_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/servers/child_process.h"
#include "tests/servers/programs.h"
#include "trimtab/telemetry/own_metrics.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab::servers {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MonitoringFilesTest, EveryOwnMetricIsShownOrWatched) {
  const std::string text = Whole(kDashboard) + Whole(kAlerts);
  for (const MetricDescription& metric : OwnMetricTable()) {
    EXPECT_THAT(text, HasSubstr(std::string(metric.name)));
  }
}

TEST(MonitoringFilesTest, TheDashboardFitsAnyGrafana) {
  const nlohmann::json dashboard = Dashboard();
  ASSERT_TRUE(dashboard.is_object());
  EXPECT_EQ(dashboard["uid"], "trimtab");
  EXPECT_FALSE(dashboard.contains("id"));  // a number of one Grafana
  // No source, job or instance but those that the reader chooses.
  EXPECT_EQ(dashboard["templating"]["list"][0]["type"], "datasource");
  EXPECT_THAT(dashboard.dump(), Not(testing::ContainsRegex("(instance|job)[=!]")));
  std::set<int> ids;
  std::set<std::pair<int, int>> taken;
  for (const auto& panel : dashboard["panels"]) {
    EXPECT_EQ(panel["datasource"]["uid"], "${datasource}") << panel["title"];
    EXPECT_TRUE(ids.insert(panel["id"].get<int>()).second) << panel["id"];
    const auto& at = panel["gridPos"];
    EXPECT_LE(at["x"].get<int>() + at["w"].get<int>(), 24) << panel["title"];
    for (int x = at["x"]; x < at["x"].get<int>() + at["w"].get<int>(); ++x) {
      for (int y = at["y"]; y < at["y"].get<int>() + at["h"].get<int>(); ++y) {
        EXPECT_TRUE(taken.emplace(x, y).second) << panel["title"] << " covers another panel";
      }
    }
  }
}

TEST(MonitoringFilesTest, PromtoolTakesTheAlerts) {
  RequirePrograms({"promtool"});
  if (testing::Test::IsSkipped() || testing::Test::HasFatalFailure()) return;
  const auto checked = RunCommand({ProgramPath("promtool").value(), "check", "rules", kAlerts});
  EXPECT_TRUE(checked.ok()) << checked.status();
}

// The one object that the template makes with this value.
YamlNode Rendered(const std::string& value) {
  const auto text =
      RunCommand({ProgramPath("helm").value(), "template", "release",
                  TRIMTAB_SOURCE_DIR "/deploy/helm/trimtab", "--kube-version", "1.36.0",
                  "--show-only", "templates/monitoring.yaml", "--set", value, "--set",
                  fmt::format("listen.clearText=true,image.digest=sha256:{:064}", 7)});
  if (!text.ok()) {
    ADD_FAILURE() << text.status();
    return {};
  }
  auto node = ParseYaml(text->substr(text->find("apiVersion")), value);
  if (!node.ok()) ADD_FAILURE() << node.status();
  return node.value_or(YamlNode());
}

const YamlNode& At(const YamlNode& map, const std::string& key) {
  static const YamlNode kNothing;
  for (const YamlNode::Entry& entry : map.entries) {
    if (entry.key == key) return entry.value;
  }
  ADD_FAILURE() << "no key '" << key << "'";
  return kNothing;
}

bool IsSame(const YamlNode& one, const YamlNode& other) {
  return one.kind == other.kind && one.text == other.text &&
         std::equal(one.items.begin(), one.items.end(), other.items.begin(), other.items.end(),
                    IsSame) &&
         std::equal(one.entries.begin(), one.entries.end(), other.entries.begin(),
                    other.entries.end(), [](const auto& a, const auto& b) {
                      return a.key == b.key && IsSame(a.value, b.value);
                    });
}

TEST(MonitoringFilesTest, TheChartCarriesThemWhole) {
  RequirePrograms({"helm"});
  if (testing::Test::IsSkipped() || testing::Test::HasFatalFailure()) return;
  const YamlNode dashboard = Rendered("grafanaDashboard.enabled=true");
  EXPECT_EQ(At(At(At(dashboard, "metadata"), "labels"), "grafana_dashboard").text, "1");
  EXPECT_TRUE(nlohmann::json::parse(At(At(dashboard, "data"), "trimtab.json").text, nullptr,
                                    false) == Dashboard());
  const auto alerts = ParseYaml(Whole(kAlerts), kAlerts);
  ASSERT_TRUE(alerts.ok()) << alerts.status();
  EXPECT_TRUE(IsSame(At(Rendered("prometheusRule.enabled=true"), "spec"), *alerts));
}

}  // namespace
}  // namespace trimtab::servers
