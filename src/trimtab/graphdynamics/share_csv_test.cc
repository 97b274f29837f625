#include "trimtab/graphdynamics/share_csv.h"

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::StatusOr<ShareSeries> Read(std::string_view text) {
  const auto input = InputFile::OverText("shares.csv", text);
  return ReadShareCsv(*input);
}

TEST(ShareCsvTest, ReadsColumnsInAnyOrderAndBlocks) {
  const auto series = Read(
      "load,graph:x,block,argument:a,graph:y\n"
      "30,0.25,1,1,0.75\n"
      "31,0.5,1,0,0.5\n"
      "32,1,2,1,0\n");
  ASSERT_TRUE(series.ok()) << series.status();
  EXPECT_TRUE(series->Validate().ok());
  EXPECT_THAT(series->space.graph_classes, ElementsAre("x", "y"));
  EXPECT_THAT(series->space.argument_classes, ElementsAre("a"));
  ASSERT_EQ(series->blocks.size(), 2);
  EXPECT_THAT(series->blocks[0].rows, ElementsAre(1, 0.25, 0.75, 30, 0, 0.5, 0.5, 31));
  EXPECT_THAT(series->blocks[1].rows, ElementsAre(1, 1, 0, 32));
}

// The third row begins with what the second did not foresee.
TEST(ShareCsvTest, AuthorsFormStartsABlockWhereNothingWasForeseen) {
  const auto series = Read(
      "sample,g0_t1,g1_t1,g0_t2,g1_t2\n"
      "0,0.2,0.8,0.2,0.8\n"
      "1,0.2,0.8,1,0\n"
      "2,0.5,0.5,0.5,0.5\n");
  ASSERT_TRUE(series.ok()) << series.status();
  ASSERT_EQ(series->blocks.size(), 2);
  EXPECT_EQ(series->StepsOf(0), 2);
  EXPECT_THAT(series->graphs(1, 0), ElementsAre(0.5, 0.5));
}

TEST(ShareCsvTest, SharesThatAreRoundedAreScaledToOne) {
  const auto series = Read("graph:x,graph:y\n0.333,0.666\n");
  ASSERT_TRUE(series.ok());
  EXPECT_NEAR(series->graphs(0, 0)[0] + series->graphs(0, 0)[1], 1, 1e-15);
}

TEST(ShareCsvTest, ReadsWhatItWrote) {
  ShareSeries series{.space = {{"distance=1,2", "(other)"}, {"a \"b\"", "c", "(other)"}},
                     .blocks = {}};
  series.blocks.push_back(
      {.rows = {0.5, 0.5, 0.1, 0.2, 0.7, 30.25, 0, 0, 1, 0, 0, 12}, .expected = {}});
  series.blocks.push_back({.rows = {1, 0, 0.25, 0.25, 0.5, 7}, .expected = {}});
  const auto read = Read(ShareCsv(series));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->space, series.space);
  ASSERT_EQ(read->blocks.size(), 2);
  for (std::size_t b = 0; b < 2; ++b) {
    ASSERT_EQ(read->blocks[b].rows.size(), series.blocks[b].rows.size());
    for (std::size_t i = 0; i < series.blocks[b].rows.size(); ++i) {
      EXPECT_NEAR(read->blocks[b].rows[i], series.blocks[b].rows[i], 1e-15);
    }
  }
}

TEST(ShareCsvTest, NamesRowColumnAndValue) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"", "has no rows of shares"},
      {"load\n3\n", "no column graph:NAME"},
      {"graph:x\n", "has no rows of shares"},
      {"graph:x,graph:y\n0.5\n", "row 2 has 1 fields, expected 2"},
      {"graph:x,graph:y\n0.5,no\n",
       "row 2 column 'graph:y' is 'no', expected a number from 0 to 1"},
      {"graph:x,graph:y\n1.5,0\n", "row 2 column 'graph:x' is '1.5'"},
      {"graph:x,graph:y\n0.5,0.1\n", "row 2 has shares from column 'graph:x' on that sum to 0.6"},
      {"graph:x,load\n1,-3\n", "column 'load' is '-3'"},
      {"a_t1,b_t1,a_t2\n1,0,1\n", "2 columns NAME_t1 and 1 NAME_t2"},
      {"graph:x,graph:y\n1,\"0\n", "row 2"},
  };
  for (const auto& [text, problem] : cases) {
    const auto series = Read(text);
    ASSERT_FALSE(series.ok()) << text;
    EXPECT_THAT(std::string(series.status().message()), HasSubstr(problem));
    EXPECT_THAT(std::string(series.status().message()), HasSubstr("shares.csv"));
  }
}

}  // namespace
}  // namespace trimtab
