#include "trimtab/tracing/argument_bins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trimtab {
namespace {

using ::testing::HasSubstr;

TEST(ArgumentBinsTest, NumbersFallBetweenBounds) {
  const auto bins = ArgumentBins::Parse({"seats=2,5"});
  ASSERT_TRUE(bins.ok()) << bins.status();
  ArgumentBins::Request request(*bins);
  const std::pair<const char*, const char*> cases[] = {{"-1", "seats=..2"},
                                                       {"1.9", "seats=..2"},
                                                       {"2", "seats=2..5"},
                                                       {"4.99", "seats=2..5"},
                                                       {"5", "seats=5.."},
                                                       {"1e9", "seats=5.."},
                                                       {"nan", ""},
                                                       {"inf", ""},
                                                       {"three", ""},
                                                       {"3 ", ""},
                                                       {"", ""}};
  for (const auto& [value, expected] : cases) {
    request.Add("seats", value);
    EXPECT_EQ(request.Take(), expected) << value;
  }
}

TEST(ArgumentBinsTest, TextsAreNamedOrOther) {
  const auto bins = ArgumentBins::Parse({"tier=free,gold,7"});
  ASSERT_TRUE(bins.ok());
  ArgumentBins::Request request(*bins);
  request.Add("tier", "gold");
  EXPECT_EQ(request.Take(), "tier=gold");
  request.Add("tier", "somebody@example.org");
  EXPECT_EQ(request.Take(), "tier=(other)");
  request.Add("tier", "7");
  EXPECT_EQ(request.Take(), "tier=7");
}

TEST(ArgumentBinsTest, SeveralArgumentsStandInTheirOrderAndOthersAreNotKept) {
  const auto bins = ArgumentBins::Parse({"distance=10", "tier=gold"});
  ASSERT_TRUE(bins.ok());
  ArgumentBins::Request request(*bins);
  request.Add("tier", "gold");
  request.Add("user.name", "secret");
  request.Add("distance", "3");
  EXPECT_EQ(request.Take(), "distance=..10;tier=gold");
  EXPECT_EQ(request.Take(), "");
}

TEST(ArgumentBinsTest, WrongTextsAreRefusedWithTheReason) {
  const std::pair<const char*, const char*> cases[] = {
      {"seats", "is not of the form"},  {"=1,2", "is not of the form"},
      {"seats=", "is not of the form"}, {"seats=1,,2", "an empty bound"},
      {"seats=1,", "an empty bound"},   {"seats=2,2", "do not rise"},
      {"seats=5,2", "do not rise"}};
  for (const auto& [text, reason] : cases) {
    const auto bins = ArgumentBins::Parse({text});
    EXPECT_EQ(bins.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(bins.status().message()), HasSubstr(reason)) << text;
  }
  EXPECT_THAT(std::string(ArgumentBins::Parse({"a=1", "a=2"}).status().message()),
              HasSubstr("'a' is given twice"));
}

}  // namespace
}  // namespace trimtab
