#include "trimtab/experiment/svg_plot.h"

#include <cmath>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(AxisTicksTest, AreRoundNumbers) {
  EXPECT_THAT(AxisTicks(0, 400, 8, false), ElementsAre(0, 50, 100, 150, 200, 250, 300, 350, 400));
  EXPECT_THAT(AxisTicks(80, 1200, 5, true), ElementsAre(100, 200, 500, 1000));
}

TEST(SvgPlotTest, AGapInTheDataBreaksTheLine) {
  SvgPlot plot({.title = "t", .x_label = "x", .y_label = "y"});
  plot.AddLine("a", 0, {0, 1, 2, 3}, {1, std::nan(""), 3, 4});
  const std::string svg = plot.Render();
  // One pen-down before the gap, one after it.
  const std::size_t first = svg.find("d=\"M");
  ASSERT_NE(first, std::string::npos);
  EXPECT_NE(svg.find('M', first + 4), std::string::npos);
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

TEST(SvgPlotTest, TextIsEscaped) {
  SvgPlot plot({.title = "a < b & c", .x_label = "", .y_label = ""});
  EXPECT_THAT(plot.Render(), HasSubstr("a &lt; b &amp; c"));
}

TEST(SvgPlotTest, AnEmptyPlotIsStillADocument) {
  SvgPlot plot({.title = "t", .x_label = "", .y_label = "", .logarithmic_y = true});
  EXPECT_THAT(plot.Render(), HasSubstr("</svg>"));
}

}  // namespace
}  // namespace trimtab
