#include "trimtab/cli/explain_report.h"

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPlan[] = R"({
  "feasible": false, "predictedTailLatencySeconds": 0.287,
  "allocations": [], "binding": ["geo"],
  "steps": [{"microservice": "search", "action": "cpu",
    "before": {"replicas": 1, "cpuCores": 0.2, "memoryBytes": 104857600},
    "after": {"replicas": 1, "cpuCores": 0.4, "memoryBytes": 104857600},
    "tailBeforeSeconds": 0.318, "tailAfterSeconds": 0.287, "gainSeconds": 0.031,
    "cost": 1, "score": 31, "reason": "largest gain per cost",
    "alternatives": [{"microservice": "geo", "action": "replicas",
      "after": {"replicas": 2, "cpuCores": 0.2, "memoryBytes": 104857600},
      "gainSeconds": 0.012, "cost": 2, "score": 6}]}],
  "summary": {"termination": "no-capacity", "message": "hosts are full", "iterations": 1}})";

constexpr char kObservation[] = R"({
  "windowSeconds": 60, "applicationLoad": 263.1, "measuredTailLatencySeconds": 0.312,
  "tailTraces": 158, "gaps": ["search-3: no cpu samples within 40s"],
  "microservices": [{"microservice": "search", "replicas": 1, "cpuCores": 0.2,
    "memoryBytes": 104857600, "ready": 1, "pending": 2, "draining": 0, "arrivalRate": 150,
    "interference": {"cpu": 0.4}}],
  "hosts": []})";

constexpr char kCommitment[] = R"({
  "action": "commit", "tailCorrection": 1.04, "scaleDownAllowed": false, "slaSeconds": 0.3,
  "troubles": [], "limits": [{"microservice": "geo", "limit": "missing-metrics",
    "wanted": {"replicas": 1, "cpuCores": 0.2, "memoryBytes": 104857600},
    "allowed": {"replicas": 2, "cpuCores": 0.2, "memoryBytes": 104857600}}],
  "raises": [], "lowers": []})";

constexpr char kApplied[] = R"({
  "dryRun": false, "raises": {"accepted": [{"microservice": "search",
    "from": {"replicas": 1, "cpuCores": 0.2, "memoryBytes": 104857600},
    "to": {"replicas": 1, "cpuCores": 0.4, "memoryBytes": 104857600}}],
    "refused": [{"microservice": "geo",
    "from": {"replicas": 1, "cpuCores": 0.2, "memoryBytes": 104857600},
    "to": {"replicas": 2, "cpuCores": 0.2, "memoryBytes": 104857600},
    "reason": "INVALID_ARGUMENT: no host is free"}], "skipped": []},
  "troubles": [{"what": "change-refused", "words": "geo: no host is free"}]})";

constexpr char kVerified[] = R"({"met": false, "measuredTailLatencySeconds": 0.305,
  "predictedTailLatencySeconds": 0.287, "slaSeconds": 0.3})";

DecisionRecord Record() {
  const Instant at{std::chrono::seconds(3725)};
  DecisionRecord record;
  record.id = 42;
  record.entry = {.at = at, .observation = kObservation, .plan = kPlan, .commitment = kCommitment};
  record.outcomes = {{OutcomeKind::kApplied, at, kApplied},
                     {OutcomeKind::kVerified, at + std::chrono::seconds(80), kVerified}};
  return record;
}
RunDescription GradRun() {
  RunDescription run;
  run.application = "hotel";
  run.policy = "grad";
  run.sla = std::chrono::milliseconds(300);
  return run;
}
std::string Explain(const DecisionRecord& record) {
  const auto document = ExplainJson(record, GradRun());
  EXPECT_TRUE(document.ok()) << document.status();
  std::ostringstream out;
  WriteExplanation(*document, out, /*color=*/false);
  return out.str();
}

TEST(ExplainReportTest, TellsTheWholeStory) {
  const std::string text = Explain(Record());
  EXPECT_THAT(text, HasSubstr("Decision 42 of 'hotel' by policy grad at 1:02:05, SLA 300.0 ms"));
  EXPECT_THAT(text, HasSubstr("load 263.1/s, tail latency 312.0 ms of 158 traces in 60 s"));
  EXPECT_THAT(text, HasSubstr("missing: search-3: no cpu samples within 40s"));
  EXPECT_THAT(text, HasSubstr("1 +2"));  // one ready, two pending
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
  DecisionRecord record = Record();
  record.outcomes.clear();
  record.entry.plan = "null";
  record.entry.commitment = R"({"action": "hold", "scaleDownAllowed": true, "limits": [],
    "troubles": [{"what": "metrics-down", "words": "connection refused"}]})";
  const std::string text = Explain(record);
  EXPECT_THAT(text, HasSubstr("no plan"));
  EXPECT_THAT(text, HasSubstr("nothing: the last allocation stays"));
  EXPECT_THAT(text, HasSubstr("metrics-down: connection refused"));
  EXPECT_THAT(text, Not(HasSubstr("Measured")));
}

TEST(ExplainReportTest, AJournalThatEndsBeforeTheAnswerSaysSo) {
  DecisionRecord record = Record();
  record.outcomes.clear();
  EXPECT_THAT(Explain(record), HasSubstr("the journal ends before the world answered"));
}

TEST(ExplainReportTest, ReadsWhatIsMissingOrOfAnotherTypeAsUnknown) {
  DecisionRecord record = Record();
  record.entry.observation = R"({"applicationLoad": "many", "microservices": 7, "gaps": [1]})";
  record.entry.plan = "[]";
  record.entry.commitment = "17";
  record.outcomes[0].body = "[1, 2]";
  EXPECT_THAT(Explain(record), HasSubstr("load unknown, tail latency unknown of 0 traces"));
}

TEST(ExplainReportTest, TextThatIsNoJsonIsAnErrorThatNamesThePart) {
  DecisionRecord record = Record();
  record.entry.plan = "{\"steps\": [";
  const auto document = ExplainJson(record, GradRun());
  EXPECT_EQ(document.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(document.status().ToString(), HasSubstr("decision 42: its plan is not JSON"));
}

TEST(ExplainReportTest, TheDocumentHoldsEveryPart) {
  const auto document = ExplainJson(Record(), GradRun());
  EXPECT_EQ((*document)["decision"], 42);
  EXPECT_EQ((*document)["run"]["slaSeconds"], 0.3);
  EXPECT_EQ((*document)["plan"]["steps"][0]["alternatives"].size(), 1U);
  EXPECT_EQ((*document)["outcomes"][1]["kind"], "verified");
  EXPECT_EQ((*document)["outcomes"][1]["atSeconds"], 3805);
}

TEST(ExplainReportTest, StepsAndAlternativesAreRows) {
  std::ostringstream out;
  StepTable(*ExplainJson(Record(), GradRun())).WriteCsv(out);
  EXPECT_THAT(out.str(), HasSubstr("1,true,search,cpu,1,0.4,104857600,0.031,1,31,largest gain"));
  EXPECT_THAT(out.str(), HasSubstr("1,false,geo,replicas,2,0.2,104857600,0.012,2,6,"));
}

TEST(ExplainReportTest, TheListHasOneRowADecision) {
  DecisionList list;
  ASSERT_TRUE(list.Add(Record()).ok());
  std::ostringstream out;
  list.table().WriteCsv(out);
  EXPECT_THAT(out.str(), HasSubstr("42,3725,commit,1,1,0,0.312,0.287,0.305,false,change-refused"));
}

}  // namespace
}  // namespace trimtab
