#include "trimtab/cli/explain_report.h"

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/controller/decision_document.h"
#include "trimtab/controller/testing/sample_decision.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Explain(const DecisionRecord& record) {
  const RunDescription run = SampleRun();
  const auto document = DecisionDocument(record, &run);
  EXPECT_TRUE(document.ok()) << document.status();
  std::ostringstream out;
  WriteExplanation(*document, out, /*color=*/false);
  return out.str();
}

TEST(ExplainReportTest, TellsTheWholeStory) {
  const std::string text = Explain(SampleDecision());
  EXPECT_THAT(text, HasSubstr("Decision 42 of 'hotel' by policy grad at 1:02:05, SLA 300.0 ms"));
  EXPECT_THAT(text, HasSubstr("load 263.1/s, tail latency 312.0 ms of 158 traces in 60 s"));
  EXPECT_THAT(text, HasSubstr("missing: search-3: no cpu samples within 40s"));
  EXPECT_THAT(text, HasSubstr("1 +2"));  // one ready, two pending
  EXPECT_THAT(text, HasSubstr("Waiting    search: NodeCapacity: no node has 200m cpu free"));
  EXPECT_THAT(text, HasSubstr("318.0 ms before, 287.0 ms after the plan; measurement corrects by a "
                              "factor of 1.040"));
  EXPECT_THAT(text, HasSubstr("no-capacity after 1 steps: hosts are full"));
  EXPECT_THAT(text, HasSubstr("not expected to meet the SLA; binding: geo"));
  EXPECT_THAT(text, HasSubstr("1. search cpu: 1 x 200m 100Mi -> 1 x 400m 100Mi, tail 318.0 ms -> "
                              "287.0 ms, cost 1, score 31"));
  EXPECT_THAT(text, HasSubstr("because largest gain per cost"));
  EXPECT_THAT(text, HasSubstr("instead of geo replicas to 2 x 200m 100Mi: gain 12.0 ms, cost 2, "
                              "score 6"));
  EXPECT_THAT(text, HasSubstr("nothing may be lowered"));
  EXPECT_THAT(text,
              HasSubstr("geo missing-metrics: wanted 1 x 200m 100Mi, allowed 2 x 200m 100Mi"));
  EXPECT_THAT(text, HasSubstr("raised search: 1 x 200m 100Mi -> 1 x 400m 100Mi"));
  EXPECT_THAT(text, HasSubstr("refused geo: 1 x 200m 100Mi -> 2 x 200m 100Mi: INVALID_ARGUMENT"));
  EXPECT_THAT(text, HasSubstr("305.0 ms in the first full window, predicted 287.0 ms: the SLA of "
                              "300.0 ms was missed"));
}

TEST(ExplainReportTest, TellsWhyNothingWasDone) {
  DecisionRecord record = SampleDecision();
  record.outcomes.clear();
  record.entry.plan = "null";
  record.entry.commitment = R"({"action": "hold", "tailCorrection": 1, "scaleDownAllowed": true,
    "slaSeconds": 0.3, "troubles": [{"what": "metrics-down", "words": "connection refused"}],
    "limits": [], "raises": [], "lowers": []})";
  const std::string text = Explain(record);
  EXPECT_THAT(text, HasSubstr("no plan"));
  EXPECT_THAT(text, HasSubstr("nothing: the last allocation stays"));
  EXPECT_THAT(text, HasSubstr("metrics-down: connection refused"));
  EXPECT_THAT(text, Not(HasSubstr("Measured")));
}

TEST(ExplainReportTest, AJournalThatEndsBeforeTheAnswerSaysSo) {
  DecisionRecord record = SampleDecision();
  record.outcomes.clear();
  EXPECT_THAT(Explain(record), HasSubstr("the journal ends before the world answered"));
}

TEST(ExplainReportTest, WhatWasUnknownIsCalledUnknown) {
  DecisionRecord record = SampleDecision();
  record.entry.observation =
      R"({"windowSeconds": 60, "tailTraces": 0, "gaps": [], "microservices": [], "hosts": []})";
  EXPECT_THAT(Explain(record), HasSubstr("load unknown, tail latency unknown of 0 traces"));
}

TEST(ExplainReportTest, ADamagedRowIsAnErrorThatNamesThePart) {
  DecisionRecord record = SampleDecision();
  record.entry.plan = "{\"steps\": [";
  DecisionList list;
  const absl::Status added = list.Add(record);
  EXPECT_EQ(added.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(added.ToString(), HasSubstr("decision 42: plan is not JSON, or cut short"));
}

TEST(ExplainReportTest, StepsAndAlternativesAreRows) {
  std::ostringstream out;
  StepTable(*DecisionDocument(SampleDecision(), nullptr)).WriteCsv(out);
  EXPECT_THAT(out.str(), HasSubstr("1,true,search,cpu,1,0.4,104857600,0.031,1,31,largest gain"));
  EXPECT_THAT(out.str(), HasSubstr("1,false,geo,replicas,2,0.2,104857600,0.012,2,6,"));
}

TEST(ExplainReportTest, TheListHasOneRowADecision) {
  DecisionList list;
  ASSERT_TRUE(list.Add(SampleDecision()).ok());
  std::ostringstream out;
  list.table().WriteCsv(out);
  EXPECT_THAT(out.str(), HasSubstr("42,3725,commit,1,1,0,0.312,0.287,0.305,false,change-refused"));
}

}  // namespace
}  // namespace trimtab
