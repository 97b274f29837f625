#include "trimtab/profile/json_place.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

// What is wrong with `text` when it is read as `read` says.
std::string Wrong(const std::string& text, const std::function<void(const JsonPlace&)>& read) {
  const auto json = ParseJson(text, "top");
  if (!json.ok()) return std::string(json.status().message());
  absl::Status status;
  read(JsonPlace(*json, "top", status));
  return std::string(status.message());
}

TEST(JsonPlaceTest, ReadsWhatIsThere) {
  EXPECT_EQ(Wrong(R"({"a": [true, "x", 1.5, -3, null], "b": "two"})",
                  [](const JsonPlace& top) {
                    top.ExpectKeys({"a", "b"});
                    const auto elements = top.At("a").Elements();
                    ASSERT_EQ(elements.size(), 5U);
                    EXPECT_TRUE(elements[0].Bool());
                    EXPECT_EQ(elements[1].Text(), "x");
                    EXPECT_EQ(elements[2].Number(0, 2), 1.5);
                    EXPECT_EQ(elements[3].Integer(-3, 0), -3);
                    EXPECT_TRUE(elements[4].is_null());
                    EXPECT_EQ(top.At("b").Choice({"one", "two"}), "two");
                    EXPECT_FALSE(top.Has("c"));
                  }),
            "");
}

TEST(JsonPlaceTest, NamesPlaceValueAndBound) {
  const auto number = [](const JsonPlace& top) { top.At("a").Elements().at(1).Number(0, 1); };
  EXPECT_EQ(Wrong(R"({"a": [0, 2]})", number), "top.a[1] is 2, expected a number from 0 to 1");
  EXPECT_EQ(Wrong(R"({"a": [0, "2"]})", number),
            "top.a[1] is \"2\", expected a number from 0 to 1");
  const auto integer = [](const JsonPlace& top) { top.At("a").Integer(0, 9); };
  EXPECT_EQ(Wrong(R"({"a": 18446744073709551615})", integer),
            "top.a is 18446744073709551615, expected a whole number from 0 to 9");
  EXPECT_EQ(Wrong(R"({"a": 1e3})", integer),
            "top.a is 1000.0, expected a whole number from 0 to 9");
  EXPECT_EQ(Wrong("[]", integer), "top is [], expected an object");
  EXPECT_EQ(Wrong("{}", integer), "top lacks the key 'a'");
  EXPECT_EQ(Wrong(R"({"b": 1})", [](const JsonPlace& top) { top.ExpectKeys({"a"}); }),
            "top has the unknown key 'b'");
  EXPECT_EQ(Wrong(R"("x")", [](const JsonPlace& top) { top.Choice({"y", "z"}); }),
            "top is 'x', none of y, z");
}

TEST(JsonPlaceTest, TheFirstFaultIsTheOneThatIsTold) {
  EXPECT_EQ(Wrong(R"({"a": 1, "b": 2})",
                  [](const JsonPlace& top) {
                    top.At("a").Text();
                    top.At("b").Text();
                  }),
            "top.a is not a text");
}

TEST(ParseJsonTest, RefusesWhatIsNoJson) {
  for (const char* text : {"", "{", "[1,]", "{\"a\": nan}", "\"\xff\"", "1 2"}) {
    EXPECT_EQ(Wrong(text, [](const JsonPlace&) {}), "top is not JSON, or cut short") << text;
  }
}

// Brackets inside a text do not nest, an escaped quote does not end it.
TEST(ParseJsonTest, BoundsTheNesting) {
  const auto nested = [](int levels) {
    return std::string(static_cast<std::size_t>(levels), '[') +
           std::string(static_cast<std::size_t>(levels), ']');
  };
  EXPECT_TRUE(ParseJson(nested(kDeepestJson), "top").ok());
  EXPECT_THAT(std::string(ParseJson(nested(kDeepestJson + 1), "top").status().message()),
              HasSubstr("top is nested deeper than 64 levels at byte 65"));
  EXPECT_TRUE(ParseJson("\"\\\"" + std::string(1000, '[') + "\"", "top").ok());
}

TEST(ParseJsonTest, BoundsTheSize) {
  EXPECT_THAT(
      std::string(ParseJson(std::string(kLargestJsonBytes + 1, ' '), "top").status().message()),
      HasSubstr("top has 67108865 bytes, at most 67108864 are read"));
}

}  // namespace
}  // namespace trimtab
