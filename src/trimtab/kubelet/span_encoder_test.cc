// What is exported is what the simulated cluster's own port shows, once it has been received.
#include "trimtab/kubelet/span_encoder.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "trimtab/server/span_inbox.h"
#include "trimtab/simulation/simulated_cluster.h"
#include "trimtab/simulation/testing/three_tiers.h"

namespace trimtab {
namespace {

using std::chrono::seconds;

constexpr Instant kOrigin{seconds(1'700'000'000)};
constexpr std::uint64_t kRun = 77;

std::unique_ptr<SimulatedCluster> TenSeconds(ClusterScenario scenario) {
  SimulatedClusterOptions options;
  options.load = StepSeries::Constant(50);
  options.span_share = 1;
  options.reporting_delay = Duration(0);
  auto cluster = SimulatedCluster::Create(std::move(scenario), std::move(options));
  EXPECT_TRUE(cluster.ok()) << cluster.status();
  (*cluster)->clock().WaitUntil(Instant(seconds(10)));
  return *std::move(cluster);
}

SpanNames Names() {
  return {.name_space = "shop",
          .run = kRun,
          .origin = kOrigin,
          .pod = [](std::uint32_t microservice, std::uint32_t ordinal) {
            return fmt::format("pod-{}-{}", microservice, ordinal);
          }};
}

std::vector<SampledSpan> Sampled(SimulatedCluster& cluster) {
  const auto& records = cluster.loop().spans().records();
  return {records.begin(), records.end()};
}

// Everything of a span but its pod and the upper half of its trace id, times since the origin.
auto KeyOf(const Span& span, Instant origin) {
  return std::tuple(span.trace.low, span.id, span.parent, span.service, span.operation, span.kind,
                    span.start - origin, span.duration);
}
using Key = decltype(KeyOf(Span(), Instant()));

TEST(SpanEncoderTest, AReceiverSeesWhatThePortShows) {
  const auto cluster = TenSeconds(ThreeTiers());
  const std::vector<SampledSpan> sampled = Sampled(*cluster);
  ASSERT_GT(sampled.size(), 1000U);
  SpanInbox inbox(SpanInbox::Options{});
  const auto receipt = inbox.Take(
      EncodeSpans(sampled, cluster->loop().state(), cluster->loop().process().kinds(), Names()),
      SpanInbox::Encoding::kProtobuf, kOrigin + seconds(10));
  ASSERT_TRUE(receipt.status.ok()) << receipt.status;
  EXPECT_EQ(receipt.accepted, sampled.size());
  EXPECT_EQ(receipt.lost, 0U) << receipt.reasons;

  std::vector<Key> received;
  inbox.ReadRest(kOrigin + seconds(10), [&](const Span& span) {
    EXPECT_EQ(span.trace.high, kRun);
    EXPECT_TRUE(span.pod.starts_with("pod-")) << span.pod;
    received.push_back(KeyOf(span, kOrigin));
  });
  std::vector<Key> shown;
  ASSERT_TRUE(cluster->traces()
                  .Read(Instant(seconds(10)),
                        [&](const Span& span) { shown.push_back(KeyOf(span, Instant())); })
                  .ok());
  std::sort(received.begin(), received.end());
  std::sort(shown.begin(), shown.end());
  EXPECT_EQ(received, shown);
}

// With one thread and a caller that gives up after 1 ms, calls of 2 ms and more fail.
TEST(SpanEncoderTest, FailuresAreErrors) {
  ClusterScenario scenario = ThreeTiers();
  std::get<CallStep>(scenario.microservices[1].endpoints[0].program[1].step).targets[0].timeout =
      std::chrono::milliseconds(1);
  const auto cluster = TenSeconds(std::move(scenario));
  const std::vector<SampledSpan> sampled = Sampled(*cluster);
  const auto failed = std::count_if(sampled.begin(), sampled.end(),
                                    [](const SampledSpan& span) { return span.failed; });
  ASSERT_GT(failed, 0);
  SpanInbox inbox(SpanInbox::Options{});
  inbox.Take(
      EncodeSpans(sampled, cluster->loop().state(), cluster->loop().process().kinds(), Names()),
      SpanInbox::Encoding::kProtobuf, kOrigin + seconds(10));
  std::ptrdiff_t errors = 0;
  inbox.ReadRest(kOrigin + seconds(10), [&](const Span& span) { errors += span.is_error ? 1 : 0; });
  EXPECT_EQ(errors, failed);
}

TEST(SpanEncoderTest, AnEntryTellsTheArgumentsOfItsRequest) {
  ClusterScenario scenario = ThreeTiers();
  scenario.arguments = {{.name = "app.distance", .first = 1, .last = 9, .classes = {3, 6, 9}},
                        {.name = "app.secret", .first = 1, .last = 2}};
  const auto cluster = TenSeconds(std::move(scenario));
  auto bins = ArgumentBins::Parse({"app.distance=4,7", "app.secret=2"});
  ASSERT_TRUE(bins.ok());
  SpanInbox inbox({.arguments = *std::move(bins)});
  inbox.Take(EncodeSpans(Sampled(*cluster), cluster->loop().state(),
                         cluster->loop().process().kinds(), Names()),
             SpanInbox::Encoding::kProtobuf, kOrigin + seconds(10));
  std::map<std::string, int> received;
  inbox.ReadRest(kOrigin + seconds(10), [&](const Span& span) {
    if (!span.argument_classes.empty()) ++received[span.argument_classes];
  });
  std::map<std::string, int> shown;
  ASSERT_TRUE(cluster->traces()
                  .Read(Instant(seconds(10)),
                        [&](const Span& span) {
                          if (!span.argument_classes.empty()) ++shown[span.argument_classes];
                        })
                  .ok());
  // What must not be recorded is not sent.
  EXPECT_EQ(received,
            (std::map<std::string, int>{{"app.distance=..4", shown["app.distance=1-3"]},
                                        {"app.distance=4..7", shown["app.distance=4-6"]},
                                        {"app.distance=7..", shown["app.distance=7-9"]}}));
  EXPECT_GT(received["app.distance=4..7"], 50) << "of 500 requests a third";
}

// ExportTraceServiceResponse{partial_success: 1 {rejected_spans: 1 = 5, error_message: 2 = "no"}}.
TEST(SpanEncoderTest, ReadsWhatAReceiverRejected) {
  EXPECT_EQ(RejectedSpans(std::string("\x0a\x06\x08\x05\x12\x02no", 8)), 5);
  EXPECT_EQ(RejectedSpans(std::string("\x0a\x00", 2)), 0);
  EXPECT_EQ(RejectedSpans(""), 0);
  EXPECT_EQ(RejectedSpans("<html>"), 0);
}

}  // namespace
}  // namespace trimtab
