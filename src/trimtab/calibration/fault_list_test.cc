#include "trimtab/calibration/fault_list.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

TEST(ParseFaultListTest, AWindowSurroundsEachInjection) {
  const auto faults = ParseFaultList(
      R"({"08": [{"inject_time": "2023-01-29 08:43:04", "inject_pod": "a-1", "inject_type": "x"}],
          "09": []})",
      "f");
  ASSERT_TRUE(faults.ok()) << faults.status();
  ASSERT_EQ(faults->size(), 1U);
  EXPECT_EQ((*faults)[0].pod, "a-1");
  // 2023-01-29 is day 19,386 of the epoch: 1,674,950,400 s, and 08:43:04 is 31,384 s more.
  EXPECT_EQ((*faults)[0].start, Instant(std::chrono::seconds(1'674'981'784 - 60)));
  EXPECT_EQ((*faults)[0].end, Instant(std::chrono::seconds(1'674'981'784 + 180)));
}

TEST(ParseFaultListTest, WhatIsNoFaultIsNamed) {
  const auto error = [](const char* text) {
    return std::string(ParseFaultList(text, "faults.json").status().message());
  };
  EXPECT_THAT(error("nothing"), HasSubstr("'faults.json': is no JSON object"));
  EXPECT_THAT(error(R"({"08": 1})"), HasSubstr("'08' is no list"));
  EXPECT_THAT(error(R"({"08": [{"inject_pod": "a"}]})"), HasSubstr("must have inject_time"));
  for (const char* time : {"2023-13-29 08:43:04", "2023-02-30 08:43:04", "2023-01-29 24:00:00",
                           "2023-01-29T08:43:04", "yesterday"}) {
    EXPECT_FALSE(
        ParseFaultList(
            std::string(R"({"08": [{"inject_pod": "a", "inject_time": ")") + time + R"("}]})", "f")
            .ok())
        << time;
  }
}

}  // namespace
}  // namespace trimtab
