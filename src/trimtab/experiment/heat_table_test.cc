#include "trimtab/experiment/heat_table.h"

#include <cmath>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(HeatTableTest, HeatIsTheShareOfTheLargestAndNothingBelowZero) {
  const HeatTable table{.title = "t",
                        .column_label = "c",
                        .value_label = "v",
                        .columns = {"1", "2"},
                        .rows = {{"a", {4, -2}}, {"b", {1, std::nan("")}}}};
  EXPECT_THAT(HeatOf(table), ElementsAre(ElementsAre(DoubleEq(1), DoubleEq(0)),
                                         ElementsAre(DoubleEq(0.25), DoubleEq(0))));
}

TEST(HeatTableTest, NoGainAnywhereIsNoHeat) {
  const HeatTable table{.title = "t",
                        .column_label = "c",
                        .value_label = "v",
                        .columns = {"1"},
                        .rows = {{"a", {-2}}}};
  EXPECT_THAT(HeatOf(table), ElementsAre(ElementsAre(DoubleEq(0))));
}

TEST(HeatTableTest, UnknownValuesAreADashAndNamesAreEscaped) {
  const HeatTable table{.title = "a < b",
                        .column_label = "c",
                        .value_label = "v",
                        .columns = {"1", "2"},
                        .rows = {{"row", {0.5, std::nan("")}}}};
  const std::string svg = RenderHeatTable(table);
  EXPECT_THAT(svg, HasSubstr(">0.50<"));
  EXPECT_THAT(svg, HasSubstr(">-<"));
  EXPECT_THAT(svg, HasSubstr("a &lt; b"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace trimtab
