#include "trimtab/cli/class_attainment.h"

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/controller/testing/sample_decision.h"

namespace trimtab {
namespace {

using Json = nlohmann::ordered_json;

// A decision at `seconds` that saw `classes` in the 60 s before, and whose plan expects `expected`
// of class "a" and of all.
DecisionRecord DecisionAt(std::int64_t seconds, const Json& classes, double expected) {
  DecisionRecord record = SampleDecision();
  record.entry.at = Instant(std::chrono::seconds(seconds));
  Json observation = Json::parse(record.entry.observation);
  observation["classes"] = classes;
  record.entry.observation = observation.dump();
  Json plan = Json::parse(record.entry.plan);
  plan["attainment"] = expected;
  plan["attainmentTarget"] = 0.95;
  plan["continuousBound"] = 2;
  plan["changes"] = Json::array();
  plan["classes"] = {{{"id", "a"}, {"share", 1}, {"attainment", expected}}};
  record.entry.plan = plan.dump();
  return record;
}

Json Class(const char* id, int traces, double attainment) {
  return {{"id", id}, {"share", 0.5}, {"traces", traces}, {"attainment", attainment}};
}

Json RowsOf(const ClassAttainment& classes) { return classes.ToTable().ToJson(); }

// Plans at 0 and 30 s expect 96 and 98 % of what the window from 0 to 60 s then measures. The
// window that ends at 90 s overlaps it; the one that ends at 120 s is told by the plans of 60 and
// 90 s, which expect 94 %: (100 * 97 + 300 * 94) / 400 = 94.75 %. Measured: (90 + 282) / 400 = 93
// %.
TEST(ClassAttainmentTest, SetsEachWindowAgainstThePlansMadeWithinIt) {
  ClassAttainment classes;
  ASSERT_TRUE(
      classes.Add(DecisionAt(0, Json::array({Class("a", 999, 0)}), 0.96)).ok());  // before any plan
  ASSERT_TRUE(classes.Add(DecisionAt(30, Json::array(), 0.98)).ok());
  ASSERT_TRUE(classes.Add(DecisionAt(60, Json::array({Class("a", 100, 0.9)}), 0.94)).ok());
  ASSERT_TRUE(classes.Add(DecisionAt(90, Json::array({Class("a", 777, 0)}), 0.94)).ok());
  ASSERT_TRUE(classes.Add(DecisionAt(120, Json::array({Class("a", 300, 0.94)}), 0.5)).ok());
  const Json rows = RowsOf(classes);
  ASSERT_EQ(rows.size(), 2);
  for (const Json& row : rows) {
    EXPECT_EQ(row["traces"], 400);
    EXPECT_EQ(row["share"], 1.0);
    EXPECT_NEAR(row["expected"].get<double>(), 0.9475, 1e-12);
    EXPECT_NEAR(row["measured"].get<double>(), 0.93, 1e-12);
    // sqrt(0.93 * 0.07 / 400) = 0.01276: 1.75 points apart are within the two.
    EXPECT_NEAR(row["standardError"].get<double>(), 0.01276, 1e-5);
    EXPECT_EQ(row["missed"], false);
  }
  EXPECT_EQ(rows[0]["class"], "all");
  EXPECT_EQ(rows[1]["class"], "a");
}

// 0.9 expected, 0.7 of 900 measured: 20 points are more than 2 + 2 * 1.5. A class that no plan knew
// has nothing to miss.
TEST(ClassAttainmentTest, SaysWhatIsMissedAndWhatNobodyExpected) {
  ClassAttainment classes;
  ASSERT_TRUE(classes.Add(DecisionAt(0, Json::array(), 0.9)).ok());
  ASSERT_TRUE(
      classes.Add(DecisionAt(60, Json::array({Class("b", 100, 1), Class("a", 900, 0.7)}), 0.9))
          .ok());
  const Json rows = RowsOf(classes);
  ASSERT_EQ(rows.size(), 3);
  EXPECT_EQ(rows[1]["class"], "a");
  EXPECT_EQ(rows[1]["missed"], true);
  EXPECT_EQ(rows[2]["class"], "b");
  EXPECT_TRUE(rows[2]["expected"].is_null());
  EXPECT_TRUE(rows[2]["missed"].is_null());
  // Of 100 traces none was late: half a trace would be 0.5 %, sqrt(0.005 * 0.995 / 100) = 0.00705.
  EXPECT_NEAR(rows[2]["standardError"].get<double>(), 0.00705, 1e-5);
}

// The first decision is at 1000 s, so the window from 1030 to 1090 s begins too early.
TEST(ClassAttainmentTest, WindowsOfTheStartAreLeftOut) {
  ClassAttainment classes(/*skip_seconds=*/31);
  ASSERT_TRUE(classes.Add(DecisionAt(1000, Json::array(), 0.9)).ok());
  ASSERT_TRUE(classes.Add(DecisionAt(1090, Json::array({Class("a", 900, 0)}), 0.9)).ok());
  EXPECT_EQ(RowsOf(classes).size(), 0);
  ASSERT_TRUE(classes.Add(DecisionAt(1150, Json::array({Class("a", 100, 1)}), 0.9)).ok());
  EXPECT_EQ(RowsOf(classes)[0]["traces"], 100);
}

TEST(ClassAttainmentTest, TheNewestRunCounts) {
  ClassAttainment classes;
  ASSERT_TRUE(classes.Add(DecisionAt(0, Json::array(), 0.9)).ok());
  ASSERT_TRUE(classes.Add(DecisionAt(60, Json::array({Class("a", 900, 0.7)}), 0.9)).ok());
  DecisionRecord next = DecisionAt(0, Json::array(), 0.9);
  next.run = SampleDecision().run + 1;
  ASSERT_TRUE(classes.Add(next).ok());
  EXPECT_EQ(RowsOf(classes).size(), 0);
}

TEST(ClassAttainmentTest, PlansWithoutClassesAreNoRows) {
  ClassAttainment classes;
  ASSERT_TRUE(classes.Add(SampleDecision()).ok());
  EXPECT_EQ(RowsOf(classes).size(), 0);
}

TEST(ClassAttainmentTest, ADamagedRowIsAnError) {
  DecisionRecord record = SampleDecision();
  record.entry.plan = "{";
  EXPECT_EQ(ClassAttainment().Add(record).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace trimtab
