#include "trimtab/profile/json_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trimtab {
namespace {

using ::testing::HasSubstr;

TEST(JsonFieldsTest, ReadsEveryKind) {
  const auto json = ParseJsonObject(
      R"({"n": 1.5, "i": -3, "s": "x", "b": true, "z": null, "o": {}, "a": [1],
          "seed": 18446744073709551615})");
  ASSERT_TRUE(json.ok());
  JsonFields fields(*json, "top");
  EXPECT_EQ(fields.Number("n", 0, 2), 1.5);
  EXPECT_EQ(fields.Integer("i", -5, 5), -3);
  EXPECT_EQ(fields.Text("s"), "x");
  EXPECT_TRUE(fields.Flag("b"));
  EXPECT_TRUE(fields.IsNull("z"));
  EXPECT_TRUE(fields.Object("o").empty());
  EXPECT_EQ(fields.Array("a").size(), 1U);
  EXPECT_EQ(fields.Seed("seed"), 18446744073709551615U);
  EXPECT_TRUE(fields.Finish().ok());
}

TEST(JsonFieldsTest, TheFirstFaultIsTold) {
  const auto json = ParseJsonObject(R"({"n": 3, "s": 4})");
  JsonFields fields(*json, "top");
  EXPECT_EQ(fields.Number("n", 0, 2), 0);
  EXPECT_EQ(fields.Text("s"), "");
  EXPECT_EQ(fields.Finish().message(), "top.n is 3, expected a number in [0, 2]");
}

TEST(JsonFieldsTest, AnIntegerIsNotAFraction) {
  const auto json = ParseJsonObject(R"({"a": 2.0, "b": 18446744073709551615})");
  JsonFields a(*json, "top");
  a.Integer("a", 0, 5);
  EXPECT_FALSE(a.Finish().ok());
  JsonFields b(*json, "top");
  b.Integer("b", 0, INT64_MAX);
  EXPECT_THAT(std::string(b.Finish().message()), HasSubstr("top.b is 18446744073709551615"));
}

TEST(JsonFieldsTest, AnUnknownKeyIsAFault) {
  const auto json = ParseJsonObject(R"({"a": 2, "extra": 1})");
  JsonFields fields(*json, "top");
  fields.Number("a", 0, 5);
  EXPECT_EQ(fields.Finish().message(), "top has an unknown key 'extra'");
}

TEST(JsonFieldsTest, WhatIsNoObjectIsAFault) {
  const nlohmann::json list = nlohmann::json::array();
  JsonFields fields(list, "top[2]");
  EXPECT_EQ(fields.Finish().message(), "top[2] is [], expected an object");
}

TEST(JsonFieldsTest, DeepNestingIsAnErrorAndNoCrash) {
  const auto nested = [](std::size_t levels) {
    return "{\"a\": " + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  const auto shallow = ParseJsonObject(nested(50));
  ASSERT_TRUE(shallow.ok()) << shallow.status();
  JsonFields fields(*shallow, "x");
  fields.Number("a", 0, 1);
  EXPECT_THAT(std::string(fields.Finish().message()), HasSubstr("x.a is [[[["));
  // Whoever showed this value would walk it one call a level.
  EXPECT_THAT(std::string(ParseJsonObject(nested(1'000'000)).status().message()),
              HasSubstr("is nested deeper than 64 levels at byte 70"));
}

}  // namespace
}  // namespace trimtab
