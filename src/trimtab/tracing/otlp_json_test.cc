#include "trimtab/tracing/otlp_json.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "trimtab/tracing/testing/collected_spans.h"

namespace trimtab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

testing::Reading Read(std::string_view text, Bytes bound = Mebibytes(64)) {
  return testing::ReadText(text,
                           [bound](InputFile& input, ReadContext context, ReadCounts& counts) {
                             return ReadOtlpJson(input, context, counts, bound);
                           });
}

// As the collector's file exporter writes it, shortened.
constexpr std::string_view kRequest =
    R"({"resourceSpans":[{"resource":{"attributes":[)"
    R"({"key":"service.name","value":{"stringValue":"frontend"}},)"
    R"({"key":"process.pid","value":{"intValue":"17"}},)"
    R"({"key":"process.command_args","value":{"arrayValue":{"values":[{"stringValue":"a"}]}}},)"
    R"({"key":"host.name","value":{"stringValue":"frontend-1"}}]},)"
    R"("scopeSpans":[{"scope":{"name":"lib","version":"1"},"spans":[)"
    R"({"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174",)"
    R"("parentSpanId":"","flags":257,"name":"say \"so\" \u00e9","kind":2,)"
    R"("startTimeUnixNano":"1544712660000000000","endTimeUnixNano":"1544712661000000001",)"
    R"("attributes":[{"key":"my.span.attr","value":{"stringValue":"}]"}}],"status":{"code":2}},)"
    R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":"0000000000000002",)"
    R"("parentSpanId":"eee19b7ec3c1b174","name":"b","kind":"SPAN_KIND_CLIENT",)"
    R"("startTimeUnixNano":1544712660000000007,"endTimeUnixNano":1544712660000000009 }]}]}]})";

TEST(OtlpJsonTest, ReadsARequest) {
  const auto read = Read(kRequest);
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_EQ(read.skipped.total(), 0);
  EXPECT_EQ(read.counts.rows, 1);
  ASSERT_EQ(read.spans.size(), 2);
  const auto& root = read.spans[0];
  EXPECT_EQ(root.trace, (TraceId{.high = 0x5b8efff798038103, .low = 0xd269b633813fc60c}));
  EXPECT_EQ(root.record.id, 0xeee19b7ec3c1b174);
  EXPECT_EQ(root.record.parent, 0);
  EXPECT_EQ(root.record.kind, SpanKind::kServer);
  EXPECT_EQ(root.record.start, Instant(std::chrono::seconds(1544712660)));
  EXPECT_EQ(root.record.duration, std::chrono::nanoseconds(1'000'000'001));
  EXPECT_EQ(root.service, "frontend");
  EXPECT_EQ(root.pod, "frontend-1");
  EXPECT_EQ(root.operation, "say \"so\" \u00e9");
  const auto& child = read.spans[1];
  EXPECT_EQ(child.trace, root.trace);
  EXPECT_EQ(child.record.parent, root.record.id);
  EXPECT_EQ(child.record.kind, SpanKind::kClient);
  EXPECT_EQ(child.record.duration, std::chrono::nanoseconds(2));
}

TEST(OtlpJsonTest, ReadsRequestsLineByLineAndAnswersOfJaeger) {
  const std::string lines = fmt::format("{}\n{}\n\n{{}}\n", kRequest, kRequest);
  EXPECT_EQ(Read(lines).counts.spans, 4);
  const std::string answer = fmt::format("{{\"result\":{}}}", kRequest);
  EXPECT_EQ(Read(answer).counts.spans, 2);
  EXPECT_EQ(Read(answer + answer).counts.spans, 4);
}

std::string WithSpan(std::string_view span) {
  return R"({"resourceSpans":[{"scopeSpans":[{"spans":[)" + std::string(span) +
         R"(]}],"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]}}]})";
}

constexpr std::string_view kIds =
    R"("traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174")";

TEST(OtlpJsonTest, TakesWhatTheJsonMappingOfProtobufAllows) {
  for (const char* span : {
           R"({"trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174",
               "parent_span_id":null,"start_time_unix_nano":"5","end_time_unix_nano":6})",
           R"({"name":null,"kind":null,"attributes":null,"startTimeUnixNano":5,
               "endTimeUnixNano":"6","spanId":"eee19b7ec3c1b174",
               "traceId":"5b8efff798038103d269b633813fc60c","unknown":{"a":[1,{"b":2}]}})",
       }) {
    const auto read = Read(WithSpan(span));
    EXPECT_EQ(read.skipped.total(), 0) << span;
    ASSERT_EQ(read.spans.size(), 1) << span;
    EXPECT_EQ(read.spans[0].record.duration, Duration(1));
    EXPECT_EQ(read.spans[0].record.parent, 0);
    EXPECT_EQ(read.spans[0].record.kind, SpanKind::kUnspecified);
  }
}

TEST(OtlpJsonTest, KindsAreNumbersOrNames) {
  const std::pair<const char*, SpanKind> cases[] = {
      {"0", SpanKind::kUnspecified},
      {"1", SpanKind::kInternal},
      {"5", SpanKind::kConsumer},
      {"6", SpanKind::kUnspecified},
      {"-1", SpanKind::kUnspecified},
      {"1.5", SpanKind::kUnspecified},
      {R"("SPAN_KIND_PRODUCER")", SpanKind::kProducer},
      {R"("SERVER")", SpanKind::kUnspecified},
  };
  for (const auto& [kind, expected] : cases) {
    const auto read = Read(WithSpan(
        fmt::format(R"({{{},"startTimeUnixNano":1,"endTimeUnixNano":2,"kind":{}}})", kIds, kind)));
    ASSERT_EQ(read.spans.size(), 1) << kind;
    EXPECT_EQ(read.spans[0].record.kind, expected) << kind;
  }
}

TEST(OtlpJsonTest, EachWrongSpanIsCountedByReason) {
  const std::pair<const char*, OtlpFault> cases[] = {
      {R"("traceId":"W44OfHmAOBA9Jptig4H8YMA=","spanId":"eee19b7ec3c1b174")",
       OtlpFault::kTraceId},  // base64, as other messages of protobuf would have it
      {R"("spanId":"eee19b7ec3c1b174")", OtlpFault::kTraceId},
      {R"("traceId":"00000000000000000000000000000000","spanId":"eee19b7ec3c1b174")",
       OtlpFault::kTraceId},
      {R"("traceId":"5b8efff798038103d269b633813fc60g","spanId":"eee19b7ec3c1b174")",
       OtlpFault::kTraceId},
      {R"("traceId":"5b8efff798038103d269b633813fc60c","spanId":"ee")", OtlpFault::kSpanId},
  };
  for (const auto& [ids, fault] : cases) {
    const auto read =
        Read(WithSpan(fmt::format(R"({{{},"startTimeUnixNano":1,"endTimeUnixNano":2}})", ids)));
    EXPECT_TRUE(read.status.ok());
    EXPECT_THAT(read.skipped.by_reason(), ElementsAre(Pair(ToString(fault), 1))) << ids;
  }
  for (const char* times :
       {R"("startTimeUnixNano":"","endTimeUnixNano":2)", R"("endTimeUnixNano":2)",
        R"("startTimeUnixNano":"1x","endTimeUnixNano":2)",
        R"("startTimeUnixNano":-1,"endTimeUnixNano":2)",
        R"("startTimeUnixNano":1.5,"endTimeUnixNano":2)",
        R"("startTimeUnixNano":"99999999999999999999","endTimeUnixNano":2)",
        R"("startTimeUnixNano":{},"endTimeUnixNano":2)"}) {
    const auto read = Read(WithSpan(fmt::format(R"({{{},{}}})", kIds, times)));
    EXPECT_THAT(read.skipped.by_reason(), ElementsAre(Pair(ToString(OtlpFault::kStart), 1)))
        << times;
  }
}

TEST(OtlpJsonTest, AnElementThatIsNoneCostsOnlyItself) {
  const std::string wrong =
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"name":5}]}]},{"scopeSpans":{}},)" +
      WithSpan(fmt::format(R"({{{},"startTimeUnixNano":1,"endTimeUnixNano":2}})", kIds)).substr(18);
  const auto read = Read(wrong);
  EXPECT_TRUE(read.status.ok()) << read.status;
  EXPECT_EQ(read.counts.rows, 3);
  EXPECT_EQ(read.counts.spans, 1);
  EXPECT_THAT(read.skipped.by_reason(),
              ElementsAre(Pair("an element that is not ResourceSpans", 2)));
}

TEST(OtlpJsonTest, AnElementAboveTheBoundIsPassedOver) {
  const auto read = Read(kRequest, Bytes(500));
  EXPECT_TRUE(read.status.ok());
  EXPECT_EQ(read.counts.spans, 0);
  EXPECT_THAT(read.skipped.by_reason(),
              ElementsAre(Pair("an element of resourceSpans larger than 500 bytes", 1)));
}

TEST(OtlpJsonTest, TagsOfAMegabyteAndAThousandLevelsArePassedOver) {
  const std::string deep = std::string(1000, '[') + std::string(1000, ']');
  const auto read = Read(WithSpan(
      fmt::format(R"({{{},"attributes":[{{"key":"a","value":{{"stringValue":"{}"}}}}],"x":{},)"
                  R"("startTimeUnixNano":1,"endTimeUnixNano":2}})",
                  kIds, std::string(1 << 20, 'x'), deep)));
  EXPECT_EQ(read.counts.spans, 1);
  EXPECT_EQ(read.skipped.total(), 0);
}

struct Whole {
  NameTable names;
  OtlpIntake intake{names};
  absl::Status status;
  explicit Whole(const std::string& text) {
    const std::string padded = text + std::string(OtlpJsonDecoder::kPadding, ' ');
    OtlpJsonDecoder decoder;
    status = decoder.Decode(std::string_view(padded).substr(0, text.size()), intake);
  }
};

TEST(OtlpJsonDecoderTest, DecodesAWholeRequest) {
  const Whole whole{std::string(kRequest)};
  EXPECT_TRUE(whole.status.ok()) << whole.status;
  EXPECT_EQ(whole.intake.spans().size(), 2);
  const Whole empty{"{}"};
  EXPECT_TRUE(empty.status.ok());
  EXPECT_EQ(empty.intake.spans().size(), 0);
}

TEST(OtlpJsonDecoderTest, WhatIsNoRequestIsAnErrorThatSaysSo) {
  for (const char* text : {"", "garbage", "[]", "{\"resourceSpans\":5}", "{\"resourceSpans\":[{]}",
                           "{\"resourceSpans\":[]} x", "{\"resourceSpans\":["}) {
    const Whole whole{text};
    EXPECT_EQ(whole.status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(whole.status.message()),
                HasSubstr("bytes are no ExportTraceServiceRequest in JSON"));
  }
}

TEST(OtlpJsonTest, ArgumentsOfTheRequestAreClassed) {
  const auto bins = ArgumentBins::Parse({"seats=2,5", "distance=1,3", "tier=free,gold"});
  ASSERT_TRUE(bins.ok());
  const std::string text = WithSpan(fmt::format(
      R"({{"attributes":[{{"key":"seats","value":{{"intValue":"4"}}}},)"
      R"({{"value":{{"doubleValue":2.5}},"key":"distance"}},{{"key":"list","value":)"
      R"({{"arrayValue":{{"values":[]}}}}}},{{"key":"tier","value":{{"string_value":"gold"}}}},)"
      R"({{"key":"none","value":null}}],{},"startTimeUnixNano":1,"endTimeUnixNano":2}})",
      kIds));
  NameTable names;
  SkipLog skipped;
  testing::CollectedSpans sink(names);
  ReadCounts counts;
  const auto input = InputFile::OverText("test", text);
  ASSERT_TRUE(ReadOtlpJson(*input,
                           {.names = names, .skipped = skipped, .sink = sink, .arguments = &*bins},
                           counts)
                  .ok());
  EXPECT_EQ(skipped.total(), 0);
  ASSERT_EQ(sink.spans.size(), 1);
  EXPECT_EQ(names.ArgumentClasses(sink.spans[0].record.argument_classes),
            "seats=2..5;distance=1..3;tier=gold");
}

}  // namespace
}  // namespace trimtab
