// Two processes of `trimtab run`, one of which leads: spans that are spread over both arrive whole
// at the leader, whoever that is.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "tests/safety/run_test.h"
#include "trimtab/kubernetes/json_view.h"

namespace trimtab {
namespace {

constexpr char kReceived[] = "trimtab_otlp_spans_received_total";
constexpr char kIncomplete[] = R"(trimtab_traces_incomplete_total{source="otlp"})";

constexpr auto kStart = std::chrono::seconds(60);
constexpr auto kLease = std::chrono::seconds(10);  // less than the lease lasts, 12 s

// Longer than between two traces that are given up: there are 20 a second.
constexpr auto kSettled = std::chrono::seconds(4);

class RunPairTest : public RunTest {
 protected:
  static bool Leads(RunCase& pair, const std::string& identity) {
    return pair.Metric("trimtab_leader", identity) == 1;
  }
  static bool StandsBy(RunCase& pair, const std::string& identity) {
    return pair.Metric("trimtab_leader", identity) == 0;
  }
  static std::uint64_t Received(RunCase& pair, const std::string& identity) {
    return static_cast<std::uint64_t>(pair.Metric(kReceived, identity).value_or(0));
  }
  // Spans that were refused, came late or found no room.
  static double Lost(RunCase& pair, const std::string& identity) {
    double lost = 0;
    for (const char* reason : {"no room", "late"}) {
      lost +=
          pair.Metric(fmt::format(R"(trimtab_otlp_spans_rejected_total{{reason="{}"}})", reason),
                      identity)
              .value_or(0);
    }
    return lost + pair.Metric(kIncomplete, identity).value_or(0);
  }
  static std::uint64_t Sum(const std::vector<std::uint64_t>& taken) {
    return std::accumulate(taken.begin(), taken.end(), std::uint64_t{0});
  }

  // From here on every span that either took is one that the leader received, none is lost, and no
  // trace lacks one; the standby keeps none.
  static void CheckTracesArriveWhole(RunCase& pair, const std::string& leader,
                                     const std::string& standby) {
    SCOPED_TRACE(leader + " leads");
    SpanSpreader& spreader = *pair.spreader();
    // Traces that began before it led, or soon after, are given up as they settle, and counted.
    ASSERT_TRUE(Holds(pair, [&](RunCase& each) { return Lost(each, leader) > 0; }));
    double before = -1;
    auto since = std::chrono::steady_clock::now();
    ASSERT_TRUE(Holds(pair, [&](RunCase& each) {
      const auto now = std::chrono::steady_clock::now();
      if (std::exchange(before, Lost(each, leader)) != before) since = now;
      return now - since > kSettled;
    }));
    spreader.Hold();
    const auto taken = spreader.taken();
    const std::uint64_t received = Received(pair, leader);
    const std::uint64_t kept = Received(pair, standby);
    const double lost = Lost(pair, leader);
    spreader.Release();
    ASSERT_TRUE(Holds(pair, [&](RunCase&) {
      const auto now = spreader.taken();
      return now[0] >= taken[0] + 150 && now[1] >= taken[1] + 150;
    })) << "both take spans, for longer than the traces wait for them";
    spreader.Hold();
    EXPECT_EQ(Received(pair, leader) - received, Sum(spreader.taken()) - Sum(taken));
    EXPECT_EQ(Received(pair, standby), kept);
    EXPECT_EQ(Lost(pair, leader), lost);
    spreader.Release();
  }
};

TEST_F(RunPairTest, TracesArriveWholeAtWhoeverLeads) {
  const auto pair = Make({.name = "pair", .wants = Wants::kRaise, .spreads_spans = true});
  ASSERT_TRUE(Holds(*pair, [](RunCase& each) { return each.PodsAreReady(); }, kStart));
  ASSERT_TRUE(pair->StartTrimtab("a").ok());
  ASSERT_TRUE(Holds(*pair, [](RunCase& each) { return Leads(each, "a"); }));
  ASSERT_TRUE(pair->StartTrimtab("b").ok());
  ASSERT_TRUE(Holds(*pair, [](RunCase& each) { return StandsBy(each, "b"); }));
  CheckTracesArriveWhole(*pair, "a", "b");

  // Asked to end, it gives the lease back: the other need not wait until it expires.
  kill(pair->trimtab("a")->pid(), SIGTERM);
  ASSERT_TRUE(pair->trimtab("a")->WaitForEnd(std::chrono::seconds(20))) << pair->Log("a");
  EXPECT_EQ(pair->trimtab("a")->exit_code(), 0);
  ASSERT_TRUE(Holds(*pair, [](RunCase& each) { return Leads(each, "b"); }, kLease));
  ASSERT_TRUE(pair->StartTrimtab("a").ok());
  ASSERT_TRUE(Holds(*pair, [](RunCase& each) { return StandsBy(each, "a"); }));
  CheckTracesArriveWhole(*pair, "b", "a");

  // Killed, it leaves the lease to expire.
  pair->trimtab("b")->Kill();
  ASSERT_TRUE(Holds(*pair, [](RunCase& each) { return Leads(each, "a"); }));
  ASSERT_TRUE(pair->StartTrimtab("b").ok());
  ASSERT_TRUE(Holds(*pair, [](RunCase& each) { return StandsBy(each, "b"); }));
  CheckTracesArriveWhole(*pair, "a", "b");

  EXPECT_EQ(IntegerAt(pair->Lease(), {"spec", "leaseTransitions"}), 2);
  EXPECT_EQ(pair->Smaller(), "");
}

}  // namespace
}  // namespace trimtab
