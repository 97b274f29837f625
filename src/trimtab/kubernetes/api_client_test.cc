// Requests, refusals and what is asked again, against a server that answers as told.
#include "trimtab/kubernetes/api_client.h"

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/kubernetes/api_failure.h"
#include "trimtab/kubernetes/api_probe.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/resource_type.h"
#include "trimtab/kubernetes/testing/fake_api.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;
using std::chrono::seconds;

// Answers `status` and `body`, with `headers`, to everything.
LoopbackServer::Responder Always(int status, std::string body, std::string headers = "") {
  return [=](const FakeApi::Request&, const LoopbackConnection& connection) {
    connection.Answer(status, body, headers);
  };
}

// Answers `first` so often, then 200 with an object.
LoopbackServer::Responder Failing(int times, int status, std::string headers = "") {
  return [=, left = times](const FakeApi::Request&, const LoopbackConnection& connection) mutable {
    if (left-- > 0) {
      connection.Answer(status, StatusBody(status, "R"), headers);
    } else {
      connection.Answer(200, R"({"kind":"Pod"})");
    }
  };
}

TEST(ResourcePathTest, EscapesEveryPart) {
  EXPECT_EQ(ResourcePath(kPods, "shop", "web-1", "resize"),
            "/api/v1/namespaces/shop/pods/web-1/resize");
  EXPECT_EQ(ResourcePath(kDeployments, ""), "/apis/apps/v1/deployments");
  EXPECT_EQ(ResourcePath(kPods, "a/../b", "x?y"), "/api/v1/namespaces/a%2F..%2Fb/pods/x%3Fy");
}

TEST(ApiFailureTest, EveryCodeHasItsMeaning) {
  const std::vector<std::pair<int, absl::StatusCode>> codes = {
      {400, absl::StatusCode::kInvalidArgument},
      {401, absl::StatusCode::kUnauthenticated},
      {403, absl::StatusCode::kPermissionDenied},
      {404, absl::StatusCode::kNotFound},
      {405, absl::StatusCode::kUnimplemented},
      {409, absl::StatusCode::kAborted},
      {410, absl::StatusCode::kOutOfRange},
      {413, absl::StatusCode::kResourceExhausted},
      {415, absl::StatusCode::kUnimplemented},
      {422, absl::StatusCode::kInvalidArgument},
      {429, absl::StatusCode::kResourceExhausted},
      {500, absl::StatusCode::kInternal},
      {503, absl::StatusCode::kUnavailable},
      {504, absl::StatusCode::kDeadlineExceeded},
      {418, absl::StatusCode::kUnknown}};
  for (const auto& [code, expected] : codes) {
    FakeApi api(Always(code, StatusBody(code, "Reason", "words")));
    const absl::Status status = api.client().Create("/x", Json::object()).status();
    EXPECT_EQ(status.code(), expected) << code;
    EXPECT_EQ(std::string(status.message()), "POST /x: " + std::to_string(code) + " Reason: words");
    ASSERT_TRUE(ApiFailureOf(status).has_value());
    EXPECT_EQ(ApiFailureOf(status)->code, code);
    EXPECT_EQ(ApiFailureOf(status)->reason, "Reason");
  }
}

TEST(ApiFailureTest, AlreadyExistsIsNoConflict) {
  FakeApi api(Always(409, StatusBody(409, "AlreadyExists")));
  EXPECT_TRUE(absl::IsAlreadyExists(api.client().Create("/x", Json::object()).status()));
}

TEST(ApiFailureTest, KeepsCausesThroughTheStatus) {
  FakeApi api(Always(
      422,
      StatusBody(422, "Invalid", "two things",
                 R"({"causes":[{"reason":"NodeCapacity","message":"no room","field":"spec"}]})")));
  const auto failure = ApiFailureOf(api.client().Create("/x", Json::object()).status());
  ASSERT_TRUE(failure.has_value());
  EXPECT_TRUE(failure->HasCause("NodeCapacity"));
  EXPECT_FALSE(failure->HasCause("Other"));
  EXPECT_EQ(failure->causes[0].field, "spec");
  EXPECT_EQ(failure->causes[0].message, "no room");
}

TEST(ApiFailureTest, PlainTextIsAFailureToo) {
  FakeApi api(Always(404, "404 page not found\n"));
  const absl::Status status = api.client().Get("/apis/keda.sh/v1alpha1").status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_EQ(std::string(status.message()), "GET /apis/keda.sh/v1alpha1: 404: 404 page not found");
  EXPECT_FALSE(ApiFailureOf(absl::NotFoundError("of another kind")).has_value());
}

TEST(ApiFailureTest, LongMessagesAreCut) {
  FakeApi api(Always(404, std::string(100'000, 'x')));
  EXPECT_LT(api.client().Get("/x").status().message().size(), 1100U);
}

TEST(ApiClientRetryTest, WaitsAsLongAsA429Asks) {
  FakeApi api(Failing(1, 429, "Retry-After: 3\r\n"));
  EXPECT_TRUE(api.client().Create("/x", Json::object()).ok());
  ASSERT_EQ(api.pauses().size(), 1U);
  EXPECT_GE(api.pauses()[0], seconds(3));
  EXPECT_LT(api.pauses()[0], seconds(4));
}

TEST(ApiClientRetryTest, A429WithoutATimeIsNotAskedAgain) {
  FakeApi api(Failing(1, 429));
  EXPECT_FALSE(api.client().Get("/x").ok());
  EXPECT_EQ(api.requests().size(), 1U);
}

TEST(ApiClientRetryTest, ALongPauseIsTheCallers) {
  FakeApi api(Failing(1, 503, "Retry-After: 600\r\n"));
  const auto failure = ApiFailureOf(api.client().Get("/x").status());
  EXPECT_TRUE(api.pauses().empty());
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->retry_after, seconds(600));
}

TEST(ApiClientRetryTest, OnlyWhatMayBeDoneTwiceIsAskedAgainAfterAServerError) {
  FakeApi reads(Failing(2, 500));
  EXPECT_TRUE(reads.client().Get("/x").ok());
  FakeApi writes(Failing(2, 500));
  EXPECT_FALSE(writes.client().Patch("/x", PatchType::kMerge, Json::object()).ok());
  EXPECT_EQ(writes.requests().size(), 1U);
  FakeApi applies(Failing(2, 500));
  EXPECT_TRUE(applies.client().Patch("/x", PatchType::kApply, Json::object()).ok());
  FakeApi trials(Failing(2, 500));
  EXPECT_TRUE(trials.client().Create("/x", Json::object(), {.dry_run = true}).ok());
}

TEST(ApiClientRetryTest, GivesUpAfterItsAttempts) {
  FakeApi api(Always(503, ""), {.attempts = 3});
  EXPECT_TRUE(absl::IsUnavailable(api.client().Get("/x").status()));
  EXPECT_EQ(api.requests().size(), 3U);
  EXPECT_EQ(api.pauses().size(), 2U);
}

TEST(ApiClientRetryTest, AResetIsAskedAgainOnlyForReads) {
  const auto cut = [left = 1](const FakeApi::Request&,
                              const LoopbackConnection& connection) mutable {
    if (left-- > 0) {
      connection.Write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{");
      connection.End();
    } else {
      connection.Answer(200, "{}");
    }
  };
  FakeApi reads(cut);
  EXPECT_TRUE(reads.client().Get("/x").ok());
  FakeApi writes(cut);
  EXPECT_TRUE(absl::IsUnavailable(writes.client().Create("/x", Json::object()).status()));
}

TEST(ApiClientRetryTest, AStopEndsThePauses) {
  FakeApi api(Always(503, ""));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(absl::IsCancelled(api.client().Get("/x", {}, stop.get_token()).status()));
}

TEST(ApiClientRetryTest, EachAttemptOfAWriteIsAllowedAnew) {
  int allowed = 1;
  const auto before_write = [&allowed] {
    return allowed-- > 0 ? absl::OkStatus() : absl::FailedPreconditionError("the lease is over");
  };
  FakeApi api(Failing(9, 429, "Retry-After: 1\r\n"), {.attempts = 3}, before_write);
  const absl::Status status = api.client().Patch("/x", PatchType::kMerge, Json::object()).status();
  EXPECT_EQ(std::string(status.message()), "the lease is over");
  EXPECT_EQ(api.requests().size(), 1U) << "the second attempt was not sent";
  EXPECT_EQ(std::string(api.client().Delete("/x").status().message()), "the lease is over");
  EXPECT_EQ(api.requests().size(), 1U);
}

TEST(ApiClientRetryTest, AWriteIsAllowedUntilItsBytesLeave) {
  const auto refuse = [] { return absl::FailedPreconditionError("the lease is over"); };
  FakeApi api(Always(200, "{}"), {}, {}, refuse);
  EXPECT_TRUE(api.client().Get("/x").ok());
  EXPECT_TRUE(api.client().Create("/x", Json::object(), {.dry_run = true}).ok());
  EXPECT_EQ(api.requests().size(), 2U);
  EXPECT_EQ(api.client().Create("/x", Json::object()).status(), refuse());
  EXPECT_EQ(api.client().Patch("/x", PatchType::kApply, Json::object()).status(), refuse());
  EXPECT_EQ(api.client().Delete("/x").status(), refuse());
  EXPECT_EQ(api.requests().size(), 2U);
  EXPECT_EQ(api.pauses().size(), 0U) << "not tried again";
}

TEST(ApiClientRetryTest, ReadsAndDryRunsNeedNoLeave) {
  FakeApi api(Always(200, "{}"), {}, [] { return absl::FailedPreconditionError("no lease"); });
  EXPECT_TRUE(api.client().Get("/x").ok());
  EXPECT_TRUE(api.client().Create("/x", Json::object(), {.dry_run = true}).ok());
  EXPECT_TRUE(api.client().Delete("/x", {.dry_run = true}).ok());
  EXPECT_FALSE(api.client().Replace("/x", Json::object()).ok());
}

TEST(RetryPausesTest, DoubleUpToTheLongestWithinTheirUpperHalf) {
  RetryPauses pauses({.first_pause = seconds(1), .longest_pause = seconds(4)}, "test");
  const std::vector<int> whole = {1, 2, 4, 4, 4};
  for (int failures = 1; failures <= 5; ++failures) {
    for (int draw = 0; draw < 100; ++draw) {
      const Duration pause = pauses.After(failures, std::nullopt);
      EXPECT_GE(pause * 2, seconds(whole[failures - 1]));
      EXPECT_LE(pause, seconds(whole[failures - 1]));
    }
  }
  EXPECT_LE(pauses.After(1'000'000, std::nullopt), seconds(4));
  EXPECT_GE(pauses.After(1, seconds(9)), seconds(9));
}

TEST(RetryPausesTest, TheSameSeedGivesTheSamePauses) {
  RetryPauses one({.seed = 7}, "a");
  RetryPauses two({.seed = 7}, "a");
  RetryPauses three({.seed = 8}, "a");
  const Duration first = one.After(3, std::nullopt);
  EXPECT_EQ(first, two.After(3, std::nullopt));
  EXPECT_NE(first, three.After(3, std::nullopt));
}

TEST(ApiClientTest, WritesAreStrictAndCarryTheManager) {
  FakeApi api(Always(200, "{}"));
  ASSERT_TRUE(api.client().Create("/x", {{"a", 1}}).ok());
  ASSERT_TRUE(api.client().Replace("/x", Json::object(), {.dry_run = true}).ok());
  ASSERT_TRUE(api.client().Patch("/x", PatchType::kApply, Json::object(), {.force = true}).ok());
  const auto requests = api.requests();
  EXPECT_EQ(requests[0].method + " " + requests[0].target,
            "POST /x?fieldManager=trimtab&fieldValidation=Strict");
  EXPECT_EQ(requests[0].body, R"({"a":1})");
  EXPECT_EQ(requests[0].headers.at("content-type"), "application/json");
  EXPECT_EQ(requests[1].method + " " + requests[1].target,
            "PUT /x?fieldManager=trimtab&fieldValidation=Strict&dryRun=All");
  EXPECT_EQ(requests[2].method + " " + requests[2].target,
            "PATCH /x?fieldManager=trimtab&fieldValidation=Strict&force=true");
}

TEST(ApiClientTest, EachPatchHasItsContentType) {
  FakeApi api(Always(200, "{}"));
  const std::vector<std::pair<PatchType, std::string>> types = {
      {PatchType::kMerge, "application/merge-patch+json"},
      {PatchType::kStrategicMerge, "application/strategic-merge-patch+json"},
      {PatchType::kJson, "application/json-patch+json"},
      {PatchType::kApply, "application/apply-patch+yaml"}};
  for (const auto& [type, expected] : types) {
    ASSERT_TRUE(api.client().Patch("/x", type, Json::object()).ok());
    EXPECT_EQ(api.requests().back().headers.at("content-type"), expected);
  }
}

TEST(ApiClientTest, DeletesWithItsConditions) {
  FakeApi api(Always(200, "{}"));
  ASSERT_TRUE(api.client().Delete("/x", {.uid = "u", .grace_seconds = 0, .dry_run = true}).ok());
  EXPECT_EQ(api.requests()[0].body,
            R"({"apiVersion":"v1","dryRun":["All"],"gracePeriodSeconds":0,"kind":"DeleteOptions",)"
            R"("preconditions":{"uid":"u"}})");
}

TEST(ApiClientTest, AnAnswerThatIsNoJsonIsALoss) {
  FakeApi api(Always(200, "<html>"));
  const absl::Status status = api.client().Get("/x").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(status.message(), "GET /x: not JSON from byte 1 of 6");
}

// Pages of one item each; `items` of them.
LoopbackServer::Responder Pages(int items) {
  return [=](const FakeApi::Request& request, const LoopbackConnection& connection) {
    const std::size_t at = request.target.find("continue=");
    const int page = at == std::string::npos ? 0 : std::stoi(request.target.substr(at + 9));
    Json body = {{"items", {{{"n", page}}}}, {"metadata", {{"resourceVersion", "7"}}}};
    if (page + 1 < items) body["metadata"]["continue"] = std::to_string(page + 1);
    connection.Answer(200, body.dump());
  };
}

TEST(ApiClientListTest, GathersEveryPage) {
  FakeApi api(Pages(3));
  const auto list = api.client().List("/x", {{"labelSelector", "a=b"}});
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->items.size(), 3U);
  EXPECT_EQ(list->resource_version, "7");
  EXPECT_EQ(api.requests()[2].target, "/x?labelSelector=a%3Db&limit=500&continue=2");
}

TEST(ApiClientListTest, AnExpiredContinuationBeginsAnewOnce) {
  int expiries = 0;
  const auto sound = Pages(2);
  int allowed = 1;
  const auto respond = [&](const FakeApi::Request& request, const LoopbackConnection& connection) {
    if (request.target.find("continue=") != std::string::npos && expiries < allowed) {
      ++expiries;
      connection.Answer(410, StatusBody(410, "Expired"));
    } else {
      sound(request, connection);
    }
  };
  FakeApi api(respond);
  EXPECT_EQ(api.client().List("/x")->items.size(), 2U);
  allowed = 100;
  EXPECT_TRUE(absl::IsOutOfRange(api.client().List("/x").status()));
}

TEST(ApiClientListTest, RefusesWhatIsNoList) {
  FakeApi api(Always(200, R"({"items":{}})"));
  EXPECT_EQ(api.client().List("/x").status().message(), "GET /x: the answer is not a list");
  FakeApi none(Always(200, R"({"items":null})"));
  EXPECT_TRUE(none.client().List("/x")->items.empty());
}

TEST(ApiProbeTest, FindsSubresources) {
  FakeApi api([](const FakeApi::Request& request, const LoopbackConnection& connection) {
    if (request.target == "/api/v1") {
      connection.Answer(200, R"({"resources":[{"name":"pods"},{"name":"pods/resize"}]})");
    } else {
      connection.Answer(404, "404 page not found");
    }
  });
  EXPECT_TRUE(*HasResource(api.client(), kPods, "resize"));
  EXPECT_TRUE(*HasResource(api.client(), kPods));
  EXPECT_FALSE(*HasResource(api.client(), kPods, "other"));
  EXPECT_FALSE(*HasResource(api.client(), {"keda.sh", "v1alpha1", "scaledobjects"}));
}

TEST(ApiProbeTest, AsksForItsRights) {
  FakeApi api(Always(201, R"({"status":{"allowed":true,"reason":"RBAC"}})"));
  const AccessQuestion question{
      .verb = "patch", .type = kDeployments, .subresource = "scale", .name_space = "shop"};
  const auto answer = AskAccess(api.client(), question);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->is_allowed);
  EXPECT_EQ(answer->reason, "RBAC");
  EXPECT_EQ(question.ToString(), "patch deployments/scale.apps in namespace 'shop'");
  EXPECT_EQ(api.requests()[0].body,
            R"({"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":)"
            R"({"resourceAttributes":{"group":"apps","namespace":"shop","resource":"deployments",)"
            R"("subresource":"scale","verb":"patch"}}})");
}

TEST(ApiProbeTest, AnAnswerWithoutAVerdictIsNoPermission) {
  FakeApi api(Always(201, "{}"));
  EXPECT_FALSE(AskAccess(api.client(), {.verb = "get", .type = kPods}).ok());
  EXPECT_FALSE(ServerVersion(api.client()).ok());
}

}  // namespace
}  // namespace trimtab
