#include "trimtab/tracing/csv_rows.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "trimtab/tracing/csv_columns.h"

namespace trimtab {
namespace {

using Fields = std::vector<std::string>;
using State = CsvRows::RowState;

struct ReadRow {
  State state;
  std::uint64_t number;
  Fields fields;
};

std::vector<ReadRow> ReadRows(std::string_view text) {
  const auto input = InputFile::OverText("test", text);
  CsvRows rows(*input);
  std::vector<ReadRow> result;
  for (;;) {
    const auto row = rows.Next();
    EXPECT_TRUE(row.ok()) << row.status();
    if (!row.ok() || row->state == State::kEnd) return result;
    result.push_back({row->state, row->number, Fields(row->fields.begin(), row->fields.end())});
  }
}

std::vector<Fields> FieldsOf(std::string_view text) {
  std::vector<Fields> fields;
  for (ReadRow& row : ReadRows(text)) {
    EXPECT_EQ(row.state, State::kRow);
    fields.push_back(std::move(row.fields));
  }
  return fields;
}

TEST(CsvRowsTest, FieldsAreWhatStandsBetweenCommas) {
  EXPECT_EQ(FieldsOf("a,b,c\n1,,3\n,,\n"),
            (std::vector<Fields>{{"a", "b", "c"}, {"1", "", "3"}, {"", "", ""}}));
}

TEST(CsvRowsTest, TheLastLineMayLackItsEnd) {
  EXPECT_EQ(FieldsOf("a,b\n1,2"), (std::vector<Fields>{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(FieldsOf(""), std::vector<Fields>{});
}

TEST(CsvRowsTest, LineEndsOfWindowsAndByteOrderMarksAreNoText) {
  EXPECT_EQ(FieldsOf("\xef\xbb\xbf"
                     "a,b\r\n1,\"2\"\r\n"),
            (std::vector<Fields>{{"a", "b"}, {"1", "2"}}));
}

TEST(CsvRowsTest, QuotedFieldsHoldSeparatorsAndQuotes) {
  EXPECT_EQ(FieldsOf("\"a,b\",\"line\nend\",\"say \"\"so\"\"\"\nx,\"\",z\n"),
            (std::vector<Fields>{{"a,b", "line\nend", "say \"so\""}, {"x", "", "z"}}));
}

TEST(CsvRowsTest, AQuoteInsideAnUnquotedFieldStandsForItself) {
  EXPECT_EQ(FieldsOf("a\"b,c\nd,e\n"), (std::vector<Fields>{{"a\"b", "c"}, {"d", "e"}}));
}

TEST(CsvRowsTest, TextAfterAClosingQuoteIsToldAndTheNextRowIsRead) {
  const auto rows = ReadRows("a\n\"x\"y,1\nb\n");
  ASSERT_EQ(rows.size(), 3);
  EXPECT_EQ(rows[1].state, State::kAfterQuote);
  EXPECT_EQ(rows[1].number, 2);
  EXPECT_EQ(rows[2].fields, Fields{"b"});
}

TEST(CsvRowsTest, AnUnclosedQuoteLosesOneLine) {
  const auto rows = ReadRows("a\n\"x,1\nb\nc\n");
  ASSERT_EQ(rows.size(), 4);
  EXPECT_EQ(rows[1].state, State::kUnclosed);
  EXPECT_EQ(rows[2].fields, Fields{"b"});
  EXPECT_EQ(rows[3].number, 4);
}

TEST(CsvRowsTest, ARowAboveTheBoundIsPassedOver) {
  const std::string longest(CsvRows::kLongestRow - 2, 'x');
  const std::string too_long(3 * CsvRows::kLongestRow, 'y');
  const auto rows = ReadRows(longest + "\n" + too_long + "\nz\n" + too_long);
  ASSERT_EQ(rows.size(), 4);
  EXPECT_EQ(rows[0].fields, Fields{longest});
  EXPECT_EQ(rows[1].state, State::kTooLong);
  EXPECT_EQ(rows[2].fields, Fields{"z"});
  EXPECT_EQ(rows[3].state, State::kTooLong);
}

// Rows of random fields, written by RFC 4180, come back, wherever the blocks of the reader end.
TEST(CsvRowsTest, WhatIsWrittenIsRead) {
  std::mt19937_64 random(5);
  constexpr std::string_view kLetters = "ab,\n\"\r ";
  std::string text;
  std::vector<Fields> expected;
  while (text.size() < 3'000'000) {
    Fields row;
    for (int column = 0; column < 4; ++column) {
      std::string field;
      for (std::uint64_t left = random() % 30; left > 0; --left) {
        field += kLetters[random() % (random() % 4 == 0 ? kLetters.size() : 2)];
      }
      const bool is_quoted =
          random() % 8 == 0 || field.find_first_of(",\n\"\r") != std::string::npos;
      if (column > 0) text += ',';
      if (is_quoted) text += '"';
      for (const char c : field) {
        if (c == '"') text += '"';
        text += c;
      }
      if (is_quoted) text += '"';
      row.push_back(std::move(field));
    }
    text += '\n';
    expected.push_back(std::move(row));
  }
  EXPECT_EQ(FieldsOf(text), expected);
}

TEST(CsvHeaderTest, NamesAreFoundWithoutRegardToCase) {
  const std::vector<std::string_view> fields = {"", " TraceID ", "rpcId"};
  const CsvHeader header(fields);
  EXPECT_EQ(header.Find({"trace", "traceid"}), 1);
  EXPECT_EQ(header.Find({"rpcid"}), 2);
  EXPECT_EQ(header.Find({"span"}), std::nullopt);
  EXPECT_EQ(header.size(), 3);
}

TEST(ParseNanosecondsTest, NumbersAreExactWhereTheyAreWhole) {
  EXPECT_EQ(ParseNanoseconds("0", 1), 0);
  EXPECT_EQ(ParseNanoseconds("1655753768523213", 1000), 1655753768523213000);
  EXPECT_EQ(ParseNanoseconds("9223372036854775807", 1), 9223372036854775807);
  EXPECT_EQ(ParseNanoseconds("-5", 1'000'000), -5'000'000);
  EXPECT_EQ(ParseNanoseconds("000000000000000000000007", 1), 7);
}

TEST(ParseNanosecondsTest, FractionsAreRounded) {
  EXPECT_EQ(ParseNanoseconds("1.5", 1'000'000), 1'500'000);
  EXPECT_EQ(ParseNanoseconds("0.0000006", 1'000'000), 1);
  EXPECT_EQ(ParseNanoseconds("1e3", 1000), 1'000'000);
}

TEST(ParseNanosecondsTest, WhatIsNoNumberInRangeIsNothing) {
  for (const char* text : {"", " 1", "1 ", "x", "1x", "nan", "inf", "-inf", "None", "+1", "--1",
                           "1e30", "99999999999999999999", "0x10"}) {
    EXPECT_EQ(ParseNanoseconds(text, 1), std::nullopt) << text;
  }
  EXPECT_EQ(ParseNanoseconds("9223372036854775807", 1000), std::nullopt);
  EXPECT_EQ(ParseNanoseconds("10000000000000000", 1000), std::nullopt);
}

}  // namespace
}  // namespace trimtab
