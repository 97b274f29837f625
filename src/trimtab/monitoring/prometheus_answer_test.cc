#include "trimtab/monitoring/prometheus_answer.h"

#include <cmath>
#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Instant At(std::int64_t milliseconds) { return Instant(std::chrono::milliseconds(milliseconds)); }

absl::Status Refused(int http_status, std::string_view body) {
  return ParsePrometheusAnswer(http_status, body).status();
}

TEST(PrometheusAnswerTest, ReadsAVector) {
  const auto answer = ParsePrometheusAnswer(200, R"({"status":"success","data":{
      "resultType":"vector","result":[
        {"metric":{"pod":"search-1","__name__":"up"},"value":[1435781451.781,"1"]},
        {"metric":{"pod":"search-2"},"value":[1435781451.781,"2.5e-3"]}]}})");
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_THAT(answer->series, SizeIs(2));
  EXPECT_EQ(answer->series[0].Label("pod"), "search-1");
  EXPECT_EQ(answer->series[0].Label("node"), "");
  ASSERT_THAT(answer->series[0].points, SizeIs(1));
  // 1435781451.781 is no double: the nearest millisecond is what was scraped.
  EXPECT_EQ(answer->series[0].points[0].at, At(1435781451781));
  EXPECT_EQ(answer->series[0].points[0].value, 1);
  EXPECT_EQ(answer->series[1].points[0].value, 0.0025);
  EXPECT_THAT(answer->warnings, IsEmpty());
}

TEST(PrometheusAnswerTest, ReadsAMatrixInItsOrder) {
  const auto answer = ParsePrometheusAnswer(200, R"({"status":"success","data":{
      "resultType":"matrix","result":[{"metric":{},"values":[[15,"1"],[30,"NaN"],[45,"+Inf"]]}]}})");
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_THAT(answer->series, SizeIs(1));
  const MetricSeries& points = answer->series[0].points;
  ASSERT_THAT(points, SizeIs(3));
  EXPECT_EQ(points[0].at, At(15'000));
  EXPECT_TRUE(std::isnan(points[1].value));
  EXPECT_EQ(points[2].value, std::numeric_limits<double>::infinity());
}

TEST(PrometheusAnswerTest, AScalarHasNoLabels) {
  const auto answer = ParsePrometheusAnswer(
      200, R"({"status":"success","data":{"resultType":"scalar","result":[7,"3"]}})");
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_THAT(answer->series, SizeIs(1));
  EXPECT_THAT(answer->series[0].labels, IsEmpty());
  EXPECT_EQ(answer->series[0].points[0].value, 3);
}

TEST(PrometheusAnswerTest, NothingFoundIsNoSeriesAndNoError) {
  const auto answer = ParsePrometheusAnswer(
      200, R"({"status":"success","data":{"resultType":"vector","result":[]}})");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(answer->series, IsEmpty());
}

TEST(PrometheusAnswerTest, NativeHistogramsAreLeftOut) {
  const auto answer = ParsePrometheusAnswer(200, R"({"status":"success","data":{
      "resultType":"vector","result":[
        {"metric":{"le":"1"},"histogram":[1,{"count":"4","sum":"2"}]},
        {"metric":{"le":"2"},"value":[1,"4"]}]}})");
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_THAT(answer->series, SizeIs(1));
  EXPECT_EQ(answer->series[0].Label("le"), "2");
}

TEST(PrometheusAnswerTest, KeepsWarningsOfAPartialAnswer) {
  const auto answer = ParsePrometheusAnswer(200, R"({"status":"success","warnings":["1 store down"],
      "data":{"resultType":"vector","result":[]}})");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(answer->warnings, testing::ElementsAre("1 store down"));
}

TEST(PrometheusAnswerTest, ErrorsSayWhatToDoNext) {
  const auto wrong = Refused(400, R"({"status":"error","errorType":"bad_data",
      "error":"invalid parameter \"query\": 1:5: parse error"})");
  EXPECT_EQ(wrong.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(wrong.message()),
              HasSubstr("400 bad_data: invalid parameter \"query\": 1:5: parse error"));
  EXPECT_EQ(
      Refused(422, R"({"status":"error","errorType":"execution","error":"many-to-many"})").code(),
      absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(
      Refused(503, R"({"status":"error","errorType":"timeout","error":"query timed out"})").code(),
      absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Refused(503, "upstream connect error").code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Refused(429, "").code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Refused(401, "Unauthorized\n").code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Refused(403, "").code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Refused(404, "404 page not found").code(), absl::StatusCode::kNotFound);
}

TEST(PrometheusAnswerTest, WhatIsNotPrometheusIsDataLoss) {
  const std::string_view bodies[] = {
      "",
      "<html>login</html>",
      "[1,2]",
      "{}",
      R"({"status":"success"})",
      R"({"status":"success","data":{}})",
      R"({"status":"success","data":{"resultType":"streams","result":[]}})",
      R"({"status":"success","data":{"resultType":"vector"}})",
      R"({"status":"success","data":{"resultType":"vector","result":[{"value":[1,"1"]}]}})",
      R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":1},"value":[1,"1"]}]}})",
      R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"1"]},)",
      R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1]}]}})",
      R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,1]}]}})",
      R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"x"]}]}})",
      R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1e300,"1"]}]}})",
  };
  for (const std::string_view body : bodies) {
    EXPECT_EQ(Refused(200, body).code(), absl::StatusCode::kDataLoss) << body;
  }
}

TEST(PrometheusAnswerTest, RefusesWhatIsTooLarge) {
  const std::string_view body = R"({"status":"success","data":{"resultType":"matrix","result":[
      {"metric":{},"values":[[1,"1"],[2,"1"]]},{"metric":{},"values":[[1,"1"],[2,"1"]]}]}})";
  EXPECT_TRUE(ParsePrometheusAnswer(200, body, {.most_series = 2, .most_points = 4}).ok());
  const auto series = ParsePrometheusAnswer(200, body, {.most_series = 1}).status();
  EXPECT_EQ(series.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(series.message()), HasSubstr("more than 1 series"));
  const auto points = ParsePrometheusAnswer(200, body, {.most_points = 3}).status();
  EXPECT_EQ(points.code(), absl::StatusCode::kResourceExhausted);
}

TEST(PrometheusAnswerTest, ALongErrorIsShortened) {
  const std::string body =
      R"({"status":"error","errorType":"bad_data","error":")" + std::string(5000, 'x') + R"("})";
  EXPECT_LT(Refused(400, body).message().size(), 400U);
}

}  // namespace
}  // namespace trimtab
