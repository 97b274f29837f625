#include "trimtab/tracing/trace_assembler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace trimtab {
namespace {

using std::chrono::seconds;

class CollectedTraces : public TraceSink {
 public:
  void AcceptTrace(const TraceId& trace, std::span<const SpanRecord> spans) override {
    order.push_back(trace.low);
    for (const SpanRecord& span : spans) spans_of[trace.low].push_back(span.id);
  }
  std::vector<std::uint64_t> order;
  std::map<std::uint64_t, std::vector<std::uint64_t>> spans_of;
};

TracedSpan SpanOf(std::uint64_t trace, std::uint64_t span) {
  TracedSpan traced;
  traced.trace.low = trace;
  traced.span.id = span;
  return traced;
}

Instant At(int second) { return Instant(seconds(second)); }

TEST(TraceAssemblerTest, InterleavedSpansAreGatheredByTrace) {
  CollectedTraces traces;
  TraceAssembler assembler({}, traces);
  std::vector<TracedSpan> spans;
  for (std::uint64_t span = 1; span <= 40; ++span) {  // more than two chunks a trace
    for (std::uint64_t trace = 0; trace < 5; ++trace) spans.push_back(SpanOf(trace, span));
  }
  std::ranges::shuffle(spans, std::mt19937_64(1));
  assembler.Add(spans, At(0));
  EXPECT_EQ(assembler.open_traces(), 5);
  assembler.Flush();
  ASSERT_EQ(traces.spans_of.size(), 5);
  for (auto& [trace, ids] : traces.spans_of) {
    std::ranges::sort(ids);
    ASSERT_EQ(ids.size(), 40) << trace;
    EXPECT_EQ(ids.front(), 1);
    EXPECT_EQ(ids.back(), 40);
  }
  EXPECT_EQ(assembler.counts().traces, 5);
  EXPECT_EQ(assembler.counts().closed_early, 0);
}

TEST(TraceAssemblerTest, TheSettleDelayCountsFromTheLastSpan) {
  CollectedTraces traces;
  TraceAssembler assembler({.settle_delay = seconds(10)}, traces);
  assembler.Add({{SpanOf(1, 1)}}, At(0));
  assembler.Add({{SpanOf(2, 1)}}, At(5));
  assembler.Add({{SpanOf(1, 2)}}, At(8));
  assembler.Settle(At(14));
  EXPECT_TRUE(traces.order.empty());
  assembler.Settle(At(15));
  EXPECT_EQ(traces.order, (std::vector<std::uint64_t>{2}));
  assembler.Settle(At(18));
  EXPECT_EQ(traces.order, (std::vector<std::uint64_t>{2, 1}));
  EXPECT_EQ(traces.spans_of[1], (std::vector<std::uint64_t>{1, 2}));
}

TEST(TraceAssemblerTest, ASpanThatComesTooLateIsCountedAndDropped) {
  CollectedTraces traces;
  TraceAssembler assembler({}, traces);
  assembler.Add({{SpanOf(1, 1)}}, At(0));
  assembler.Flush();
  assembler.Add({{SpanOf(1, 2)}}, At(1));
  assembler.Flush();
  EXPECT_EQ(assembler.counts().late_spans, 1);
  EXPECT_EQ(assembler.counts().traces, 1);
}

// Room for four chunks of 15: a fifth trace pushes out the one that was touched least recently.
TEST(TraceAssemblerTest, TheMemoryBoundClosesTheLeastRecentlyTouchedTrace) {
  CollectedTraces traces;
  TraceAssembler assembler({.memory_bound = Bytes(4 * 728)}, traces);
  for (std::uint64_t trace = 1; trace <= 4; ++trace) assembler.Add({{SpanOf(trace, 1)}}, At(0));
  assembler.Add({{SpanOf(1, 2)}}, At(0));
  assembler.Add({{SpanOf(5, 1)}}, At(0));
  EXPECT_EQ(traces.order, (std::vector<std::uint64_t>{2}));
  EXPECT_EQ(assembler.counts().closed_early, 1);
  assembler.Flush();
  EXPECT_EQ(traces.order, (std::vector<std::uint64_t>{2, 3, 4, 1, 5}));
}

TEST(TraceAssemblerTest, ATraceThatAloneFillsTheBoundLosesItsFurtherSpans) {
  CollectedTraces traces;
  TraceAssembler assembler({.memory_bound = Bytes(2 * 728)}, traces);
  for (std::uint64_t span = 1; span <= 100; ++span) assembler.Add({{SpanOf(7, span)}}, At(0));
  assembler.Flush();
  EXPECT_EQ(traces.spans_of[7].size(), 30);
  EXPECT_EQ(assembler.counts().excess_spans, 70);
}

// Many more spans than the bound holds, each trace complete before the next: nothing is lost and no
// more traces are open than the bound has chunks.
TEST(TraceAssemblerTest, MemoryDoesNotGrowWithTheStream) {
  CollectedTraces traces;
  constexpr std::uint64_t kChunks = 64;
  TraceAssembler assembler({.memory_bound = Bytes(kChunks * 728)}, traces);
  std::size_t most_open = 0;
  for (std::uint64_t trace = 1; trace <= 5'000; ++trace) {
    for (std::uint64_t span = 1; span <= 3; ++span) assembler.Add({{SpanOf(trace, span)}}, At(0));
    most_open = std::max(most_open, assembler.open_traces());
  }
  assembler.Flush();
  EXPECT_EQ(traces.spans_of.size(), 5'000);
  EXPECT_LE(most_open, kChunks);
  for (const auto& [trace, ids] : traces.spans_of) ASSERT_EQ(ids.size(), 3) << trace;
  EXPECT_EQ(assembler.counts().late_spans, 0);
}

// As a receiver wants it: nothing is cut short for want of room, the sender is told instead.
TEST(TraceAssemblerTest, SpansMayBeDroppedAtTheBoundInPlaceOfClosingTraces) {
  CollectedTraces traces;
  TraceAssembler assembler({.memory_bound = Bytes(2 * 728), .closes_early = false}, traces);
  for (std::uint64_t trace = 1; trace <= 3; ++trace) assembler.Add({{SpanOf(trace, 1)}}, At(0));
  EXPECT_EQ(assembler.held(), Bytes(2 * 728));
  assembler.Add({{SpanOf(1, 2)}}, At(0));  // fits into the chunk of its trace
  EXPECT_EQ(assembler.counts().excess_spans, 1);
  EXPECT_EQ(assembler.counts().closed_early, 0);
  assembler.Flush();
  EXPECT_EQ(assembler.held(), Bytes(0));
  EXPECT_EQ(traces.spans_of[1], (std::vector<std::uint64_t>{1, 2}));
  EXPECT_TRUE(traces.spans_of[3].empty());
}

TEST(TraceAssemblerTest, ATraceKeepsNoMoreThanItsMostSpans) {
  CollectedTraces traces;
  TraceAssembler assembler({.most_spans = 20}, traces);
  for (std::uint64_t span = 1; span <= 23; ++span) assembler.Add({{SpanOf(7, span)}}, At(0));
  EXPECT_EQ(assembler.held(), Bytes(2 * 728));
  assembler.Flush();
  EXPECT_EQ(traces.spans_of[7].size(), 20);
  EXPECT_EQ(assembler.counts().excess_spans, 3);
}

TEST(TraceAssemblerTest, ATraceThatNeverEndsIsClosed) {
  CollectedTraces traces;
  TraceAssembler assembler({.settle_delay = seconds(10), .longest_open = seconds(60)}, traces);
  for (int second = 0; second <= 70; second += 5) {
    assembler.Add({{SpanOf(7, static_cast<std::uint64_t>(second + 1))}}, At(second));
    assembler.Settle(At(second));
  }
  // Those of 0 to 60 s are together; with the one of 65 s the trace was closed.
  EXPECT_EQ(traces.spans_of[7].size(), 13);
  EXPECT_EQ(assembler.counts().late_spans, 2);
  EXPECT_EQ(assembler.open_traces(), 0);
}

}  // namespace
}  // namespace trimtab
