// Tests tails over a sliding window of hand-made traces.
#include "trimtab/monitoring/tail_tracker.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Instant At(double second) { return Instant(SecondsToDuration(second)); }

// Reports the spans that were put into it and have ended.
class FakeTraceSource : public TraceSource {
 public:
  absl::Status Read(Instant now, const std::function<void(const Span&)>& sink) override {
    if (!error.ok()) return error;
    std::vector<Span> later;
    for (const Span& span : spans) {
      if (span.start + span.duration <= now) {
        sink(span);
      } else {
        later.push_back(span);
      }
    }
    spans = later;
    return absl::OkStatus();
  }
  double sampling_share() const override { return 1; }
  std::optional<Duration> whole_after() const override { return delay; }
  std::vector<Duration> unfinished_ages() const override { return ages; }

  // frontend calls search in the middle; reported child first.
  void Add(double end, double milliseconds_whole, double milliseconds_search,
           const std::string& search_pod = "search-0", const std::string& callee = "search") {
    const Duration whole = SecondsToDuration(milliseconds_whole * 1e-3);
    const Duration inner = SecondsToDuration(milliseconds_search * 1e-3);
    const Instant start = At(end) - whole;
    const TraceId trace{0, ++traces_};
    spans.push_back({trace, 2, 1, callee, search_pod, "search", SpanKind::kServer,
                     start + (whole - inner) / 2, inner});
    spans.push_back(
        {trace, 1, 0, "frontend", "frontend-0", "hotels", SpanKind::kServer, start, whole});
  }

  std::vector<Span> spans;
  absl::Status error;
  std::optional<Duration> delay;
  std::vector<Duration> ages;

 private:
  std::uint64_t traces_ = 0;
};

class TailTrackerTest : public testing::Test {
 protected:
  TailTrackerTest() {
    options_.settle_delay = seconds(5);
    options_.fewest_traces = 1;
    Make();
  }
  void Make() { tracker_ = *TailTracker::Create(application_, options_); }

  Observation Observe(double now) {
    EXPECT_TRUE(tracker_->Read(source_, At(now)).ok());
    Observation observation;
    observation.microservices.resize(2);
    observation.microservices[1].containers.resize(2);
    observation.microservices[1].containers[0].pod = "search-0";
    observation.microservices[1].containers[1].pod = "search-1";
    tracker_->AddTo(observation, At(now));
    return observation;
  }

  Application application_ =
      *Application::Create("hotel", {{"frontend", {}}, {"search", {}}}, {{"hotels", "frontend"}});
  TailTrackerOptions options_;
  FakeTraceSource source_;
  std::unique_ptr<TailTracker> tracker_;
};

TEST_F(TailTrackerTest, TakesTheQuantileOfEachPodAndThenTheMean) {
  // search-0: 1..20 ms, so P95 is the 19th: 19 ms. search-1: 40 ms always. Mean 29.5 ms.
  for (int i = 1; i <= 20; ++i) {
    source_.Add(10 + i * 0.1, 100, i, "search-0");
    source_.Add(10 + i * 0.1, 100, 40, "search-1");
  }
  const Observation observation = Observe(30);
  EXPECT_THAT(observation.gaps, IsEmpty());
  EXPECT_EQ(observation.tail_samples, 40U);
  const MicroserviceObservation& search = observation.microservices[1];
  EXPECT_DOUBLE_EQ(search.containers[0].own_latency_tail->count(), 19);
  EXPECT_DOUBLE_EQ(search.containers[1].own_latency_tail->count(), 40);
  EXPECT_DOUBLE_EQ(search.own_latency_tail->count(), 29.5);
  // The entry's own latency leaves the call out: 100 ms less 1 ms is its largest, and of its 40
  // values (99 .. 80 and twenty times 60) the 38th is 97.
  EXPECT_DOUBLE_EQ(observation.microservices[0].own_latency_tail->count(), 97);
  EXPECT_DOUBLE_EQ(observation.measured_tail_latency->count(), 100);
}

// The caller waits 6 ms for a visit of 4 and 9 ms for one of 6: 2.5 ms on the way. Nobody waits for
// the entry.
TEST_F(TailTrackerTest, TimeOnTheWayIsWhatTheCallerWaitsBeyondTheVisit) {
  for (const int trace : {1, 2}) {
    const TraceId id{0, static_cast<std::uint64_t>(trace)};
    const milliseconds waited(trace == 1 ? 6 : 9);
    const milliseconds served(trace == 1 ? 4 : 6);
    source_.spans.push_back({id, 3, 2, "search", "search-0", "search", SpanKind::kServer,
                             At(10) + milliseconds(2), served});
    source_.spans.push_back({id, 2, 1, "frontend", "frontend-0", "search", SpanKind::kClient,
                             At(10) + milliseconds(1), waited});
    source_.spans.push_back({id, 1, 0, "frontend", "frontend-0", "hotels", SpanKind::kServer,
                             At(10), milliseconds(20)});
  }
  const Observation observation = Observe(30);
  EXPECT_DOUBLE_EQ(observation.microservices[1].transit->count(), 2.5);
  EXPECT_DOUBLE_EQ(observation.microservices[0].transit->count(), 0);
  EXPECT_FALSE(Observe(300).microservices[1].transit.has_value());
}

TEST_F(TailTrackerTest, TheWindowSlides) {
  source_.Add(10, 100, 1);
  source_.Add(50, 200, 1);
  // At 80 the window is (15, 75]: only the second trace.
  const Observation at_80 = Observe(80);
  EXPECT_EQ(at_80.tail_samples, 1U);
  EXPECT_DOUBLE_EQ(at_80.measured_tail_latency->count(), 200);
  // At 116 it is (51, 111]: none.
  const Observation at_116 = Observe(116);
  EXPECT_FALSE(at_116.measured_tail_latency.has_value());
  EXPECT_FALSE(at_116.microservices[1].own_latency_tail.has_value());
}

TEST_F(TailTrackerTest, TheNewestTracesWaitUntilTheyHaveSettled) {
  source_.Add(8, 100, 1);
  EXPECT_EQ(Observe(10).tail_samples, 0U);  // ended 2 s ago, settles after 5
  EXPECT_EQ(Observe(15).tail_samples, 1U);
}

TEST_F(TailTrackerTest, WhatASourceHandsOutWholeDoesNotSettleTwice) {
  source_.delay = seconds(7);
  source_.Add(8, 100, 1);
  source_.Add(10, 200, 1);
  // Read 1 s after the last: with the settle delay of 5 s it would have to wait until 15. The
  // window is (-50, 10] at 17.
  EXPECT_EQ(Observe(11).tail_samples, 0U);
  EXPECT_EQ(Observe(15).tail_samples, 1U);
  EXPECT_EQ(Observe(17).tail_samples, 2U);
  EXPECT_EQ(tracker_->lag(), seconds(7));
}

// 19 requests of 100 ms, one of them failed, and one given up after 30 s. Of the 20 the P95 is the
// 19th, of 19 and two unfinished ones (21) it is the 20th.
TEST_F(TailTrackerTest, AnUnfinishedTraceCountsWithTheAgeItHasReached) {
  source_.delay = seconds(5);
  for (int i = 0; i < 19; ++i) source_.Add(10 + i * 0.1, 100, 1);
  source_.spans.back().is_error = true;
  source_.ages = {seconds(30)};
  const Observation at_20 = Observe(20);
  EXPECT_EQ(at_20.tail_samples, 20U);
  EXPECT_DOUBLE_EQ(at_20.measured_tail_latency->count(), 100);
  source_.ages = {seconds(40)};
  const Observation at_21 = Observe(21);
  EXPECT_EQ(at_21.tail_samples, 21U);
  EXPECT_DOUBLE_EQ(at_21.measured_tail_latency->count(), 30'000);
  const TraceCounts counts = tracker_->CountsIn(tracker_->WindowAt(At(21)));
  EXPECT_EQ(counts.finished, 19);
  EXPECT_EQ(counts.failed, 1);
  EXPECT_EQ(counts.unfinished, 2);
  source_.ages = {};
  EXPECT_EQ(Observe(120).tail_samples, 0U);
}

TEST_F(TailTrackerTest, ATraceSettlesByItsOwnTimeHoweverRarelyTheSourceIsRead) {
  source_.Add(8, 100, 1);
  EXPECT_EQ(Observe(30).tail_samples, 1U);
}

TEST_F(TailTrackerTest, ATraceInPiecesIsOne) {
  source_.Add(9, 100, 1);
  Span root = source_.spans.back();
  source_.spans.pop_back();
  EXPECT_EQ(Observe(11).tail_samples, 0U);
  source_.spans.push_back(root);  // comes 2 s later
  const Observation observation = Observe(20);
  EXPECT_EQ(observation.tail_samples, 1U);
  EXPECT_DOUBLE_EQ(observation.microservices[0].own_latency_tail->count(), 99);
}

TEST_F(TailTrackerTest, APartThatSettledBeforeItsRootIsLeftOut) {
  source_.Add(9, 100, 1);
  source_.Add(20, 8000, 1);  // the call ended at 16 s, four seconds before its caller
  source_.spans[2].start = At(11);
  source_.spans[2].duration = seconds(1);  // now eight seconds before it
  EXPECT_EQ(Observe(18).tail_samples, 1U);
  const Observation observation = Observe(30);
  EXPECT_EQ(observation.tail_samples, 1U);
  EXPECT_DOUBLE_EQ(observation.measured_tail_latency->count(), 100);
  EXPECT_EQ(tracker_->rootless_traces(), 1);
}

TEST_F(TailTrackerTest, TracesThatNeverHaveARootAreTakenAsTheyAre) {
  source_.Add(9, 100, 1);
  source_.spans[1].parent = 77;  // an ingress that is not traced
  const Observation observation = Observe(20);
  EXPECT_EQ(observation.tail_samples, 1U);
  EXPECT_EQ(tracker_->rootless_traces(), 0);
}

TEST_F(TailTrackerTest, TooFewTracesAreAGapAndNoTail) {
  options_.fewest_traces = 2;
  Make();
  source_.Add(10, 100, 1);
  const Observation observation = Observe(30);
  EXPECT_FALSE(observation.measured_tail_latency.has_value());
  EXPECT_EQ(observation.tail_samples, 1U);
  ASSERT_EQ(observation.gaps.size(), 1U);
  EXPECT_EQ(observation.gaps[0], "traces: 1 completed within 1m, at least 2 are needed");
}

TEST_F(TailTrackerTest, AnUnreachableSourceIsReportedAndLosesNothing) {
  source_.Add(10, 100, 1);
  source_.error = absl::UnavailableError("connection refused");
  EXPECT_TRUE(absl::IsUnavailable(tracker_->Read(source_, At(20))));
  source_.error = absl::OkStatus();
  EXPECT_EQ(Observe(35).tail_samples, 1U);
}

TEST_F(TailTrackerTest, HoldsABoundedNumberOfSamples) {
  options_.most_samples = 10;
  Make();
  for (int i = 0; i < 20; ++i) source_.Add(10, 100, 1);
  Observe(30);
  EXPECT_EQ(tracker_->dropped_samples(), 30);  // 20 traces of two visits less 10
}

TEST_F(TailTrackerTest, CountsTheArgumentClassesOfEntries) {
  for (int i = 0; i < 6; ++i) {
    source_.Add(10, 100, 1);
    // The root is added last; the sixth has no tag.
    if (i < 5) source_.spans.back().argument_classes = i < 2 ? "distance=1-2" : "distance=3-4";
  }
  const Observation observation = Observe(30);
  ASSERT_EQ(observation.argument_classes.size(), 2U);
  EXPECT_EQ(observation.argument_classes[0].name, "distance=1-2");
  EXPECT_EQ(observation.argument_classes[0].traces, 2);
  EXPECT_EQ(observation.argument_classes[1].name, "distance=3-4");
  EXPECT_EQ(observation.argument_classes[1].traces, 3);
}

TEST_F(TailTrackerTest, ANewGraphIsANewVersion) {
  for (int i = 0; i < 400; ++i) source_.Add(i * 0.1, 100, 1);
  Observe(100);
  EXPECT_EQ(tracker_->graph_version(), 0);
  // frontend calls geo instead: in the second look at it the version rises.
  for (int i = 0; i < 200; ++i) source_.Add(110 + i * 0.1, 100, 1, "geo-0", "geo");
  Observe(150);
  EXPECT_EQ(tracker_->graph_version(), 0);
  for (int i = 0; i < 200; ++i) source_.Add(160 + i * 0.1, 100, 1, "geo-0", "geo");
  Observe(200);
  EXPECT_EQ(tracker_->graph_version(), 1);
}

TEST_F(TailTrackerTest, ARareBranchIsNoNewGraph) {
  for (int i = 0; i < 1000; ++i) {
    const bool rare = i >= 200 && i % 30 == 0;  // 3 % of the traces
    source_.Add(i * 0.05, 100, 1, "x-0", rare ? "geo" : "search");
  }
  Observe(100);
  EXPECT_EQ(tracker_->graph_version(), 0);
}

TEST(TailTrackerOptionsTest, NamesEveryViolation) {
  TailTrackerOptions options;
  options.window = seconds(0);
  options.settle_delay = milliseconds(-1);
  options.fewest_traces = 0;
  const std::string words = options.Validate().ToString();
  EXPECT_THAT(words, HasSubstr("window is 0s"));
  EXPECT_THAT(words, HasSubstr("settle delay is -1ms"));
  EXPECT_THAT(words, HasSubstr("fewest traces is 0, must be at least 1"));
}

}  // namespace
}  // namespace trimtab
