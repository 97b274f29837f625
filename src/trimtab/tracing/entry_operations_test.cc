#include "trimtab/tracing/entry_operations.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace trimtab {
namespace {

class EntryOperationsTest : public ::testing::Test {
 protected:
  struct Node {
    std::uint32_t caller;
    const char* service;
    const char* operation;
  };
  // Visits in order, callers first; the duration is 1 ms.
  TraceVisits TraceOf(const std::vector<Node>& nodes) {
    TraceVisits trace;
    for (const Node& node : nodes) {
      Visit visit;
      visit.service = names_.Intern(node.service);
      visit.operation = names_.Intern(node.operation);
      visit.caller = node.caller;
      visit.end = Instant(std::chrono::milliseconds(1));
      trace.visits.push_back(visit);
    }
    for (std::uint32_t caller = 0; caller < nodes.size(); ++caller) {
      trace.callee_begin.push_back(static_cast<std::uint32_t>(trace.callees.size()));
      for (std::uint32_t visit = 1; visit < nodes.size(); ++visit) {
        if (nodes[visit].caller == caller) trace.callees.push_back(visit);
      }
    }
    trace.callee_begin.push_back(static_cast<std::uint32_t>(trace.callees.size()));
    return trace;
  }
  std::string EntryOf(const std::vector<Node>& nodes) {
    EntryOperations operations(names_);
    operations.Add(TraceOf(nodes));
    const auto sorted = operations.Sorted();
    return sorted.front().microservice + ": " + sorted.front().operation;
  }

  NameTable names_;
};

TEST_F(EntryOperationsTest, ThePlainEntryIsTheFirstVisit) {
  EXPECT_EQ(EntryOf({{0, "frontend", "GET /hotels"}, {0, "search", "Nearby"}}),
            "frontend: GET /hotels");
}

TEST_F(EntryOperationsTest, BelowACatchAllTheOnlyCalleeIsTheEntry) {
  EXPECT_EQ(EntryOf({{0, "edge", "/*"}, {0, "travel", "/trips/left"}, {1, "x", "y"}}),
            "travel: /trips/left");
}

TEST_F(EntryOperationsTest, GatewaysMayStandBehindOneAnother) {
  EXPECT_EQ(EntryOf({{0, "istio-ingress", "router"},
                     {0, "api-gateway", "proxy"},
                     {1, "orders", "POST /orders"}}),
            "orders: POST /orders");
}

TEST_F(EntryOperationsTest, SeveralCalleesOfACatchAllAreNamedTogether) {
  EXPECT_EQ(EntryOf({{0, "frontend", "Frontend/Recv."},
                     {0, "cart", "GetCart"},
                     {0, "ads", "GetAds"},
                     {0, "cart", "GetCart"}}),
            "frontend: Frontend/Recv. [GetAds, GetCart]");
}

TEST_F(EntryOperationsTest, ACatchAllThatCallsNothingIsTheEntry) {
  EXPECT_EQ(EntryOf({{0, "frontend", "/*"}}), "frontend: /*");
}

TEST_F(EntryOperationsTest, TheOrderOfCalleesDoesNotCount) {
  EntryOperations operations(names_);
  operations.Add(TraceOf({{0, "f", "/*"}, {0, "a", "A"}, {0, "b", "B"}}));
  operations.Add(TraceOf({{0, "f", "/*"}, {0, "b", "B"}, {0, "a", "A"}}));
  ASSERT_EQ(operations.Sorted().size(), 1);
  EXPECT_EQ(operations.Sorted().front().traces, 2);
  EXPECT_EQ(operations.Sorted().front().end_to_end.total(), 2);
}

TEST_F(EntryOperationsTest, BeyondTheBoundOperationsAreOther) {
  EntryOperations operations(names_, 2);
  for (const char* operation : {"a", "b", "c", "d", "a", "c"}) {
    operations.Add(TraceOf({{0, "front", operation}}));
  }
  const auto sorted = operations.Sorted();
  ASSERT_EQ(sorted.size(), 3);
  EXPECT_EQ(sorted[0].operation, "(other)");
  EXPECT_EQ(sorted[0].traces, 3);
  EXPECT_EQ(sorted[1].operation, "a");
  EXPECT_EQ(sorted[1].traces, 2);
}

TEST(IsCatchAllTest, TellsNamesThatSayNothing) {
  for (const char* name : {"/*", "/**", "/", "GET", "HTTP GET", "HTTP POST /", "GET /*", "HTTP",
                           "hipstershop.Frontend/Recv."}) {
    EXPECT_TRUE(IsCatchAll(name)) << name;
  }
  for (const char* name : {"", "GET /hotels", "/wrk2-api/review/compose", "GETTER", "HTTP GET /a",
                           "Recv", "/orders/{id}"}) {
    EXPECT_FALSE(IsCatchAll(name)) << name;
  }
}

}  // namespace
}  // namespace trimtab
