#include "trimtab/monitoring/prometheus_queries.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> Forms(const PrometheusQueryOptions& options, PrometheusSeries series) {
  const auto queries = PrometheusQueries::Create(options);
  EXPECT_TRUE(queries.ok()) << queries.status();
  return queries->FormsOf(series, std::chrono::seconds(45));
}

absl::Status Refused(const PrometheusQueryOptions& options) {
  return PrometheusQueries::Create(options).status();
}

TEST(PrometheusQueriesTest, SelectsRawPointsOfContainers) {
  EXPECT_THAT(
      Forms({.namespaces = {"hotel", "shop"}}, PrometheusSeries::kContainerCpuSeconds),
      ElementsAre(R"(container_cpu_usage_seconds_total{namespace=~"hotel|shop",container!="",)"
                  R"(container!="POD",image!="",job="kubelet",metrics_path="/metrics/cadvisor",)"
                  R"(}[45s])"));
}

TEST(PrometheusQueriesTest, FillsInWhatTheInstallationIsCalled) {
  PrometheusQueryOptions options;
  options.selectors = {.cadvisor = "", .node_exporter = R"(job="ne")", .cluster = R"(cluster="a")"};
  EXPECT_THAT(Forms(options, PrometheusSeries::kNodeCpuSeconds),
              ElementsAre(R"(container_cpu_usage_seconds_total{id="/",cluster="a"}[45s])",
                          R"(node_cpu_seconds_total{mode!~"idle|iowait|steal",job="ne",)"
                          R"(cluster="a"}[45s])"));
}

TEST(PrometheusQueriesTest, RequestsOfOtherNamespacesAreLeftOutWhereACounterSaysOfWhich) {
  EXPECT_EQ(Forms({.namespaces = {"hotel"}}, PrometheusSeries::kServiceRequests).at(0),
            R"(traces_span_metrics_calls_total{span_kind="SPAN_KIND_SERVER",)"
            R"(k8s_namespace_name=~"hotel|",}[45s])");
}

TEST(PrometheusQueriesTest, EveryFormIsFilledIn) {
  const auto queries = PrometheusQueries::Create({});
  ASSERT_TRUE(queries.ok());
  for (int i = 0; i < kPrometheusSeriesKinds; ++i) {
    const auto series = static_cast<PrometheusSeries>(i);
    const auto forms = queries->FormsOf(series, std::chrono::minutes(2));
    EXPECT_THAT(forms, Not(IsEmpty())) << NameOf(series);
    for (const std::string& form : forms) {
      EXPECT_THAT(form, Not(HasSubstr("$"))) << NameOf(series);
      const bool is_of_a_day = series == PrometheusSeries::kContainerMemoryPeak;
      EXPECT_THAT(form, HasSubstr(is_of_a_day ? "}[1d]" : "}[120s]")) << NameOf(series);
    }
  }
}

TEST(PrometheusQueriesTest, AUserReplacesAQueryOrLeavesItOut) {
  PrometheusQueryOptions options;
  options.namespaces = {"hotel"};
  options.replaced = {{"service-requests", R"(envoy_rq{ns="$NAMESPACES",x="$1"}[$WINDOW])"},
                      {"node-network-speed", ""}};
  EXPECT_THAT(Forms(options, PrometheusSeries::kServiceRequests),
              ElementsAre(R"(envoy_rq{ns="hotel",x="$1"}[45s])"));
  EXPECT_THAT(Forms(options, PrometheusSeries::kNodeNetworkSpeed), IsEmpty());
}

TEST(PrometheusQueriesTest, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(std::string(Refused({.replaced = {{"cpu", "up"}}}).message()),
              HasSubstr("query 'cpu': no query of Trimtab has this name: container-cpu-seconds,"));
  EXPECT_THAT(std::string(Refused({.replaced = {{"service-requests", "up[$WIDTH]"}}}).message()),
              HasSubstr("query 'service-requests': $WIDTH stands for nothing"));
  EXPECT_THAT(std::string(Refused({.namespaces = {"a\"} or up{"}}).message()),
              HasSubstr("is no DNS label"));
}

}  // namespace
}  // namespace trimtab
