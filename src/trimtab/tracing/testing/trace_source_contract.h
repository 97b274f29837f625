// What every `TraceSource` keeps to. A world runs it with INSTANTIATE_TEST_SUITE_P(World,
// TraceSourceContract, testing::Values(factory)).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/tracing/trace_source.h"

namespace trimtab {

// A world in which an application with calls between microservices is under load.
class TraceSourceWorld {
 public:
  virtual ~TraceSourceWorld() = default;
  virtual TraceSource& source() = 0;
  virtual Instant Now() = 0;
  virtual void LetPass(Duration time) = 0;
  // Long enough for any request to end and to be reported.
  virtual Duration settle() = 0;
};
using TraceSourceWorldFactory = std::function<std::unique_ptr<TraceSourceWorld>()>;

class TraceSourceContract : public ::testing::TestWithParam<TraceSourceWorldFactory> {
 protected:
  std::vector<Span> Read() {
    std::vector<Span> spans;
    const auto status =
        world_->source().Read(world_->Now(), [&](const Span& span) { spans.push_back(span); });
    EXPECT_TRUE(status.ok()) << status;
    return spans;
  }
  // Several reads with time between them.
  std::vector<Span> ReadFor(int reads) {
    std::vector<Span> all;
    for (int i = 0; i < reads; ++i) {
      world_->LetPass(world_->settle());
      for (Span& span : Read()) all.push_back(std::move(span));
    }
    return all;
  }
  std::unique_ptr<TraceSourceWorld> world_ = GetParam()();
};

TEST_P(TraceSourceContract, HandsOutEachSpanOnce) {
  std::set<std::pair<TraceId, std::uint64_t>> seen;
  const std::vector<Span> spans = ReadFor(4);
  ASSERT_GT(spans.size(), 100U);
  for (const Span& span : spans) EXPECT_TRUE(seen.emplace(span.trace, span.id).second) << span.id;
}

TEST_P(TraceSourceContract, ASecondReadAtTheSameInstantIsEmpty) {
  world_->LetPass(world_->settle());
  EXPECT_FALSE(Read().empty());
  EXPECT_TRUE(Read().empty());
}

TEST_P(TraceSourceContract, ChildrenComeBeforeParents) {
  std::map<TraceId, std::set<std::uint64_t>> reported;
  for (const Span& span : ReadFor(4)) {
    auto& of_trace = reported[span.trace];
    EXPECT_EQ(of_trace.count(span.parent), 0U) << "span " << span.id << " after its parent";
    of_trace.insert(span.id);
  }
}

TEST_P(TraceSourceContract, NothingIsReportedBeforeItEnds) {
  for (int i = 0; i < 4; ++i) {
    world_->LetPass(world_->settle() / 3);
    for (const Span& span : Read()) {
      EXPECT_GE(span.duration, Duration(0));
      EXPECT_LE(span.start + span.duration, world_->Now());
    }
  }
}

// Traces that began in the first period are complete two settle times later: one root each, and
// every parent is there.
TEST_P(TraceSourceContract, ASettledTraceIsWhole) {
  const Instant begin = world_->Now();
  std::map<TraceId, std::vector<Span>> traces;
  for (Span& span : ReadFor(4)) traces[span.trace].push_back(std::move(span));
  int whole = 0;
  for (const auto& [id, spans] : traces) {
    std::set<std::uint64_t> ids;
    bool settled = true;
    int roots = 0;
    for (const Span& span : spans) {
      ids.insert(span.id);
      roots += span.parent == 0 ? 1 : 0;
      settled &= span.start >= begin && span.start < begin + world_->settle();
    }
    if (!settled) continue;
    ++whole;
    EXPECT_EQ(roots, 1);
    for (const Span& span : spans) {
      EXPECT_TRUE(span.parent == 0 || ids.count(span.parent) == 1);
      EXPECT_FALSE(span.service.empty() || span.pod.empty() || span.operation.empty());
    }
  }
  EXPECT_GT(whole, 5);
}

TEST_P(TraceSourceContract, TheSamplingShareIsAShare) {
  EXPECT_GT(world_->source().sampling_share(), 0);
  EXPECT_LE(world_->source().sampling_share(), 1);
}

}  // namespace trimtab
