#include "trimtab/experiment/share_training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace trimtab {
namespace {

ShareTrainingDays Few() {
  ShareTrainingDays days;
  days.day = std::chrono::minutes(20);
  days.most_days = 8;
  days.samples_read = 500;
  days.threads = 1;
  return days;
}

const Scenario& Querying() {
  static const Scenario scenario =
      *LoadScenario(TRIMTAB_SOURCE_DIR "/scenarios/train-ticket-querying.yaml");
  return scenario;
}

TEST(ShareTrainingTest, LearnsFromDaysAsTracingWouldShowThem) {
  const auto knowledge = LearnShares(Querying(), Few());
  ASSERT_TRUE(knowledge.ok()) << knowledge.status();
  EXPECT_TRUE(knowledge->Validate().ok()) << knowledge->Validate();
  EXPECT_EQ(knowledge->history.blocks.size(), 8U);
  EXPECT_EQ(knowledge->history.steps(), 160U);
  EXPECT_EQ(knowledge->history.space.graph_classes.back(), "(other)");
  // 12 distances, and "(other)".
  EXPECT_EQ(knowledge->history.space.arguments(), 13U);
  // Of 30 requests/s a third is seen in 60 s: shares are multiples of about 1/540, loads are not.
  const ShareWindow day{&knowledge->history.space, knowledge->history.blocks[0].rows};
  EXPECT_GT(day.load(0), 10);
  EXPECT_LT(day.load(0), 60);
}

// Days are those of the seed, and no two are alike.
TEST(ShareTrainingTest, SameSeedSameDays) {
  const auto one = LearnShares(Querying(), Few());
  ShareTrainingDays other = Few();
  other.threads = 2;
  const auto same = LearnShares(Querying(), other);
  ASSERT_TRUE(one.ok() && same.ok());
  EXPECT_EQ(one->model.ToJson(), same->model.ToJson());
  EXPECT_NE(one->history.blocks[0].rows, one->history.blocks[1].rows);
  other.seed = 2;
  const auto another = LearnShares(Querying(), other);
  ASSERT_TRUE(another.ok());
  EXPECT_NE(one->history.blocks[0].rows, another->history.blocks[0].rows);
}

// Both see every request of the same days, the same ones, but draw by themselves which calls they
// make: of n requests a class of share p has two counts that are off by sqrt(2 p n), of which five
// are allowed for some 40 classes.
TEST(ShareTrainingTest, CountsTheGraphsOfTheDaysThatItLearnsFrom) {
  ShareTrainingDays days = Few();
  days.span_share = 1;
  const auto knowledge = LearnShares(Querying(), days);
  const auto mix = CountTrainingGraphs(Querying(), days);
  ASSERT_TRUE(knowledge.ok() && mix.ok()) << mix.status();
  const ShareSpace& space = knowledge->history.space;
  std::vector<double> counts(space.graphs(), 0);
  double requests = 0;
  for (const ShareBlock& block : knowledge->history.blocks) {
    const ShareWindow day{&space, block.rows};
    for (std::size_t step = 0; step < day.steps(); ++step) {
      const double seen = 60 * day.load(step);
      requests += seen;
      for (std::size_t g = 0; g < counts.size(); ++g) counts[g] += seen * day.graphs(step)[g];
    }
  }
  EXPECT_NEAR(mix->requests, requests, 0.5);
  double named = 0;
  for (std::size_t g = 0; g + 1 < counts.size(); ++g) {
    const auto of = std::ranges::find(mix->classes, space.graph_classes[g], &GraphMix::Class::id);
    ASSERT_NE(of, mix->classes.end()) << space.graph_classes[g];
    EXPECT_NEAR(of->share, counts[g] / requests, 5 * std::sqrt(2 * of->share / requests)) << of->id;
    named += of->share;
  }
  EXPECT_GT(named, 0.9);
  days.stopped = [] { return true; };
  EXPECT_TRUE(absl::IsCancelled(CountTrainingGraphs(Querying(), days).status()));
}

TEST(ShareTrainingTest, RefusesGraphsThatDoNotMove) {
  const auto hotel = LoadScenario(TRIMTAB_SOURCE_DIR "/scenarios/hotel-reservation.yaml");
  ASSERT_TRUE(hotel.ok());
  EXPECT_FALSE(GraphsMove(*hotel));
  EXPECT_EQ(LearnShares(*hotel, Few()).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ShareTrainingTest, KeyTellsApartWhatIsLearnedFrom) {
  const std::string key = *ShareTrainingKey(Querying(), Few());
  EXPECT_EQ(key.size(), 16U);
  EXPECT_EQ(*ShareTrainingKey(Querying(), Few()), key);
  ShareTrainingDays other = Few();
  other.threads = 2;
  EXPECT_EQ(*ShareTrainingKey(Querying(), other), key);
  other.span_share = 0.02;
  EXPECT_NE(*ShareTrainingKey(Querying(), other), key);
  Scenario busier = Querying();
  busier.workload.load = 100.0;
  EXPECT_NE(*ShareTrainingKey(busier, Few()), key);
}

TEST(ShareTrainingTest, CanBeStopped) {
  ShareTrainingDays days = Few();
  days.stopped = [] { return true; };
  EXPECT_EQ(LearnShares(Querying(), days).status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace trimtab
