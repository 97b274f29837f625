#include "trimtab/experiment/attainment_recorder.h"

#include <chrono>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using ::testing::Eq;
using ::testing::Optional;

Observation SeenAt(int seconds, std::int64_t traces, double attainment) {
  Observation seen;
  seen.at = Instant{std::chrono::seconds(seconds)};
  seen.window = std::chrono::seconds(60);
  seen.graph_classes.push_back(
      {.id = "a", .tree = {}, .traces = traces, .share = 0.75, .attainment = attainment});
  seen.graph_classes.push_back(
      {.id = "b", .tree = {}, .traces = traces / 3, .share = 0.25, .attainment = std::nullopt});
  return seen;
}

PlanAttainment PlanOf(double of_class, double of_all) {
  PlanAttainment plan;
  plan.classes = {{"a", 1, of_class}};
  plan.expected = of_all;
  return plan;
}

TEST(AttainmentNotesTest, WindowsThatOverlapCountOnce) {
  AttainmentNotes notes;
  notes.NoteObservation(SeenAt(60, 30, 1));
  notes.NoteObservation(SeenAt(90, 1000, 0));  // half of it is the window before
  notes.NoteObservation(SeenAt(120, 10, 0));
  // (30 * 1 + 10 * 0) / 40; class b has no attainment.
  const std::vector<ClassOutcome> classes = notes.Classes();
  ASSERT_EQ(classes.size(), 1U);
  EXPECT_EQ(classes[0].traces, 40);
  EXPECT_NEAR(classes[0].measured, 0.75, 1e-12);
  EXPECT_EQ(classes[0].expected, std::nullopt);
  EXPECT_EQ(notes.Expected(), std::nullopt);
}

TEST(AttainmentNotesTest, ExpectationsAreMeansOverPlans) {
  AttainmentNotes notes;
  notes.NoteObservation(SeenAt(60, 30, 1));
  notes.NotePlan(PlanOf(0.9, 0.96));
  notes.NotePlan(PlanOf(1, 0.98));
  EXPECT_NEAR(*notes.Expected(), 0.97, 1e-12);
  EXPECT_NEAR(*notes.Classes()[0].expected, 0.95, 1e-12);
}

// Answers with the number of classes that it is told of.
class CountingPolicy : public ScalingPolicy {
 public:
  explicit CountingPolicy(std::size_t& told) : told_(told) {}
  std::string_view name() const override { return "counting"; }
  absl::StatusOr<Plan> MakePlan(const PlanningInput& input) override {
    told_ = input.observation.graph_classes.size();
    return Plan{};
  }

 private:
  std::size_t& told_;
};

TEST(RecordedPolicyTest, TellsTheSharesOfTheHistoryInPlaceOfTheWindows) {
  const Application application =
      *Application::Create("one", {Microservice{.name = "m", .bounds = {}}}, {});
  const Observation seen = SeenAt(60, 30, 1);
  const Allocation desired(1);
  const PlanningInput input{.application = application,
                            .observation = seen,
                            .desired = desired,
                            .sla = {},
                            .capacity = std::nullopt};
  GraphMix history;
  history.classes.push_back({.id = "c", .tree = {}, .share = 1, .calls = 2});
  AttainmentNotes notes;
  std::size_t told = 0;
  RecordedPolicy plain(std::make_unique<CountingPolicy>(told), notes, Instant{}, nullptr);
  ASSERT_TRUE(plain.MakePlan(input).ok());
  EXPECT_EQ(told, 2U);
  RecordedPolicy fixed(std::make_unique<CountingPolicy>(told), notes, Instant{}, &history);
  ASSERT_TRUE(fixed.MakePlan(input).ok());
  EXPECT_EQ(told, 1U);
  EXPECT_EQ(notes.Classes()[0].id, "a");  // what is measured stays the world's
}

}  // namespace
}  // namespace trimtab
