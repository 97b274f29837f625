#include "trimtab/tracing/visits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

#include "trimtab/tracing/testing/trace_text.h"

namespace trimtab {
namespace {

class VisitsTest : public ::testing::Test {
 protected:
  // Whether the trace is whole.
  bool Build(const std::string& text) {
    trace_ = builder_.Build(testing::SpansOf(text, names_), names_);
    return trace_ != nullptr;
  }
  // In microseconds, of the only visit of a service.
  std::int64_t OwnOf(const std::string& service) {
    std::int64_t own = -1;
    for (const Visit& visit : trace_->visits) {
      if (names_.Name(visit.service) != service) continue;
      EXPECT_EQ(own, -1) << "several visits of " << service;
      own = visit.own_latency / std::chrono::microseconds(1);
    }
    return own;
  }
  // The same by plain subtraction.
  std::int64_t PlainOf(const std::string& service) {
    for (const Visit& visit : trace_->visits) {
      if (names_.Name(visit.service) == service) {
        return visit.plain_own_latency() / std::chrono::microseconds(1);
      }
    }
    ADD_FAILURE() << "no visit of " << service;
    return 0;
  }
  const VisitCounts& counts() const { return builder_.counts(); }

  NameTable names_;
  VisitBuilder builder_;
  const TraceVisits* trace_ = nullptr;
};

// front 0-100 waits for its client span 10-60: 100 - 50. search 15-50 has no calls: 35.
TEST_F(VisitsTest, CallsAreMeasuredAtTheClientSpan) {
  ASSERT_TRUE(
      Build("1 0 front 0 100 server\n"
            "2 1 front 10 60 client\n"
            "3 2 search 15 50 server\n"));
  ASSERT_EQ(trace_->visits.size(), 2);
  EXPECT_EQ(trace_->visits[0].spans, 2);
  EXPECT_EQ(trace_->visits[1].caller, 0);
  EXPECT_EQ(OwnOf("front"), 50);
  EXPECT_EQ(OwnOf("search"), 35);
  EXPECT_EQ(counts().calls, 1);
  EXPECT_EQ(counts().calls_at_client, 1);
}

// 10-40 and 30-70 overlap: their union is 60, their sum 70. 90-95 is apart: 100 - 65.
TEST_F(VisitsTest, OverlappingCallsCountOnce) {
  ASSERT_TRUE(
      Build("1 0 a 0 100\n"
            "2 1 b 10 40 server\n"
            "3 1 c 30 70 server\n"
            "4 1 d 90 95 server\n"
            "5 1 e 35 60 server\n"));
  EXPECT_EQ(OwnOf("a"), 35);
}

// D21: 100 - (30 + 40 + 60) = -30, where the calls cover 70 of 100. d 90-190 is a callee of c that
// nobody waits for: 40 - 100.
TEST_F(VisitsTest, PlainSubtractionTakesEveryCallInFull) {
  ASSERT_TRUE(
      Build("1 0 a 0 100 server\n"
            "2 1 b 10 40 server\n"
            "3 1 c 30 70 server\n"
            "4 1 e 20 80 server\n"
            "5 3 d 90 190 consumer\n"));
  EXPECT_EQ(PlainOf("a"), -30);
  EXPECT_EQ(OwnOf("a"), 30);
  EXPECT_EQ(PlainOf("b"), 30);
  EXPECT_EQ(PlainOf("c"), -60);
  EXPECT_EQ(OwnOf("c"), 40);
}

// The way there and back is the caller's: the response time of search is 35 of the 50 waited.
TEST_F(VisitsTest, PlainSubtractionLeavesTheWayToTheCaller) {
  ASSERT_TRUE(
      Build("1 0 front 0 100 server\n"
            "2 1 front 10 60 client\n"
            "3 2 search 15 50 server\n"));
  EXPECT_EQ(PlainOf("front"), 65);
}

TEST_F(VisitsTest, SpansInsideAServiceAreItsOwnTime) {
  ASSERT_TRUE(
      Build("1 0 a 0 100 server\n"
            "2 1 a 10 90 internal\n"
            "3 2 a 20 80 internal\n"
            "4 3 a 30 70 client\n"
            "5 4 b 40 60 server\n"));
  EXPECT_EQ(trace_->visits.size(), 2);
  EXPECT_EQ(trace_->visits[0].spans, 4);
  EXPECT_EQ(OwnOf("a"), 60);
}

// A client span without a server span below is a call to something that is not traced, such as a
// cache: that time is the caller's.
TEST_F(VisitsTest, CallsToWhatIsNotTracedAreTheCallersOwnTime) {
  ASSERT_TRUE(
      Build("1 0 a 0 100 server\n"
            "2 1 a 10 90 client\n"));
  EXPECT_EQ(OwnOf("a"), 100);
}

// Without kinds, span 2 wraps the only call below it and is taken for a client span; span 4 has two
// children, so the callees themselves are the calls: 100 - (60-10) - (75-70) - (85-80).
TEST_F(VisitsTest, WithoutKindsASpanAroundOneCallIsItsClientSpan) {
  ASSERT_TRUE(
      Build("1 0 a 0 100\n"
            "2 1 a 10 60\n"
            "3 2 b 20 50\n"
            "4 1 a 65 90\n"
            "5 4 c 70 75\n"
            "6 4 d 80 85\n"));
  EXPECT_EQ(OwnOf("a"), 40);
  EXPECT_EQ(counts().calls_at_client, 1);
}

// b runs to 150 although a ends at 100: a waits from 60 to 100, and b's own latency stays 90.
TEST_F(VisitsTest, ACallThatOutlivesItsCallerIsClipped) {
  ASSERT_TRUE(
      Build("1 0 a 0 100 server\n"
            "2 1 b 60 150 server\n"));
  EXPECT_EQ(OwnOf("a"), 60);
  EXPECT_EQ(OwnOf("b"), 90);
  EXPECT_EQ(counts().calls_outliving, 1);
}

// b's clock is 30 behind: it seems to run from -20 to 30. Moved to start with its caller, at 10, it
// covers 10 to 60.
TEST_F(VisitsTest, ACallThatStartsBeforeItsCallerIsMoved) {
  ASSERT_TRUE(
      Build("1 0 a 1010 1100 server\n"
            "2 1 b 980 1030 server\n"));
  EXPECT_EQ(OwnOf("a"), 40);
  EXPECT_EQ(OwnOf("b"), 50);
  EXPECT_EQ(counts().calls_before_caller, 1);
}

TEST_F(VisitsTest, AtAClientSpanTheClockOfTheCalleeDoesNotMatter) {
  ASSERT_TRUE(
      Build("1 0 a 1000 1100 server\n"
            "2 1 a 1010 1060 client\n"
            "3 2 b 500 540 server\n"));
  EXPECT_EQ(OwnOf("a"), 50);
  EXPECT_EQ(counts().calls_before_caller, 1);
}

TEST_F(VisitsTest, AConsumerIsNotWaitedFor) {
  ASSERT_TRUE(
      Build("1 0 a 0 100 server\n"
            "2 1 b 20 80 consumer\n"));
  EXPECT_EQ(OwnOf("a"), 100);
  EXPECT_EQ(counts().calls_asynchronous, 1);
}

// a spends 10 to 15 on handing the message over; b takes it much later.
TEST_F(VisitsTest, OfAMessageTheProducerSpanIsTheCall) {
  ASSERT_TRUE(
      Build("1 0 a 0 100 server\n"
            "2 1 a 10 15 producer\n"
            "3 2 b 400 500 consumer\n"));
  EXPECT_EQ(OwnOf("a"), 95);
  EXPECT_EQ(OwnOf("b"), 100);
  EXPECT_EQ(counts().calls_asynchronous, 1);
}

TEST_F(VisitsTest, ACallThatStartsAfterItsCallerEndedIsAsynchronous) {
  ASSERT_TRUE(
      Build("1 0 a 0 100\n"
            "2 1 b 100 180\n"));
  EXPECT_EQ(OwnOf("a"), 100);
  EXPECT_EQ(counts().calls_asynchronous, 1);
}

TEST_F(VisitsTest, WhatFollowsFromItsParentIsAsynchronous) {
  auto spans = testing::SpansOf("1 0 a 0 100 server\n2 1 b 20 80 server\n", names_);
  spans[1].follows_from = true;
  trace_ = builder_.Build(spans, names_);
  ASSERT_NE(trace_, nullptr);
  EXPECT_EQ(OwnOf("a"), 100);
}

TEST_F(VisitsTest, OfDuplicateSpansTheFirstIsKept) {
  ASSERT_TRUE(
      Build("1 0 a 0 100\n"
            "2 1 b 10 20\n"
            "2 1 b 50 90\n"));
  EXPECT_EQ(OwnOf("a"), 90);
  EXPECT_EQ(counts().duplicate_spans, 1);
}

TEST_F(VisitsTest, ARealSpanReplacesAnImpliedOneInAnyOrder) {
  for (const bool implied_first : {true, false}) {
    auto spans =
        testing::SpansOf("1 0 a 0 100 server\n2 1 b 10 20 server\n2 1 b 10 60 server\n", names_);
    spans[2].implied = true;
    if (implied_first) std::swap(spans[1], spans[2]);
    trace_ = builder_.Build(spans, names_);
    ASSERT_NE(trace_, nullptr);
    EXPECT_EQ(OwnOf("b"), 10);
  }
  EXPECT_EQ(counts().duplicate_spans, 0);
}

TEST_F(VisitsTest, ASpanWithoutServiceBelongsToItsParentsVisit) {
  auto spans =
      testing::SpansOf("1 0 a 0 100 server\n2 1 x 10 60 client\n3 2 b 20 50 server\n", names_);
  spans[1].service = NameId();
  trace_ = builder_.Build(spans, names_);
  ASSERT_NE(trace_, nullptr);
  EXPECT_EQ(trace_->visits.size(), 2);
  EXPECT_EQ(OwnOf("a"), 50);
}

TEST_F(VisitsTest, AnEntryWhoseParentIsMissingIsStillAnEntry) {
  ASSERT_TRUE(Build("1 9 a 0 100\n2 1 b 10 20\n"));
  EXPECT_EQ(counts().missing_parents, 1);
}

TEST_F(VisitsTest, TracesThatDoNotHangTogetherAreLeftOut) {
  EXPECT_FALSE(Build("1 0 a 0 100\n2 0 b 0 100\n"));
  EXPECT_FALSE(Build("1 0 a 0 100\n2 9 b 0 100\n"));
  EXPECT_EQ(counts().several_roots, 2);
  EXPECT_FALSE(Build("1 2 a 0 100\n2 1 b 0 100\n"));
  EXPECT_FALSE(Build("1 1 a 0 100\n"));
  EXPECT_FALSE(Build("1 0 a 0 100\n2 3 b 0 1\n3 2 b 0 1\n"));
  EXPECT_EQ(counts().without_root, 3);
  EXPECT_EQ(counts().whole_traces, 0);
}

TEST_F(VisitsTest, ATraceDeeperThanTheBoundIsLeftOut) {
  std::string chain = "1 0 a0 0 100\n";
  for (int level = 2; level <= 201; ++level) {
    if (level == 201) {
      EXPECT_TRUE(Build(chain));
    }
    chain += std::to_string(level) + " " + std::to_string(level - 1) + " a" +
             std::to_string((level + 1) % 2) + " 0 100\n";
  }
  EXPECT_FALSE(Build(chain));
  EXPECT_EQ(counts().too_deep, 1);
}

TEST_F(VisitsTest, CalleesStandInOrderOfStartThenEndThenName) {
  ASSERT_TRUE(
      Build("1 0 a 0 100\n"
            "2 1 d 50 60\n"
            "3 1 c 10 40\n"
            "4 1 b 10 30\n"));
  std::string order;
  for (const std::uint32_t callee : trace_->CalleesOf(0)) {
    order += names_.Name(trace_->visits[callee].service);
  }
  EXPECT_EQ(order, "bcd");
}

// Whatever the order in which spans come, the result is the same; and for sequential calls inside
// their callers the own latencies add up to the end-to-end latency.
TEST_F(VisitsTest, TheOrderOfSpansDoesNotMatter) {
  std::mt19937_64 random(3);
  // Three levels: each visit of length L makes two calls of length L / 3 inside itself.
  std::string text = "1 0 s0 0 900\n";
  int id = 1;
  for (int first = 0; first < 2; ++first) {
    const int start = 100 + 400 * first;
    const int parent = ++id;
    text += std::to_string(parent) + " 1 s1 " + std::to_string(start) + " " +
            std::to_string(start + 300) + "\n";
    for (int second = 0; second < 2; ++second) {
      const int inner = start + 20 + 140 * second;
      text += std::to_string(++id) + " " + std::to_string(parent) + " s2 " + std::to_string(inner) +
              " " + std::to_string(inner + 100) + "\n";
    }
  }
  auto spans = testing::SpansOf(text, names_);
  for (int round = 0; round < 50; ++round) {
    std::ranges::shuffle(spans, random);
    trace_ = builder_.Build(spans, names_);
    ASSERT_NE(trace_, nullptr);
    std::map<std::string, std::int64_t> own;
    for (const Visit& visit : trace_->visits) {
      own[names_.Name(visit.service)] += visit.own_latency / std::chrono::microseconds(1);
    }
    // s0: 900 - 600; s1: twice 300 - 200; s2: four times 100.
    ASSERT_EQ(own, (std::map<std::string, std::int64_t>{{"s0", 300}, {"s1", 200}, {"s2", 400}}));
  }
}

}  // namespace
}  // namespace trimtab
