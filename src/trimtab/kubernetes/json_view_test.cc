#include "trimtab/kubernetes/json_view.h"

#include <string>

#include "gtest/gtest.h"

namespace trimtab {
namespace {

TEST(JsonViewTest, LooksUpPaths) {
  const auto value = JsonFromText(R"({"a":{"b":"x","n":7,"f":true,"l":[1]},"z":null})");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(TextAt(*value, {"a", "b"}), "x");
  EXPECT_EQ(IntegerAt(*value, {"a", "n"}), 7);
  EXPECT_TRUE(FlagAt(*value, {"a", "f"}));
  EXPECT_EQ(ArrayAt(*value, {"a", "l"}).size(), 1U);
  EXPECT_EQ(ObjectAt(*value, {"a"}).size(), 4U);
}

TEST(JsonViewTest, AnythingElseIsEmpty) {
  const auto value = JsonFromText(R"({"a":{"b":1.5,"big":18446744073709551615},"z":null})");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(TextAt(*value, {"a", "b"}), "");
  EXPECT_EQ(TextAt(*value, {"a", "b", "c"}), "");
  EXPECT_FALSE(IntegerAt(*value, {"a", "b"}).has_value());
  EXPECT_FALSE(IntegerAt(*value, {"a", "big"}).has_value());
  EXPECT_FALSE(FlagAt(*value, {"a"}));
  EXPECT_TRUE(ArrayAt(*value, {"a"}).empty());
  EXPECT_TRUE(ObjectAt(*value, {"q"}).empty());
  EXPECT_EQ(ValueAt(*value, {"z"}), nullptr);
}

TEST(JsonViewTest, RefusesWhatIsNoJson) {
  EXPECT_EQ(JsonFromText("{\"a\":s3cr3t}").status().message(), "not JSON from byte 6 of 12");
  EXPECT_FALSE(JsonFromText("").ok());
  EXPECT_FALSE(JsonFromText("{\"a\":\"\xff\"}").ok());
  EXPECT_FALSE(JsonFromText("1e999").ok());
}

TEST(JsonViewTest, RefusesDeepNesting) {
  const auto nested = [](int levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  EXPECT_TRUE(JsonFromText(nested(100)).ok());
  EXPECT_EQ(JsonFromText(nested(101)).status().message(), "JSON has more than 100 levels");
  EXPECT_FALSE(JsonFromText(std::string(10'000'000, '[')).ok());
  EXPECT_TRUE(JsonFromText("\"" + std::string(1000, '[') + "\\\"[\"").ok());
}

TEST(JsonViewTest, WritesForeignBytesAsReplacement) {
  EXPECT_EQ(DumpJson({{"a", "\xff"}}), "{\"a\":\"\xEF\xBF\xBD\"}");
}

}  // namespace
}  // namespace trimtab
