// Spans are the same spans whichever protocol brings them.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "trimtab/tracing/otlp_protobuf.h"
#include "trimtab/tracing/span_reader.h"
#include "trimtab/tracing/testing/analysis_summary.h"
#include "trimtab/tracing/testing/encoded_spans.h"
#include "trimtab/tracing/testing/generated_spans.h"
#include "trimtab/tracing/trace_analysis.h"

namespace trimtab {
namespace {

std::string SummaryOfText(const std::string& text, SpanFormat expected) {
  NameTable names;
  SkipLog skipped;
  TraceAnalysis analysis(names);
  ReadCounts counts;
  const auto input = InputFile::OverText("test", text);
  EXPECT_EQ(*DetectFormat(*input), expected);
  const absl::Status read = ReadSpans(
      *input, SpanFormat::kAuto, {.names = names, .skipped = skipped, .sink = analysis}, counts);
  EXPECT_TRUE(read.ok()) << read;
  EXPECT_EQ(skipped.total(), 0);
  analysis.Finish();
  return testing::SummaryOf(analysis);
}

std::string SummaryOfProtobuf(const std::string& bytes) {
  NameTable names;
  TraceAnalysis analysis(names);
  OtlpIntake intake(names);
  const absl::Status decoded = DecodeOtlpProtobuf(bytes, intake);
  EXPECT_TRUE(decoded.ok()) << decoded;
  EXPECT_EQ(intake.refused_spans(), 0);
  analysis.Accept(intake.spans());
  analysis.Finish();
  return testing::SummaryOf(analysis);
}

TEST(OtlpEquivalenceTest, TheSameSpansGiveTheSameGraphsAndLatenciesInEachProtocol) {
  std::vector<Span> spans = testing::GeneratedSpans::Spans(50);
  // Several kinds of requests: some traces end at the frontend, some lose two calls.
  std::erase_if(spans, [](const Span& span) {
    return span.trace.low % 5 == 0 ? span.service != "frontend" || span.kind == SpanKind::kClient
                                   : span.trace.low % 5 == 1 && span.id > 28 && span.id < 31;
  });
  std::mt19937_64 random(11);
  std::ranges::shuffle(spans, random);
  const testing::EncodedSpans encoded(spans);
  const std::string summary = SummaryOfProtobuf(encoded.OtlpProtobuf());
  EXPECT_NE(summary.find("productcatalogservice10 "), std::string::npos) << summary;
  EXPECT_EQ(SummaryOfText(encoded.OtlpJson(), SpanFormat::kOtlp), summary);
  EXPECT_EQ(SummaryOfText(encoded.JaegerV3(), SpanFormat::kOtlp), summary);
  EXPECT_EQ(SummaryOfText(encoded.JaegerV1(), SpanFormat::kJaeger), summary);
}

// Every third span has failed, and those alone are read as failed.
TEST(OtlpEquivalenceTest, AnErrorIsAnErrorInEachProtocol) {
  std::vector<Span> spans = testing::GeneratedSpans::Spans(2);
  for (Span& span : spans) span.is_error = span.id % 3 == 0;
  const auto expected = static_cast<std::size_t>(std::ranges::count(spans, true, &Span::is_error));
  const testing::EncodedSpans encoded(spans);
  class Errors : public SpanSink {
   public:
    void Accept(std::span<const TracedSpan> batch) override {
      for (const TracedSpan& traced : batch) count += traced.span.is_error ? 1U : 0U;
    }
    std::size_t count = 0;
  };
  NameTable names;
  OtlpIntake intake(names);
  ASSERT_TRUE(DecodeOtlpProtobuf(encoded.OtlpProtobuf(), intake).ok());
  Errors of_protobuf;
  of_protobuf.Accept(intake.spans());
  EXPECT_EQ(of_protobuf.count, expected);
  for (const std::string& text : {encoded.OtlpJson(), encoded.JaegerV3(), encoded.JaegerV1()}) {
    Errors errors;
    SkipLog skipped;
    ReadCounts counts;
    const auto input = InputFile::OverText("test", text);
    ASSERT_TRUE(ReadSpans(*input, SpanFormat::kAuto,
                          {.names = names, .skipped = skipped, .sink = errors}, counts)
                    .ok());
    EXPECT_EQ(errors.count, expected) << text.substr(0, 40);
  }
}

TEST(OtlpEquivalenceTest, ATraceMayBeSpreadOverRequests) {
  const std::vector<Span> spans = testing::GeneratedSpans::Spans(40);
  NameTable names;
  TraceAnalysis analysis(names);
  OtlpIntake intake(names);
  for (std::size_t first = 0; first < 7; ++first) {
    std::vector<Span> part;
    for (std::size_t at = first; at < spans.size(); at += 7) part.push_back(spans[at]);
    intake.Clear();
    ASSERT_TRUE(DecodeOtlpProtobuf(testing::EncodedSpans(part).OtlpProtobuf(), intake).ok());
    analysis.Accept(intake.spans());
  }
  analysis.Finish();
  EXPECT_EQ(testing::SummaryOf(analysis),
            SummaryOfProtobuf(testing::EncodedSpans(spans).OtlpProtobuf()));
}

}  // namespace
}  // namespace trimtab
