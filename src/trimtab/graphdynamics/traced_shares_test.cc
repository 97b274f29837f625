#include "trimtab/graphdynamics/traced_shares.h"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/graphdynamics/entry_mix.h"
#include "trimtab/graphdynamics/share_validation.h"
#include "trimtab/tracing/input_file.h"
#include "trimtab/tracing/span_reader.h"

namespace trimtab {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Requests one after another, each a trace of one entry and some callees.
class TracedSharesTest : public ::testing::Test {
 protected:
  void Request(double second, const std::string& operation,
               const std::vector<std::string>& callees) {
    const TraceId trace{0, ++traces_};
    const auto span = [&](std::uint64_t id, std::uint64_t parent, const std::string& service,
                          const std::string& name) {
      TracedSpan out{trace, {}};
      out.span.id = id;
      out.span.parent = parent;
      out.span.start = Instant(SecondsToDuration(second) + std::chrono::milliseconds(id));
      out.span.duration = std::chrono::milliseconds(100 / id);
      out.span.service = names_.Intern(service);
      out.span.operation = names_.Intern(name);
      return out;
    };
    std::vector<TracedSpan> spans = {span(1, 0, "front", operation)};
    for (const std::string& callee : callees) {
      spans.push_back(span(spans.size() + 1, 1, callee, "serve"));
    }
    traced_.Accept(spans);
  }

  NameTable names_;
  TracedRequests traced_{names_, ClassKey::kAdjacency};
  std::uint64_t traces_ = 0;
};

// 0-10 s: two `search`, of which one calls `geo`, and two `book` that call `store`; nothing in
// 10-20 s; 20-30 s: four `search` with `geo`.
TEST_F(TracedSharesTest, SharesOfEachWindow) {
  Request(1, "search", {"geo"});
  Request(2, "search", {});
  Request(3, "book", {"store"});
  Request(9, "book", {"store"});
  for (int i = 0; i < 4; ++i) Request(21 + i, "search", {"geo"});
  traced_.Finish();
  const auto shares = SharesOf(traced_, {.step = std::chrono::seconds(10), .least_requests = 2});
  ASSERT_TRUE(shares.ok()) << shares.status();
  const ShareSeries& series = shares->series;
  EXPECT_TRUE(series.Validate().ok()) << series.Validate();
  EXPECT_THAT(series.space.argument_classes, ElementsAre("front search", "front book", "(other)"));
  EXPECT_EQ(series.space.graphs(), 4);
  ASSERT_EQ(series.blocks.size(), 2);  // a gap between them
  EXPECT_EQ(series.StepsOf(0), 1);
  const ShareWindow first = series.Before(0, 1, 1);
  EXPECT_THAT(first.arguments(0), ElementsAre(0.5, 0.5, 0));
  // Most frequent first: geo with 5 requests, store with 2, none with 1.
  EXPECT_THAT(first.graphs(0), ElementsAre(0.25, 0.5, 0.25, 0));
  EXPECT_DOUBLE_EQ(first.load(0), 0.4);
  EXPECT_EQ(shares->RequestsIn({0, 0}), 4);
  EXPECT_THAT(series.graphs(1, 0), ElementsAre(1, 0, 0, 0));
  EXPECT_EQ(shares->requests, 8);
}

TEST_F(TracedSharesTest, OrderAndRepetitionOfCallsDoNotMakeAnotherAdjacency) {
  Request(1, "search", {"geo", "rate"});
  Request(2, "search", {"rate", "geo", "geo"});
  traced_.Finish();
  EXPECT_EQ(traced_.graphs().size(), 1);
}

TEST_F(TracedSharesTest, ArgumentsInOperationsAreLeftOut) {
  Request(1, "GET /hotels?lat=37.7&user=alice", {});
  traced_.Finish();
  EXPECT_THAT(traced_.operations(), ElementsAre("front GET /hotels"));
}

TEST_F(TracedSharesTest, TooFewRequestsAreAnError) {
  Request(1, "search", {});
  traced_.Finish();
  EXPECT_THAT(std::string(SharesOf(traced_, {}).status().message()),
              HasSubstr("none of 1 whole traces lies in a window of 60 s with 5 traces"));
}

// `search` makes geo in two of three requests, `book` always store.
TEST_F(TracedSharesTest, EntryMixIsTheShareGivenTheOperation) {
  Request(1, "search", {"geo"});
  Request(2, "search", {"geo"});
  Request(3, "search", {});
  Request(4, "book", {"store"});
  traced_.Finish();
  const TracedShares shares = SharesOf(traced_, {.least_requests = 1}).value();
  const std::vector<std::size_t> all = {0};
  const EntryMix mix = EntryMix::Fit(shares, all);
  // Graphs: geo, then by id; the operation "(other)" was never seen and has everybody's.
  std::vector<double> predicted(4);
  mix.Predict(std::vector{0.5, 0.5, 0.0}, predicted);
  EXPECT_NEAR(predicted[0], 1.0 / 3, 1e-12);
  EXPECT_NEAR(predicted[1] + predicted[2], 1.0 / 6 + 0.5, 1e-12);
  EXPECT_NEAR(mix.GivenOperation(2)[0], 0.5, 1e-12);
}

TEST(FoldsTest, AreRunsOfNeighbours) {
  EXPECT_THAT(FoldsOf(7, 3),
              ElementsAre(ElementsAre(0, 1, 2), ElementsAre(3, 4), ElementsAre(5, 6)));
  EXPECT_THAT(FoldsOf(2, 5), ElementsAre(ElementsAre(0), ElementsAre(1)));
}

// Two blocks of opposite mixes: held out in turn, the mean of the other is wholly wrong, while
// persistence is right. No step of a fold is seen in training.
TEST(CrossValidateTest, TestsOnBlocksThatTrainingDidNotSee) {
  ShareSeries series{.space = {{}, {"a", "b"}}, .blocks = {}};
  for (int b = 0; b < 4; ++b) {
    ShareBlock& block = series.blocks.emplace_back();
    const double a = b < 2 ? 1 : 0;
    for (int s = 0; s < 12; ++s) block.rows.insert(block.rows.end(), {a, 1 - a, 1.0});
  }
  const auto scores = CrossValidate(series, {.models = {"global-mean", "persistence"}, .folds = 2});
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_THAT((*scores)[0].one_minus_tv, DoubleEq(0));
  EXPECT_THAT((*scores)[1].one_minus_tv, DoubleEq(1));
  EXPECT_EQ((*scores)[0].samples, 4 * 7);
}

TEST(CrossValidateTest, CutsOneLongBlockIntoFolds) {
  ShareSeries series{.space = {{}, {"a", "b"}}, .blocks = {ShareBlock{}}};
  for (int s = 0; s < 100; ++s) {
    series.blocks[0].rows.insert(series.blocks[0].rows.end(), {0.5, 0.5, 1.0});
  }
  const auto scores = CrossValidate(series, {.models = {"persistence"}, .folds = 4});
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_EQ(scores->front().samples, 4 * 20);
}

// The measured spans of TrainTicket, where they are present: the entry operations of a window say
// more of its graphs than the mean of all windows does, and less than the number of requests lets
// anybody know.
TEST(MeasuredGraphDynamicsTest, EntryOperationsSayMoreThanTheMeanMix) {
  const std::string path = TRIMTAB_SOURCE_DIR "/../shared/data/nezha_trainticket/spans.csv.gz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  NameTable names;
  SkipLog skipped;
  TracedRequests traced(names, ClassKey::kAdjacency);
  auto file = InputFile::Open(path).value();
  ReadCounts counts;
  ASSERT_TRUE(ReadSpans(*file, SpanFormat::kAuto,
                        {.names = names, .skipped = skipped, .sink = traced}, counts)
                  .ok());
  traced.Finish();
  for (const int seconds : {30, 60}) {
    const auto shares = SharesOf(traced, {.step = std::chrono::seconds(seconds)});
    ASSERT_TRUE(shares.ok());
    const auto scores = CrossValidateEntryMix(*shares, 5, {}).value();
    EXPECT_GT(scores[0].one_minus_tv, scores[1].one_minus_tv + 0.05) << seconds;
    EXPECT_GT(scores[0].one_minus_tv, 0.65) << seconds;
    EXPECT_LT(scores[0].one_minus_tv, scores[2].one_minus_tv) << seconds;
  }
}

}  // namespace
}  // namespace trimtab
