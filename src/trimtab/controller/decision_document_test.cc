// Decisions read back from a journal, and what is said of a damaged or edited row.
#include "trimtab/controller/decision_document.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/controller/testing/sample_decision.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

TEST(DecisionDocumentTest, HoldsEveryPart) {
  const RunDescription run = SampleRun();
  const auto document = DecisionDocument(SampleDecision(), &run);
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ((*document)["decision"], 42);
  EXPECT_EQ((*document)["run"]["slaSeconds"], 0.3);
  EXPECT_EQ((*document)["plan"]["steps"][0]["alternatives"].size(), 1U);
  EXPECT_EQ((*document)["outcomes"][1]["kind"], "verified");
  EXPECT_EQ((*document)["outcomes"][1]["atSeconds"], 3805);
  EXPECT_FALSE(DecisionDocument(SampleDecision(), nullptr)->contains("run"));
}

TEST(DecisionDocumentTest, WhatWasUnknownMayBeMissing) {
  DecisionRecord record = SampleDecision();
  record.entry.observation =
      R"({"windowSeconds": 0, "tailTraces": 0, "gaps": [], "microservices": [], "hosts": []})";
  record.entry.plan = "null";
  record.outcomes.clear();
  const auto document = DecisionDocument(record, nullptr);
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_TRUE((*document)["plan"].is_null());
}

TEST(DecisionDocumentTest, ABodyCannotPassForAnotherKindOfOutcome) {
  DecisionRecord record = SampleDecision();
  record.outcomes.resize(1);
  record.outcomes[0].body.insert(1, R"("kind": "verified", "atSeconds": "never", )");
  const auto document = DecisionDocument(record, nullptr);
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ((*document)["outcomes"][0]["kind"], "applied");
  EXPECT_EQ((*document)["outcomes"][0]["atSeconds"], 3725);
}

// One edit of a sound decision: `old` becomes `now` in the part chosen.
struct Edit {
  std::function<std::string&(DecisionRecord&)> part;
  std::string_view old;
  std::string_view now;
  std::string_view words;
};

std::string& Observed(DecisionRecord& record) { return record.entry.observation; }
std::string& Planned(DecisionRecord& record) { return record.entry.plan; }
std::string& Committed(DecisionRecord& record) { return record.entry.commitment; }
std::string& Applied(DecisionRecord& record) { return record.outcomes[0].body; }
std::string& Verified(DecisionRecord& record) { return record.outcomes[1].body; }

class EditedDecision : public testing::TestWithParam<Edit> {};

TEST_P(EditedDecision, IsRefusedWithItsPlace) {
  DecisionRecord record = SampleDecision();
  std::string& text = GetParam().part(record);
  const auto at = text.find(GetParam().old);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, GetParam().old.size(), GetParam().now);
  const auto document = DecisionDocument(record, nullptr);
  ASSERT_EQ(document.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(document.status().message()),
              HasSubstr("decision 42: " + std::string(GetParam().words)));
}

INSTANTIATE_TEST_SUITE_P(
    Edits, EditedDecision,
    testing::Values(
        Edit{Observed, R"("hosts": [)", R"("hosts": )", "observation is not JSON, or cut short"},
        Edit{Observed, "263.1", R"("many")",
             R"(observation.applicationLoad is "many", expected a number from 0 to 1000000000000)"},
        Edit{Observed, R"("cpu": 0.4)", R"("cpu": 1.4)",
             "observation.microservices[0].interference.cpu is 1.4, expected a number from 0 to 1"},
        Edit{Observed, R"("ready": 1, )", "", "observation.microservices[0] lacks the key 'ready'"},
        Edit{Observed, R"(["search-3: no cpu samples within 40s"])", "[7]",
             "observation.gaps[0] is not a text"},
        Edit{Planned, R"("score": 6)", R"("score": null)",
             "plan.steps[0].alternatives[0].score is null, expected a number"},
        Edit{Planned, R"("cpuCores": 0.4, "memoryBytes": 104857600},
    {)",
             R"("cpuCores": -1, "memoryBytes": 104857600},
    {)",
             "plan.allocations[0].cpuCores is -1, expected a number from 0.001 to 1000000"},
        Edit{Planned, R"(["geo"])", R"(["rate"])",
             "plan.binding[0] names 'rate', which application"},
        Edit{Planned, R"({"microservice": "geo", "replicas": 1)",
             R"({"microservice": "search", "replicas": 1)",
             "plan.allocations application 'of the plan': microservice 'search' is named twice"},
        Edit{Planned, R"("termination": "no-capacity")", R"("termination": "bored")",
             "plan.summary.termination is wrong: plan termination 'bored' is none of"},
        Edit{Committed, R"("commit")", R"("perhaps")",
             "commitment.action is 'perhaps', none of commit, keep, hold"},
        Edit{Committed, "1.04", "-1", "commitment.tailCorrection is -1, expected a number from 0"},
        Edit{Committed, R"("lowers": [])", R"("lowers": {})", "commitment.lowers is not an array"},
        Edit{Committed, R"("replicas": 2)", R"("replicas": 2.5)",
             "commitment.limits[0].allowed.replicas is 2.5, expected a whole number from 0"},
        Edit{Applied, R"("reason")", R"("because")",
             "outcomes[0].raises.refused[0] lacks the key 'reason'"},
        Edit{Applied, R"("change-refused")", R"("rain")",
             "outcomes[0].troubles[0].what is 'rain', none of metrics-down"},
        Edit{Verified, "false", "0", "outcomes[1].met is neither true nor false"},
        Edit{Verified, ", 3805]", "]", "outcomes[1].windowSeconds is not begin and end"}));

TEST(DecisionDocumentTest, PartsOfAnotherKindAreRefused) {
  for (const std::string_view other : {"7", "[]", "\"text\"", "null", ""}) {
    DecisionRecord record = SampleDecision();
    record.entry.commitment = other;
    EXPECT_EQ(DecisionDocument(record, nullptr).status().code(), absl::StatusCode::kDataLoss)
        << other;
  }
  RunDescription run = SampleRun();
  run.details = "[]";
  EXPECT_THAT(std::string(DecisionDocument(SampleDecision(), &run).status().message()),
              HasSubstr("decision 42: run.details is [], expected an object"));
}

// A million brackets end the stack of whoever walks them one call a level.
TEST(DecisionDocumentTest, EndlessNestingIsRefused) {
  DecisionRecord record = SampleDecision();
  constexpr std::size_t kLevels = 1'000'000;
  record.entry.plan = std::string(kLevels, '[') + std::string(kLevels, ']');
  EXPECT_THAT(std::string(DecisionDocument(record, nullptr).status().message()),
              HasSubstr("decision 42: plan is nested deeper than 64 levels at byte 65"));
}

}  // namespace
}  // namespace trimtab
