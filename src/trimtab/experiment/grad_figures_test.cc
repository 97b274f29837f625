#include <optional>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/experiment/grad_fig_7.h"
#include "trimtab/experiment/grad_fig_8b.h"
#include "trimtab/experiment/result_page.h"

namespace trimtab {
namespace {

using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Optional;

TEST(GradFiguresTest, TheFirstRungThatReachesTheGoalIsTaken) {
  const std::vector<TrainingRung> rungs = {{.samples_read = 10, .median = 80, .cpu_seconds = 1},
                                           {.samples_read = 20, .median = 90, .cpu_seconds = 2},
                                           {.samples_read = 40, .median = 95, .cpu_seconds = 4}};
  EXPECT_THAT(FirstReaching(rungs, 90), Optional(Eq(1U)));
  EXPECT_EQ(FirstReaching(rungs, 96), std::nullopt);
}

TEST(GradFiguresTest, SeedsAreSummarizedByMeanAndRange) {
  const SeededAccuracy of = SummarizeSeeds("paper", {90, 86, 91});
  EXPECT_EQ(of.kind, "paper");
  EXPECT_NEAR(of.mean, 89, 1e-12);
  EXPECT_EQ(of.low, 86);
  EXPECT_EQ(of.high, 91);
}

TEST(ResultPageTest, ShowsEveryCellAndEscapesText) {
  ExperimentResult result;
  result.tables.push_back(
      {.title = "a < b",
       .columns = {{.key = "name", .header = "name"},
                   {.key = "seconds", .header = "ms", .scale = 1e3, .decimals = 1}},
       .rows = {{std::string("x & y"), 0.0125}, {std::string("z"), {}}}});
  result.verdicts = {Judged(true, "fine"), Judged(false, "short")};
  const std::string page = RenderResult("Title", "How.", result);
  EXPECT_THAT(page, HasSubstr("a &lt; b"));
  EXPECT_THAT(page, HasSubstr("<td>x &amp; y</td><td>12.5</td>"));
  EXPECT_THAT(page, HasSubstr("<td>z</td><td>&ndash;</td>"));
  EXPECT_THAT(page, HasSubstr("<li class=\"good\">met: fine</li>"));
  EXPECT_THAT(page, HasSubstr("<li class=\"bad\">missed: short</li>"));
}

}  // namespace
}  // namespace trimtab
