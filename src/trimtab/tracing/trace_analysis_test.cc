#include "trimtab/tracing/trace_analysis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "trimtab/tracing/testing/trace_text.h"

namespace trimtab {
namespace {

// Traces of two request kinds, on two pods of b, over three windows of 60 s.
std::vector<TracedSpan> Spans(NameTable& names) {
  std::vector<TracedSpan> spans;
  for (std::uint64_t trace = 0; trace < 600; ++trace) {
    const char* const text = trace % 3 == 0 ? "1 0 a 0 900\n2 1 c 100 200\n"
                                            : "1 0 a 0 1000\n2 1 b 100 300\n3 1 b 400 700\n";
    for (SpanRecord span : testing::SpansOf(text, names)) {
      span.start += std::chrono::milliseconds(300 * trace);
      if (names.Name(span.service) == "b") {
        span.pod = names.Intern(trace % 2 == 0 ? "b-1" : "b-2");
        span.duration += std::chrono::microseconds(trace % 100);
      }
      TracedSpan traced;
      traced.trace = {.high = 1, .low = trace};
      traced.span = span;
      spans.push_back(traced);
    }
  }
  return spans;
}

std::string Summary(const TraceAnalysis& analysis) {
  std::string text;
  for (const InferredClass& of : analysis.trees().Classes(ClassKey::kCanonical)) {
    text += of.id.ToString() + " " + std::to_string(of.traces) + "\n";
    for (const TreeStep& step : of.tree.steps) text += step.branches.front().microservice + " ";
  }
  for (const MicroserviceLatency& of : analysis.microservices()) {
    text += of.name + " " + std::to_string(of.spans) + " " +
            std::to_string(of.own_latency.ValueAt(kP95)) + " " +
            std::to_string(of.p95_mean_over_pods.count()) + "\n";
  }
  for (const EntryOperation& of : analysis.operations()) {
    text += of.operation + " " + std::to_string(of.traces) + "\n";
  }
  return text;
}

TEST(TraceAnalysisTest, TheOrderOfSpansDoesNotMatter) {
  std::string expected;
  std::mt19937_64 random(17);
  for (int round = 0; round < 5; ++round) {
    NameTable names;
    auto spans = Spans(names);
    if (round > 0) std::ranges::shuffle(spans, random);
    TraceAnalysis analysis(names);
    for (std::size_t at = 0; at < spans.size(); at += 100) {
      analysis.Accept(std::span(spans).subspan(at, std::min<std::size_t>(100, spans.size() - at)));
    }
    analysis.Finish();
    EXPECT_EQ(analysis.visit_counts().whole_traces, 600);
    if (round == 0) expected = Summary(analysis);
    EXPECT_EQ(Summary(analysis), expected);
  }
}

// 4,000 windows with more samples than are held: every window still counts once.
TEST(TraceAnalysisTest, MemoryForWindowsIsBounded) {
  NameTable names;
  TraceAnalysis::Options options;
  options.most_window_samples = 100;
  options.assembler.memory_bound = Bytes(8 * 728);
  TraceAnalysis analysis(names, options);
  for (std::uint64_t trace = 0; trace < 4'000; ++trace) {
    TracedSpan traced;
    traced.trace.low = trace;
    traced.span = testing::SpansOf("1 0 a 0 500\n", names).front();
    traced.span.start += std::chrono::minutes(trace);
    analysis.Accept({{traced}});
  }
  analysis.Finish();
  const auto microservices = analysis.microservices();
  ASSERT_EQ(microservices.size(), 1);
  EXPECT_EQ(microservices[0].visits, 4'000);
  EXPECT_DOUBLE_EQ(InMilliseconds(microservices[0].p95_mean_over_pods), 0.5);
}

TEST(TraceAnalysisTest, OfARunningSystemTracesSettle) {
  NameTable names;
  TraceAnalysis analysis(names);  // settle delay 10 s
  auto spans = Spans(names);
  const auto first = std::span(spans).first(2);
  analysis.Add(first, Instant(std::chrono::seconds(1)));
  analysis.Add({}, Instant(std::chrono::seconds(10)));
  EXPECT_EQ(analysis.visit_counts().whole_traces, 0);
  analysis.Add({}, Instant(std::chrono::seconds(11)));
  EXPECT_EQ(analysis.visit_counts().whole_traces, 1);
}

TEST(TraceAnalysisTest, LeftOutTracesDoNotTouchTheFigures) {
  NameTable names;
  TraceAnalysis analysis(names);
  auto spans = Spans(names);
  spans[0].span.parent = 77;  // still the only root
  spans[3].span.parent = 77;  // of the second trace: a second root
  analysis.Accept(std::span(spans).first(5));
  analysis.Finish();
  EXPECT_EQ(analysis.visit_counts().whole_traces, 1);
  EXPECT_EQ(analysis.visit_counts().several_roots, 1);
  EXPECT_EQ(analysis.end_to_end().total(), 1);
  EXPECT_EQ(analysis.spans(), 5);
}

TEST(TraceAnalysisTest, SharesOfClassesAndArgumentsWindowByWindow) {
  NameTable names;
  auto spans = Spans(names);  // a trace every 300 ms, every third of another kind
  const std::uint16_t near = names.InternArgumentClasses("distance=1-3");
  for (TracedSpan& traced : spans) {
    if (traced.span.parent == 0 && traced.trace.low % 2 == 0) traced.span.argument_classes = near;
  }
  TraceAnalysis::Options options;
  options.class_window = std::chrono::seconds(60);
  TraceAnalysis analysis(names, options);
  analysis.Accept(spans);
  analysis.Finish();
  const auto& windows = analysis.class_windows().counts();
  ASSERT_EQ(windows.size(), 3U);  // 600 traces take 180 s
  const ClassWindows::Count& first = windows.begin()->second;
  EXPECT_EQ(first.traces, 200U);
  EXPECT_EQ(first.by_tree.at(0), 67U);  // traces 0, 3, ... 198
  EXPECT_EQ(first.by_arguments.at(near), 100U);
  EXPECT_EQ(first.by_arguments.at(0), 100U);
  const auto classes = analysis.trees().ClassOfTrees(ClassKey::kAdjacency);
  ASSERT_EQ(classes.size(), 2U);
  EXPECT_EQ(classes[1], analysis.trees().Classes(ClassKey::kAdjacency)[0].id);
}

TEST(TraceAnalysisTest, AGraphOfAHundredThousandVisitsIsOneClass) {
  constexpr std::uint64_t kVisits = 100'000;
  NameTable names;
  std::vector<TracedSpan> spans;
  const auto add = [&](std::uint64_t trace, std::uint64_t id, std::uint64_t parent,
                       const char* service) {
    TracedSpan& traced = spans.emplace_back();
    traced.trace = {.high = 1, .low = trace};
    traced.span.id = id;
    traced.span.parent = parent;
    traced.span.start = Instant(Duration(static_cast<std::int64_t>(id)));
    traced.span.duration = Duration(parent == 0 ? 1'000'000 : 1);
    traced.span.service = names.Intern(service);
  };
  // As wide as it gets, and as deep as it gets: the second is broken instrumentation.
  for (std::uint64_t i = 0; i < kVisits; ++i) add(1, i + 1, i == 0 ? 0 : 1, i == 0 ? "a" : "b");
  for (std::uint64_t i = 0; i < kVisits; ++i) add(2, i + 1, i, i % 2 == 0 ? "a" : "b");
  TraceAnalysis analysis(names);
  analysis.Accept(spans);
  analysis.Finish();
  EXPECT_EQ(analysis.visit_counts().whole_traces, 1U);
  EXPECT_EQ(analysis.visit_counts().too_deep, 1U);
  const auto classes = analysis.trees().Classes(ClassKey::kCanonical);
  ASSERT_EQ(classes.size(), 1U);
  EXPECT_EQ(TotalCalls(classes[0].tree), static_cast<std::int64_t>(kVisits) - 1);
}

}  // namespace
}  // namespace trimtab
