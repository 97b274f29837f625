#include "trimtab/tracing/trace_cutter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "trimtab/tracing/json_object_scan.h"

namespace trimtab {
namespace {

using State = TraceCutter::PieceState;

struct Cut {
  absl::Status status;
  std::vector<std::string> traces;  // "(too large)" for one that is passed over
};

Cut CutText(std::string_view text, Bytes bound = Mebibytes(64),
            TraceCutter::Shape shape = TraceCutter::Shape::kJaeger) {
  const auto input = InputFile::OverText("test", text);
  TraceCutter cutter(*input, shape, bound);
  Cut cut;
  for (;;) {
    const auto piece = cutter.Next();
    if (!piece.ok()) {
      cut.status = piece.status();
      return cut;
    }
    if (piece->state == State::kEnd) return cut;
    cut.traces.push_back(piece->state == State::kTrace ? std::string(piece->text) : "(too large)");
    EXPECT_EQ(piece->number, cut.traces.size());
  }
}

using Traces = std::vector<std::string>;

TEST(TraceCutterTest, CutsAnAnswer) {
  const Cut cut = CutText(
      R"({"data": [ {"traceID":"1"} , {"spans":[{}]}], "total": 0, "limit":0, "errors": null})");
  EXPECT_TRUE(cut.status.ok()) << cut.status;
  EXPECT_EQ(cut.traces, (Traces{R"({"traceID":"1"})", R"({"spans":[{}]})"}));
}

TEST(TraceCutterTest, OtherMembersMayPrecedeTheTraces) {
  const Cut cut =
      CutText(R"({"errors":[{"msg":"a ] } \" b"}],"total":1,"x":{"data":[1]},"data":[{"a":1}]})");
  EXPECT_TRUE(cut.status.ok()) << cut.status;
  EXPECT_EQ(cut.traces, (Traces{R"({"a":1})"}));
}

TEST(TraceCutterTest, BracesInStringsAreText) {
  const std::string trace = R"({"traceID":"}{","k":"\\","l":"\"}","m":{"n":"{\\\"{"}})";
  EXPECT_EQ(CutText("{\"data\":[" + trace + "," + trace + "]}").traces, (Traces{trace, trace}));
}

TEST(TraceCutterTest, TakesArraysBareTracesAndSeveralAnswers) {
  EXPECT_EQ(CutText(R"([{"a":1},{"b":2}])").traces, (Traces{R"({"a":1})", R"({"b":2})"}));
  EXPECT_EQ(CutText("{ \"traceID\":\"1\"}\n{\"spans\":[]}").traces,
            (Traces{"{ \"traceID\":\"1\"}", "{\"spans\":[]}"}));
  EXPECT_EQ(CutText(R"({"data":[{"a":1}]} {"data":[{"b":2}]})").traces,
            (Traces{R"({"a":1})", R"({"b":2})"}));
}

TEST(TraceCutterTest, AnswersWithoutTracesAreEmpty) {
  for (const char* text : {"", "  \n", "{}", "[]", R"({"data":null})", R"({"data":[]})"}) {
    const Cut cut = CutText(text);
    EXPECT_TRUE(cut.status.ok()) << text << cut.status;
    EXPECT_TRUE(cut.traces.empty()) << text;
  }
}

TEST(TraceCutterTest, WhatIsNoAnswerIsToldWithItsByte) {
  EXPECT_EQ(CutText("trace_id,x").status.message(),
            "'test': byte 0: expected an answer of Jaeger ('{' or '['), found 't'");
  EXPECT_EQ(CutText(R"({"data":[5]})").status.message(),
            "'test': byte 9: expected a trace ('{'), found '5'");
  EXPECT_EQ(CutText(R"({"data"[)").status.message(), "'test': byte 7: expected ':', found '['");
  EXPECT_EQ(CutText("{5").status.message(), "'test': byte 1: expected a key, found '5'");
  EXPECT_EQ(CutText(R"({"a":1}})").status.code(), absl::StatusCode::kInvalidArgument);
}

TEST(TraceCutterTest, EveryCutOfAnAnswerIsToldOrComplete) {
  const std::string text = R"({"total": [1, {"a": "b"}], "data": [{"traceID": "1\"", "x": {}}]})";
  for (std::size_t size = 1; size < text.size(); ++size) {
    EXPECT_EQ(CutText(text.substr(0, size)).status.code(), absl::StatusCode::kDataLoss) << size;
  }
}

TEST(TraceCutterTest, TracesAboveTheBoundArePassedOver) {
  const std::string small = R"({"a":")" + std::string(90, 'x') + "\"}";
  const std::string large = R"({"a":")" + std::string(2'000'000, 'x') + "\"}";
  const Cut cut = CutText("[" + small + "," + large + "," + small + "]", Bytes(100));
  EXPECT_TRUE(cut.status.ok()) << cut.status;
  EXPECT_EQ(cut.traces, (Traces{small, "(too large)", small}));
  EXPECT_EQ(CutText("[" + large + "]").traces, Traces{large});
}

TEST(TraceCutterTest, DeepNestingCostsNothing) {
  const std::string deep = std::string(1'000'000, '{') + std::string(1'000'000, '}');
  EXPECT_EQ(CutText("[" + deep + "]").traces, Traces{deep});
}

// A random object with strings full of braces, quotes and backslashes ends where a plain loop says,
// however it is cut into pieces.
TEST(JsonObjectScanTest, FindsTheEndWhereverThePiecesEnd) {
  std::mt19937_64 random(9);
  for (int round = 0; round < 400; ++round) {
    std::string text = "{";
    int depth = 1;
    while (depth > 0) {
      const std::uint64_t choice = random() % 10;
      if (choice < 3) {
        text += '{';
        ++depth;
      } else if (choice < 6 && (text.size() > 200 || depth > 1)) {
        text += '}';
        --depth;
      } else {
        text += '"';
        for (std::uint64_t left = random() % 40; left > 0; --left) {
          constexpr std::string_view kInside = "{}[]ab,:";
          if (random() % 4 == 0) {
            text += random() % 2 == 0 ? "\\\\" : "\\\"";
          } else {
            text += kInside[random() % kInside.size()];
          }
        }
        text += '"';
      }
    }
    const std::size_t expected = text.size();
    text += R"("}{\")";
    JsonObjectScan scan;
    std::size_t fed = 0;
    std::optional<std::size_t> end;
    while (!end && fed < text.size()) {
      const std::size_t piece =
          std::min<std::size_t>(1 + random() % (round % 2 == 0 ? 5 : 300), text.size() - fed);
      end = scan.Feed(text.data() + fed, piece);
      fed += end.value_or(piece);
    }
    ASSERT_TRUE(end.has_value());
    ASSERT_EQ(fed, expected) << text;
  }
}

Cut CutOtlp(std::string_view text) {
  return CutText(text, Mebibytes(64), TraceCutter::Shape::kOtlp);
}

TEST(TraceCutterTest, CutsRequestsOfOtlpAndAnswersOfTheSecondJaeger) {
  const Traces both = {R"({"resource":{}})", R"({"scopeSpans":[{}]})"};
  for (const char* text : {
           R"({"resourceSpans":[{"resource":{}},{"scopeSpans":[{}]}]})",
           "{\"resourceSpans\":[{\"resource\":{}}]}\n{\"resource_spans\":[{\"scopeSpans\":[{}]}]}"
           "\n",
           R"({"result":{"resourceSpans":[{"resource":{}},{"scopeSpans":[{}]}]}})",
           R"({"result":{"x":1,"resourceSpans":[{"resource":{}}]},"y":[2]}
              {"result":{"resourceSpans":[{"scopeSpans":[{}]}],"z":null}})",
       }) {
    const Cut cut = CutOtlp(text);
    EXPECT_TRUE(cut.status.ok()) << cut.status << " " << text;
    EXPECT_EQ(cut.traces, both) << text;
  }
  EXPECT_TRUE(CutOtlp("").status.ok());
  EXPECT_TRUE(CutOtlp("{}\n{}").status.ok());
}

TEST(TraceCutterTest, SaysWhereARequestOfOtlpIsNone) {
  EXPECT_EQ(
      CutOtlp("[]").status,
      absl::InvalidArgumentError("'test': byte 0: expected a request of OTLP ('{'), found '['"));
  for (const char* wrong : {R"({"result":{"resourceSpans":[5]}})", R"({"resourceSpans":{}})"}) {
    EXPECT_EQ(CutOtlp(wrong).status.code(), absl::StatusCode::kInvalidArgument) << wrong;
  }
  EXPECT_TRUE(CutOtlp(R"({"resourceSpans":null})").status.ok());
  for (const char* cut : {R"({"result":{"resourceSpans":[)", R"({"result":{)", R"({"result":{})",
                          R"({"resourceSpans":[{"a":1})"}) {
    EXPECT_EQ(CutOtlp(cut).status.code(), absl::StatusCode::kDataLoss) << cut;
  }
}

}  // namespace
}  // namespace trimtab
