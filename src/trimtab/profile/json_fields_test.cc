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
  EXPECT_FALSE(ParseJsonObject(std::string(200'000, '[')).ok());
  const std::string deep = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_TRUE(ParseJsonObject(deep).ok());
}

}  // namespace
}  // namespace trimtab
