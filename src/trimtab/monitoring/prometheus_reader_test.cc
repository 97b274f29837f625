#include "trimtab/monitoring/prometheus_reader.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/http/testing/loopback_server.h"

namespace trimtab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Answers the queries of a reader by the metric that they name; nothing found otherwise.
class FakePrometheus {
 public:
  FakePrometheus()
      : server_(LoopbackServer::EveryRequest(
            [this](const LoopbackConnection::Request& request, const LoopbackConnection& to) {
              bodies_.push_back(request.body);
              for (const auto& [metric, answer] : answers_) {
                if (request.body.find("query=" + metric) != std::string::npos) {
                  to.Answer(answer.first, answer.second, "Content-Type: application/json\r\n");
                  return;
                }
              }
              to.Answer(200, Matrix(""));
            })) {}

  // `series` as JSON objects with commas between.
  static std::string Matrix(std::string_view series) {
    return R"({"status":"success","data":{"resultType":"matrix","result":[)" + std::string(series) +
           "]}}";
  }
  void Series(const std::string& metric, std::string_view series) {
    answers_[metric] = {200, Matrix(series)};
  }
  void Answer(const std::string& metric, int status, std::string body) {
    answers_[metric] = {status, std::move(body)};
  }
  std::string Url() const { return server_.Url(); }
  int Asked(std::string_view metric) const {
    int count = 0;
    for (const std::string& body : bodies_) {
      if (body.find("query=" + std::string(metric)) != std::string::npos) ++count;
    }
    return count;
  }
  const std::vector<std::string>& bodies() const { return bodies_; }

 private:
  std::map<std::string, std::pair<int, std::string>> answers_;
  std::vector<std::string> bodies_;  // of one connection at a time
  LoopbackServer server_;            // last: its threads use the others
};

class PrometheusReaderTest : public testing::Test {
 protected:
  PrometheusReader Reader(PrometheusQueryOptions options = {.namespaces = {"hotel"}}) {
    auto client = PrometheusClient::Create({.url = prometheus_.Url()});
    auto queries = PrometheusQueries::Create(options);
    EXPECT_TRUE(client.ok()) << client.status();
    EXPECT_TRUE(queries.ok()) << queries.status();
    return {*std::move(client), *std::move(queries), clock_};
  }
  static absl::StatusOr<ScrapedMetrics> Read(PrometheusReader& reader) {
    return reader.Read(Instant(std::chrono::seconds(60)), std::chrono::seconds(45),
                       std::chrono::seconds(20));
  }

  FakePrometheus prometheus_;
  SystemClock clock_;
};

TEST_F(PrometheusReaderTest, JoinsContainersPodsAndNodes) {
  prometheus_.Series(
      "container_cpu_usage_seconds_total%7Bnamespace",
      R"({"metric":{"namespace":"hotel","pod":"search-1","container":"search","id":"a"},
                         "values":[[30,"1"],[45,"2"]]})");
  prometheus_.Series(
      "container_memory_working_set_bytes%7Bnamespace",
      R"({"metric":{"namespace":"hotel","pod":"search-1","container":"search","id":"a"},
                         "values":[[45,"1e8"]]})");
  prometheus_.Series("container_network_receive_bytes_total",
                     R"({"metric":{"namespace":"hotel","pod":"search-1","interface":"eth0"},
                         "values":[[30,"100"],[45,"250"]]})");
  prometheus_.Series("container_network_transmit_bytes_total",
                     R"({"metric":{"namespace":"hotel","pod":"search-1","interface":"eth0"},
                         "values":[[30,"10"],[45,"20"]]})");
  prometheus_.Series("container_cpu_usage_seconds_total%7Bid",
                     R"({"metric":{"node":"n1","instance":"10.0.0.1:10250","id":"/"},
                         "values":[[30,"50"],[45,"60"]]})");
  prometheus_.Series(
      "node_network_speed_bytes",
      R"({"metric":{"instance":"10.0.0.1:9100","device":"eth0"},"values":[[45,"1.25e9"]]},
                        {"metric":{"instance":"10.0.0.1:9100","device":"eth1"},"values":[[45,"1.25e9"]]})");
  auto reader = Reader();
  const auto metrics = Read(reader);
  ASSERT_TRUE(metrics.ok()) << metrics.status();
  EXPECT_THAT(metrics->gaps, IsEmpty());
  ASSERT_THAT(metrics->containers, SizeIs(1));
  const auto& [name, container] = *metrics->containers.begin();
  EXPECT_EQ(name.pod.pod, "search-1");
  EXPECT_EQ(name.container, "search");
  EXPECT_THAT(container.cpu_seconds, SizeIs(2));
  ASSERT_THAT(container.memory_working_set, SizeIs(1));
  EXPECT_EQ(container.memory_working_set[0].value, 1e8);
  EXPECT_THAT(container.memory_traffic_bytes, IsEmpty());
  // 150 received and 10 sent.
  const MetricSeries& network = metrics->pod_network_bytes.at({"hotel", "search-1"});
  ASSERT_THAT(network, SizeIs(2));
  EXPECT_EQ(network[1].value - network[0].value, 160);
  EXPECT_EQ(metrics->nodes.at("n1").cpu_seconds.back().value, 60);
  EXPECT_EQ(metrics->nodes.at("10.0.0.1").network_bandwidth, 2.5e9);
}

TEST_F(PrometheusReaderTest, AsksAsOfTheGivenTimeUnderItsOwnDeadline) {
  auto reader = Reader();
  ASSERT_TRUE(Read(reader).ok());
  ASSERT_FALSE(prometheus_.bodies().empty());
  EXPECT_THAT(prometheus_.bodies()[0], HasSubstr("&time=60.000&timeout="));
}

TEST_F(PrometheusReaderTest, AsksTheFormsOfAQueryUntilOneFindsSomething) {
  prometheus_.Series(
      "istio_requests_total",
      R"({"metric":{"destination_workload":"search"},"values":[[30,"5"],[45,"8"]]})");
  auto reader = Reader();
  ASSERT_TRUE(Read(reader).ok());
  const auto metrics = Read(reader);
  ASSERT_TRUE(metrics.ok()) << metrics.status();
  EXPECT_EQ(prometheus_.Asked("traces_span_metrics_calls_total"), 2);
  EXPECT_EQ(prometheus_.Asked("istio_requests_total"), 2);
  EXPECT_EQ(prometheus_.Asked("http_server_request_duration_seconds_count"), 0);
  EXPECT_EQ(metrics->services.at("search").requests.back().value, 3);
}

// Servers of version 2 give (15, 60] and the point at 15, those of version 3 do not.
TEST_F(PrometheusReaderTest, TheWindowDoesNotHaveItsBeginning) {
  prometheus_.Series("container_memory_working_set_bytes",
                     R"({"metric":{"namespace":"hotel","pod":"a","container":"c","id":"/1"},
                         "values":[[15,"7"],[30,"8"]]},
                        {"metric":{"namespace":"hotel","pod":"b","container":"c","id":"/2"},
                         "values":[[15,"7"]]})");
  PrometheusReader reader = Reader();
  const auto metrics = Read(reader);
  ASSERT_TRUE(metrics.ok()) << metrics.status();
  ASSERT_THAT(metrics->containers, SizeIs(1));
  const MetricSeries& memory = metrics->containers.begin()->second.memory_working_set;
  ASSERT_THAT(memory, SizeIs(1));
  EXPECT_EQ(memory[0].value, 8);
}

TEST_F(PrometheusReaderTest, SumsTheRoutesOfAServiceAndKeepsItsPods) {
  prometheus_.Series(
      "traces_span_metrics_calls_total",
      R"({"metric":{"service_name":"search","pod":"s-1","span_name":"a"},"values":[[30,"0"],[45,"3"]]},
         {"metric":{"service_name":"search","pod":"s-1","span_name":"b"},"values":[[30,"0"],[45,"4"]]},
         {"metric":{"service_name":"search","pod":"s-2","span_name":"a"},"values":[[30,"0"],[45,"5"]]})");
  auto reader = Reader();
  const auto metrics = Read(reader);
  ASSERT_TRUE(metrics.ok()) << metrics.status();
  const ScrapedService& search = metrics->services.at("search");
  EXPECT_EQ(search.requests.back().value, 12);
  ASSERT_THAT(search.requests_by_pod, SizeIs(2));
  EXPECT_EQ(search.requests_by_pod.at("s-1").back().value, 7);
}

TEST_F(PrometheusReaderTest, AQueryThatFailsLeavesAGapAndTheOthersStand) {
  prometheus_.Series("container_cpu_usage_seconds_total%7Bid",
                     R"({"metric":{"node":"n1","id":"/"},"values":[[30,"50"],[45,"60"]]})");
  prometheus_.Answer("container_memory_working_set_bytes%7Bid", 422,
                     R"({"status":"error","errorType":"execution","error":"too many samples"})");
  auto reader = Reader();
  const auto metrics = Read(reader);
  ASSERT_TRUE(metrics.ok()) << metrics.status();
  EXPECT_THAT(metrics->gaps,
              ElementsAre(HasSubstr("query node-memory-bytes: Prometheus answered 422 execution: "
                                    "too many samples")));
  EXPECT_THAT(metrics->nodes.at("n1").memory_used, IsEmpty());
  EXPECT_THAT(metrics->nodes.at("n1").cpu_seconds, SizeIs(2));
}

// One answer to a question about a day holds for five minutes, and no longer.
TEST_F(PrometheusReaderTest, PeaksOfMemoryAreAskedForNowAndThen) {
  const auto peak = [this](std::string_view value, int second) {
    prometheus_.Answer("max_over_time", 200,
                       fmt::format(R"({{"status":"success","data":{{"resultType":"vector","result":[
            {{"metric":{{"namespace":"hotel","pod":"search-1","container":"app","id":"/a"}},
              "value":[{1},"{0}"]}},
            {{"metric":{{"namespace":"hotel","pod":"search-1","container":"app","id":"/b"}},
              "value":[{1},"5"]}}]}}}})",
                                   value, second));
  };
  auto reader = Reader();
  const auto peak_at = [&](int second) {
    const auto metrics = reader.Read(Instant(std::chrono::seconds(second)),
                                     std::chrono::seconds(45), std::chrono::seconds(20));
    EXPECT_TRUE(metrics.ok()) << metrics.status();
    EXPECT_THAT(metrics->gaps, IsEmpty());
    return metrics->containers.at({{"hotel", "search-1"}, "app"}).memory_peak;
  };
  peak("7", 60);
  EXPECT_EQ(peak_at(60), 7);  // of the container's two lives
  peak("9", 360);
  EXPECT_EQ(peak_at(359), 7);
  EXPECT_EQ(prometheus_.Asked("max_over_time"), 1);
  EXPECT_EQ(peak_at(360), 9);
  EXPECT_EQ(prometheus_.Asked("max_over_time"), 2);
  // Without an answer nothing is known, which is a gap, and it is asked for each time.
  prometheus_.Answer("max_over_time", 503, "");
  for (const int second : {660, 675}) {
    const auto metrics = reader.Read(Instant(std::chrono::seconds(second)),
                                     std::chrono::seconds(45), std::chrono::seconds(20));
    ASSERT_TRUE(metrics.ok()) << metrics.status();
    EXPECT_THAT(metrics->gaps, ElementsAre(HasSubstr("query container-memory-peak-bytes: ")));
    EXPECT_THAT(metrics->containers, IsEmpty());
  }
}

TEST_F(PrometheusReaderTest, APartOfAnAnswerIsAGap) {
  prometheus_.Answer("node_network_speed_bytes", 200,
                     R"({"status":"success","warnings":["store-2 is down"],"data":{
                         "resultType":"matrix","result":[]}})");
  auto reader = Reader();
  const auto metrics = Read(reader);
  ASSERT_TRUE(metrics.ok()) << metrics.status();
  EXPECT_THAT(metrics->gaps, ElementsAre(HasSubstr("in part: store-2 is down")));
}

TEST_F(PrometheusReaderTest, NothingAnsweredIsUnavailable) {
  auto client =
      PrometheusClient::Create({.url = "http://127.0.0.1:" + std::to_string(UnusedPort())});
  auto queries = PrometheusQueries::Create({});
  ASSERT_TRUE(client.ok() && queries.ok());
  PrometheusReader reader(*std::move(client), *std::move(queries), clock_);
  EXPECT_EQ(Read(reader).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(PrometheusReaderTest, OneDeadlineHoldsForAllQueries) {
  LoopbackServer slow([](LoopbackConnection& connection) {
    (void)connection.Read();
    connection.WaitForClose();
  });
  auto client = PrometheusClient::Create({.url = slow.Url()});
  auto queries = PrometheusQueries::Create({});
  ASSERT_TRUE(client.ok() && queries.ok());
  PrometheusReader reader(*std::move(client), *std::move(queries), clock_);
  const auto metrics = reader.Read(Instant(std::chrono::seconds(60)), std::chrono::seconds(45),
                                   std::chrono::milliseconds(200));
  EXPECT_EQ(metrics.status().code(), absl::StatusCode::kUnavailable);
  // The first spent all there was but for fractions of a millisecond; 19 would be asked.
  EXPECT_LT(slow.connections(), 5);
}

TEST(PrometheusClientTest, RefusesAUrlThatIsNone) {
  EXPECT_EQ(PrometheusClient::Create({.url = "prometheus:9090"}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(PrometheusClientTest, KeepsThePathOfTheServerAndSendsItsHeaders) {
  std::string target;
  std::string tenant;
  LoopbackServer server(LoopbackServer::EveryRequest(
      [&](const LoopbackConnection::Request& request, const LoopbackConnection& to) {
        target = request.target;
        tenant = request.headers.at("x-scope-orgid");
        to.Answer(200, R"({"status":"success","data":{"version":"2.42.0"}})");
      }));
  auto client = PrometheusClient::Create(
      {.url = server.Url("/prometheus/"), .headers = {{"X-Scope-OrgID", "tenant-1"}}});
  ASSERT_TRUE(client.ok()) << client.status();
  const auto version = client->Version(std::chrono::seconds(20));
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(*version, "2.42.0");
  EXPECT_EQ(target, "/prometheus/api/v1/status/buildinfo");
  EXPECT_EQ(tenant, "tenant-1");
}

}  // namespace
}  // namespace trimtab
