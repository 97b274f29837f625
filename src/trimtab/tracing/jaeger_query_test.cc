#include "trimtab/tracing/jaeger_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trimtab/tracing/testing/fake_jaeger.h"

namespace trimtab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr JaegerWindow kWindow = {Instant(std::chrono::seconds(1'700'000'000)),
                                  Instant(std::chrono::seconds(1'700'000'060))};

Span At(std::uint64_t trace, Duration after) {
  return {.trace = {.high = 1, .low = trace},
          .id = 1,
          .service = "front",
          .pod = "front-1",
          .operation = "GET",
          .kind = SpanKind::kServer,
          .start = kWindow.begin + after,
          .duration = std::chrono::milliseconds(1),
          .argument_classes = {}};
}

class JaegerQueryTest : public ::testing::TestWithParam<JaegerApi> {
 protected:
  JaegerQuery Query(int limit = 10) {
    return JaegerQuery(jaeger_.Getter(), {.service = "front", .api = GetParam(), .limit = limit});
  }
  absl::StatusOr<JaegerPage> Answered(int status, std::string body) {
    jaeger_.instead.push_back(HttpResponse{.status = status, .body = std::move(body)});
    return Query().Traces(kWindow);
  }
  testing::FakeJaeger jaeger_;
};

TEST_P(JaegerQueryTest, FindsTheTracesThatStartInsideTheWindow) {
  jaeger_.Add(At(1, Duration(0)));
  jaeger_.Add(At(2, std::chrono::seconds(60) - std::chrono::microseconds(1)));
  jaeger_.Add(At(3, std::chrono::seconds(60)));
  const auto page = Query().Traces(kWindow);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->traces.size(), 2);
  EXPECT_FALSE(page->is_full);
  EXPECT_TRUE(Query(2).Traces(kWindow)->is_full);
}

TEST_P(JaegerQueryTest, NoTraceIsAnAnswer) {
  jaeger_.Add(At(1, std::chrono::hours(1)));
  const auto page = Query().Traces(kWindow);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_TRUE(page->traces.empty());
}

TEST_P(JaegerQueryTest, AnswersThatAreNoneAreErrors) {
  for (const char* body : {"", "  \n", "garbage", "{}", "[1", "{\"data\":null}", "null",
                           "{\"data\":[{\"traceID\":\"1\"", "{\"result\":{\"resourceSpans\":[",
                           R"({"data":[],"errors":[{"code":500,"msg":"lost"}]})",
                           R"({"result":{"resourceSpans":[]}}{"error":{"httpCode":500}})"}) {
    EXPECT_EQ(Answered(200, body).status().code(), absl::StatusCode::kUnavailable) << body;
  }
}

TEST_P(JaegerQueryTest, StatusesBecomeCodesThatSayWhatToDo) {
  EXPECT_EQ(Answered(400, "x").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Answered(401, "x").status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Answered(403, "x").status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Answered(429, "x").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Answered(500, "x").status().code(), absl::StatusCode::kUnavailable);
  const auto status = Answered(503, "store is\ndown").status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("Jaeger answers 503 to /api/"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("store is down"));
}

TEST_P(JaegerQueryTest, TransportErrorsPassThrough) {
  jaeger_.instead.push_back(absl::DeadlineExceededError("10 s"));
  EXPECT_EQ(Query().Traces(kWindow).status(), absl::DeadlineExceededError("10 s"));
}

TEST_P(JaegerQueryTest, ListsServices) {
  jaeger_.Add(At(1, Duration(0)));
  EXPECT_THAT(*Query().Services(), ElementsAre("front"));
  for (const char* body : {"", "[]", "{\"data\":5,\"services\":{}}", "<html>"}) {
    jaeger_.instead.push_back(HttpResponse{.status = 200, .body = body});
    EXPECT_EQ(Query().Services().status().code(), absl::StatusCode::kUnavailable) << body;
  }
  jaeger_.instead.push_back(HttpResponse{
      .status = 200, .body = GetParam() == JaegerApi::kV1 ? "{\"data\":null,\"total\":0}" : "{}"});
  EXPECT_THAT(*Query().Services(), ElementsAre());
}

INSTANTIATE_TEST_SUITE_P(Both, JaegerQueryTest, ::testing::Values(JaegerApi::kV1, JaegerApi::kV3));

TEST(JaegerQueryTargetTest, SaysTimesAsEachApiWantsThem) {
  testing::FakeJaeger jaeger;
  ASSERT_TRUE(JaegerQuery(jaeger.Getter(), {.service = "a b", .api = JaegerApi::kV1, .limit = 7})
                  .Traces(kWindow)
                  .ok());
  EXPECT_EQ(jaeger.targets.back(),
            "/api/traces?service=a%20b&start=1700000000000000&end=1700000059999999&limit=7");
  ASSERT_TRUE(
      JaegerQuery(jaeger.Getter(), {.service = "a", .api = JaegerApi::kV3}).Traces(kWindow).ok());
  EXPECT_THAT(jaeger.targets.back(),
              HasSubstr("query.startTimeMin=2023-11-14T22%3A13%3A20.000000Z"));
  EXPECT_THAT(jaeger.targets.back(),
              HasSubstr("query.start_time_max=2023-11-14T22%3A14%3A19.999999Z"));
}

// A newer release answers in camelCase without a trailing newline, as recorded; a span that cannot
// be used does not hide that its page was full.
TEST(JaegerQueryTargetTest, ATraceOfRefusedSpansCountsAgainstTheLimit) {
  testing::FakeJaeger jaeger;
  jaeger.instead.push_back(HttpResponse{
      .status = 200,
      .body = R"({"result":{"resourceSpans":[{"resource":{},"scopeSpans":[{"spans":[)"
              R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",)"
              R"("startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}})"});
  const auto page =
      JaegerQuery(jaeger.Getter(), {.service = "a", .api = JaegerApi::kV3, .limit = 1})
          .Traces(kWindow);
  ASSERT_TRUE(page.ok());
  EXPECT_TRUE(page->traces.empty());
  EXPECT_TRUE(page->is_full);
}

}  // namespace
}  // namespace trimtab
