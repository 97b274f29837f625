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

ArgumentBins Bins(const std::vector<std::string>& texts) {
  auto bins = ArgumentBins::Parse(texts);
  EXPECT_TRUE(bins.ok()) << bins.status();
  return *std::move(bins);
}

std::string ClassOf(const ArgumentBins& bins, std::string_view attribute, std::string_view value) {
  ArgumentBins::Request request(bins);
  request.Add(attribute, value);
  return request.Take();
}

TEST(ArgumentBinsTest, BothGenerationsOfHttpNamesAreRead) {
  const ArgumentBins now =
      Bins({"http.request.method=GET,POST", "url.path=/hotels", "url.query=a=1"});
  EXPECT_EQ(ClassOf(now, "http.request.method", "GET"), "http.request.method=GET");
  EXPECT_EQ(ClassOf(now, "http.method", "GET"), "http.request.method=GET");
  EXPECT_EQ(ClassOf(now, "url.path", "/hotels"), "url.path=/hotels");
  EXPECT_EQ(ClassOf(now, "http.target", "/hotels?a=1"), "url.path=/hotels;url.query=a=1");
  EXPECT_EQ(ClassOf(now, "http.target", "/hotels"), "url.path=/hotels;url.query=(other)");
  const ArgumentBins before = Bins({"http.status_code=400,500", "http.target=/hotels"});
  EXPECT_EQ(ClassOf(before, "http.response.status_code", "404"), "http.status_code=400..500");
  EXPECT_EQ(ClassOf(before, "http.status_code", "200"), "http.status_code=..400");
  EXPECT_EQ(ClassOf(before, "http.target", "/hotels?a=1"), "http.target=/hotels");
  EXPECT_EQ(ClassOf(before, "url.path", "/hotels"), "http.target=/hotels");
}

// Of each reader's bins the merged ones, regrouped, are what that reader would have seen itself.
TEST(ArgumentBinsTest, MergedBinsServeEachReader) {
  const ArgumentBins readers[] = {Bins({"n=2,5", "tier=free,gold"}), Bins({"n=3", "m=1"}),
                                  Bins({"n=few,many", "tier=gold,7"}), Bins({"n=5,9"})};
  const ArgumentBins merged = ArgumentBins::Merged(readers);
  EXPECT_EQ(ClassOf(merged, "n", "4"), "n=3..5;n=(other)");
  for (const std::string_view attribute : {"n", "m", "tier", "other"}) {
    for (const std::string_view value : {"-1", "1", "2", "2.5", "3", "4", "5", "7", "9", "10",
                                         "few", "many", "free", "gold", ""}) {
      const std::string classes = ClassOf(merged, attribute, value);
      for (const ArgumentBins& reader : readers) {
        EXPECT_EQ(reader.Regrouped(classes), ClassOf(reader, attribute, value))
            << attribute << "=" << value << ": " << classes;
      }
    }
  }
}

TEST(ArgumentBinsTest, ClassesOfOthersAreNone) {
  const ArgumentBins bins = Bins({"n=2"});
  for (const std::string_view classes : {"", "m=..2", "n", "n=gold", ";;=", "(other)"}) {
    EXPECT_EQ(bins.Regrouped(classes), "") << classes;
  }
  EXPECT_TRUE(ArgumentBins::Merged({}).empty());
}

TEST(ArgumentBinsTest, WrongTextsAreRefusedWithTheReason) {
  const std::pair<const char*, const char*> cases[] = {
      {"seats", "is not of the form"},  {"=1,2", "is not of the form"},
      {"seats=", "is not of the form"}, {"seats=1,,2", "an empty bound"},
      {"seats=1,", "an empty bound"},   {"seats=2,2", "do not rise"},
      {"seats=5,2", "do not rise"},     {"tier=a;b", "has a ';'"},
      {"tier=a..b,c", "has a '..'"}};
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
