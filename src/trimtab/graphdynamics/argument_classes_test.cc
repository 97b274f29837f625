#include "trimtab/graphdynamics/argument_classes.h"

#include <cstddef>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

ArgumentClasses Learn(const std::vector<std::string>& values, ArgumentClasses::Options options) {
  ArgumentClasses::Learner learner(options);
  for (const std::string& value : values) learner.Add(value);
  return learner.Finish();
}

// 1 to 1000 into four intervals and "(other)": 250 numbers each, bins of 0.8 %.
TEST(ArgumentClassesTest, NumbersFallIntoIntervalsOfEqualFrequency) {
  std::vector<std::string> values;
  for (int i = 1; i <= 1000; ++i) values.push_back(fmt::format("{}", i));
  const ArgumentClasses classes = Learn(values, {.most_classes = 5});
  ASSERT_EQ(classes.names().size(), 5);
  std::vector<int> counts(5, 0);
  for (const std::string& value : values) ++counts[classes.IndexOf(value)];
  for (int c = 0; c < 4; ++c) EXPECT_NEAR(counts[static_cast<std::size_t>(c)], 250, 10);
  EXPECT_EQ(counts[4], 0);
}

TEST(ArgumentClassesTest, LargerNumbersThanAnySeenFallIntoTheLastInterval) {
  std::vector<std::string> values;
  for (int i = 1; i <= 100; ++i) values.push_back(fmt::format("{}", i));
  const ArgumentClasses classes = Learn(values, {.most_classes = 5});
  EXPECT_EQ(classes.IndexOf("1e9"), 3);
}

TEST(ArgumentClassesTest, WhatIsNoNumberAmongNumbersIsOther) {
  const ArgumentClasses classes =
      Learn({"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}, {.most_classes = 4});
  for (const char* value : {"", "shanghai", "-1", "nan", "inf", "1e300"}) {
    EXPECT_EQ(classes.IndexOf(value), classes.other()) << value;
  }
}

TEST(ArgumentClassesTest, FrequentTextsAreClassesOfTheirOwn) {
  const ArgumentClasses classes =
      Learn({"economy", "economy", "economy", "first", "first", "sleeper"}, {.most_classes = 3});
  EXPECT_EQ(classes.IndexOf("economy"), 0);
  EXPECT_EQ(classes.IndexOf("first"), 1);
  EXPECT_EQ(classes.IndexOf("sleeper"), classes.other());
  EXPECT_EQ(classes.IndexOf("never seen"), classes.other());
}

TEST(ArgumentClassesTest, NamesDoNotHoldValues) {
  const ArgumentClasses classes = Learn({"alice@example.org", "bob@example.org"}, {});
  for (const std::string& name : classes.names()) {
    EXPECT_THAT(name, ::testing::Not(::testing::HasSubstr("example")));
  }
}

TEST(ArgumentClassesTest, AnyNumberOfDifferentValuesStaysWithinTheBound) {
  std::vector<std::string> values;
  for (int i = 0; i < 20'000; ++i) values.push_back(fmt::format("user-{}", i));
  EXPECT_EQ(Learn(values, {.most_classes = 12}).names().size(), 12);
}

TEST(ArgumentClassesTest, NoValuesMakeOneClass) {
  const ArgumentClasses classes = Learn({}, {});
  EXPECT_THAT(classes.names(), ::testing::ElementsAre("(other)"));
  EXPECT_EQ(classes.IndexOf("x"), classes.other());
}

}  // namespace
}  // namespace trimtab
