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

// Each name takes 7 * 20 + 32 = 172 of 860: a sixth begins a row of its own, and the chart moves
// down with it.
TEST(SvgPlotTest, ALongLegendTakesFurtherRows) {
  SvgPlot plot({.title = "t", .x_label = "x", .y_label = "y"});
  for (int line = 0; line < 4; ++line) plot.AddLine(std::string(20, 'a'), line, {0, 1}, {1, 2});
  EXPECT_THAT(plot.Render(), HasSubstr(R"(viewBox="0 0 860 300")"));
  plot.AddLine(std::string(20, 'b'), 4, {0, 1}, {1, 2});
  plot.AddLine(std::string(20, 'c'), 5, {0, 1}, {1, 2});
  const std::string svg = plot.Render();
  EXPECT_THAT(svg, HasSubstr(R"(viewBox="0 0 860 320")"));
  EXPECT_THAT(svg, HasSubstr(R"(translate(0 20))"));
  EXPECT_THAT(svg, HasSubstr(R"(y="62">cccc)"));
}

TEST(SvgPlotTest, AnEmptyPlotIsStillADocument) {
  SvgPlot plot({.title = "t", .x_label = "", .y_label = "", .logarithmic_y = true});
  EXPECT_THAT(plot.Render(), HasSubstr("</svg>"));
}

// Ten spans over 860 pixels leave 77 each: a label of 20 letters runs down its span, a surge's not.
TEST(SvgPlotTest, LabelsOfNarrowSpansDoNotMeet) {
  const auto rotations = [](int spans, const std::string& label) {
    SvgPlot plot({.title = "t", .x_label = "x", .y_label = "y"});
    plot.AddLine("line", 0, {0, 10}, {1, 2});
    for (int i = 0; i < spans; ++i) plot.AddSpan(i, i + 1, label);
    const std::string text = plot.Render();
    int count = 0;
    for (auto at = text.find("rotate(-90 "); at != std::string::npos;
         at = text.find("rotate(-90 ", at + 1)) {
      ++count;
    }
    return count;
  };
  const int axis = rotations(0, "");  // the label of the y axis
  EXPECT_EQ(rotations(10, "memcached-reserve cpu") - axis, 10);
  EXPECT_EQ(rotations(10, "surge") - axis, 0);
}

}  // namespace
}  // namespace trimtab
