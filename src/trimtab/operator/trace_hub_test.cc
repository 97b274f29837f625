// Traces of one source shared by applications.
#include "trimtab/operator/trace_hub.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class GivenSpans : public TraceSource {
 public:
  absl::Status Read(Instant, const std::function<void(const Span&)>& sink) override {
    ++reads;
    for (const Span& span : std::exchange(spans, {})) sink(span);
    return error;
  }
  double sampling_share() const override { return 0.5; }

  std::vector<Span> spans;
  absl::Status error;
  int reads = 0;
};

Span Of(std::uint64_t trace, const std::string& service, const std::string& operation = "get") {
  Span span;
  span.trace = {0, trace};
  span.service = service;
  span.operation = operation;
  return span;
}

std::vector<std::string> Services(TraceSource& source, int second) {
  std::vector<std::string> services;
  EXPECT_TRUE(source
                  .Read(Instant(std::chrono::seconds(second)),
                        [&](const Span& span) { services.push_back(span.service); })
                  .ok());
  return services;
}

TEST(TraceHubTest, EachApplicationGetsItsWholeTracesNamedAsItsMicroservices) {
  GivenSpans source;
  TraceHub hub(source);
  const auto hotel = hub.Open({.microservice_of = {{"web-svc", "web"}, {"geo", "geo"}}});
  const auto shop = hub.Open({.microservice_of = {{"cart", "cart"}}});
  source.spans = {Of(1, "geo"), Of(1, "proxy"), Of(2, "cart"), Of(1, "web-svc"), Of(3, "other")};
  EXPECT_THAT(Services(*hotel, 1), ElementsAre("geo", "proxy", "web"));
  EXPECT_THAT(Services(*shop, 1), ElementsAre("cart"));
  EXPECT_EQ(source.reads, 1);
  EXPECT_THAT(Services(*hotel, 2), IsEmpty()) << "handed out once";
}

TEST(TraceHubTest, OnlyTracesOfTheNamedOperationsWhereTheEntryNamesSome) {
  GivenSpans source;
  TraceHub hub(source);
  const auto spans = hub.Open({.microservice_of = {{"web", "web"}, {"geo", "geo"}},
                               .entry_service = "web",
                               .operations = {"search"}});
  source.spans = {Of(1, "geo"), Of(1, "web", "search"), Of(2, "geo"), Of(2, "web", "health")};
  EXPECT_THAT(Services(*spans, 1), ElementsAre("geo", "web"));
}

TEST(TraceHubTest, WhatNobodyReadsIsDroppedAndCounted) {
  GivenSpans source;
  TraceHub hub(source, {}, 2);
  const auto reader = hub.Open({.microservice_of = {{"a", "a"}}});
  const auto sleeper = hub.Open({.microservice_of = {{"a", "a"}}});
  for (int second = 1; second <= 3; ++second) {
    source.spans = {Of(1, "a")};
    Services(*reader, second);
  }
  EXPECT_EQ(reader->account().dropped, 0u);
  EXPECT_EQ(sleeper->account().dropped, 1u);
  EXPECT_THAT(Services(*sleeper, 3), ElementsAre("a", "a"));
}

ArgumentBins Bins(const std::vector<std::string>& texts) {
  auto bins = ArgumentBins::Parse(texts);
  EXPECT_TRUE(bins.ok()) << bins.status();
  return *std::move(bins);
}

TEST(TraceHubTest, EachApplicationSeesItsOwnClassesOfArguments) {
  GivenSpans source;
  ArgumentBins wished;
  TraceHub hub(source, [&wished](ArgumentBins bins) { wished = std::move(bins); });
  EXPECT_TRUE(wished.empty());
  const auto classes = [](TraceSource& of) {
    std::vector<std::string> seen;
    EXPECT_TRUE(of.Read(Instant(std::chrono::seconds(1)), [&seen](const Span& span) {
                    seen.push_back(span.argument_classes);
                  }).ok());
    return seen;
  };
  const auto near = hub.Open({.microservice_of = {{"a", "a"}}, .arguments = Bins({"distance=2"})});
  {
    auto far = hub.Open({.microservice_of = {{"a", "a"}}, .arguments = Bins({"distance=4"})});
    const auto none = hub.Open({.microservice_of = {{"a", "a"}}});
    ArgumentBins::Request request(wished);
    request.Add("distance", "3");
    Span span = Of(1, "a");
    span.argument_classes = request.Take();
    EXPECT_EQ(span.argument_classes, "distance=2..4");
    source.spans = {span};
    EXPECT_THAT(classes(*near), ElementsAre("distance=2.."));
    EXPECT_THAT(classes(*far), ElementsAre("distance=..4"));
    EXPECT_THAT(classes(*none), ElementsAre(""));
  }
  ArgumentBins::Request request(wished);
  request.Add("distance", "3");
  EXPECT_EQ(request.Take(), "distance=2..") << "who is closed wishes nothing";
}

TEST(TraceHubTest, AFailureIsEverybodysAndLosesNothing) {
  GivenSpans source;
  TraceHub hub(source);
  const auto spans = hub.Open({.microservice_of = {{"a", "a"}}});
  source.spans = {Of(1, "a")};
  source.error = absl::UnavailableError("down");
  EXPECT_FALSE(spans->Read(Instant(std::chrono::seconds(1)), [](const Span&) {}).ok());
  source.error = absl::OkStatus();
  EXPECT_THAT(Services(*spans, 1), ElementsAre("a"));
  EXPECT_EQ(spans->sampling_share(), 0.5);
}

}  // namespace
}  // namespace trimtab
