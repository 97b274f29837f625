#include "trimtab/tracing/jaeger_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trimtab/tracing/testing/collected_spans.h"
#include "trimtab/tracing/text_hash.h"

namespace trimtab {
namespace {

testing::Reading Read(std::string_view text, Bytes bound = Mebibytes(64)) {
  return testing::ReadText(text,
                           [bound](InputFile& input, ReadContext context, ReadCounts& counts) {
                             return ReadJaegerJson(input, context, counts, bound);
                           });
}

// As Jaeger 1.x answers, shortened; the processes follow the spans.
constexpr std::string_view kAnswer = R"({"data":[{"traceID":"00ff01","spans":[
 {"traceID":"00ff01","spanID":"0a","flags":1,"operationName":"HTTP GET /hotels","references":[],
  "startTime":1655753768507891,"duration":20228,
  "tags":[{"key":"sampler.type","type":"string","value":"const"},
          {"key":"sampler.param","type":"bool","value":true},
          {"key":"span.kind","type":"string","value":"server"}],
  "logs":[{"timestamp":1,"fields":[{"key":"event","type":"string","value":"a \"b\" }"}]}],
  "processID":"p1","warnings":null},
 {"traceID":"00ff01","spanID":"0b","operationName":"say \"so\" \u00e9",
  "references":[{"refType":"CHILD_OF","traceID":"ff01","spanID":"a"}],
  "startTime":1655753768508581,"duration":11840,
  "tags":[{"value":"client","type":"string","key":"span.kind"}],
  "logs":null,"processID":"p2","warnings":null}],
 "processes":{"p1":{"serviceName":"frontend","tags":[
                {"key":"hostname","type":"string","value":"frontend-1"},
                {"key":"ip","type":"string","value":"10.0.0.1"}]},
              "p2":{"serviceName":"search","tags":[
                {"key":"k8s.pod.name","type":"string","value":"search-pod"},
                {"key":"hostname","type":"string","value":"node-3"}]}},
 "warnings":null}],"total":0,"limit":0,"offset":0,"errors":null})";

TEST(JaegerReaderTest, ReadsWhatJaegerAnswers) {
  const auto read = Read(kAnswer);
  ASSERT_TRUE(read.status.ok()) << read.status;
  EXPECT_EQ(read.skipped.total(), 0);
  EXPECT_EQ(read.counts.spans, 2);
  EXPECT_EQ(read.counts.rows, 1);
  ASSERT_EQ(read.spans.size(), 2);
  const auto& root = read.spans[0];
  EXPECT_EQ(root.trace, HashTraceId("ff01"));
  EXPECT_EQ(root.record.id, HashSpanId("a"));
  EXPECT_EQ(root.record.parent, 0);
  EXPECT_EQ(root.record.kind, SpanKind::kServer);
  EXPECT_EQ(root.record.start, Instant(std::chrono::microseconds(1655753768507891)));
  EXPECT_EQ(root.record.duration, std::chrono::microseconds(20228));
  EXPECT_EQ(root.service, "frontend");
  EXPECT_EQ(root.pod, "frontend-1");
  EXPECT_EQ(root.operation, "HTTP GET /hotels");
  const auto& child = read.spans[1];
  EXPECT_EQ(child.record.parent, root.record.id);
  EXPECT_EQ(child.record.kind, SpanKind::kClient);
  EXPECT_EQ(child.service, "search");
  EXPECT_EQ(child.pod, "search-pod");
  EXPECT_EQ(child.operation, "say \"so\" \u00e9");
}

std::string TraceWith(const std::string& span) {
  return R"([{"processes":{"p":{"serviceName":"s"}},"traceID":"1","spans":[)" + span + "]}]";
}

TEST(JaegerReaderTest, ReferencesAreChosenByKindAndTrace) {
  const struct {
    const char* references;
    const char* parent;
    bool follows_from;
  } cases[] = {
      {R"([{"refType":"FOLLOWS_FROM","traceID":"1","spanID":"7"}])", "7", true},
      {R"([{"refType":"FOLLOWS_FROM","traceID":"1","spanID":"7"},
           {"refType":"CHILD_OF","traceID":"1","spanID":"8"}])",
       "8", false},
      {R"([{"refType":"CHILD_OF","traceID":"1","spanID":"7"},
           {"refType":"CHILD_OF","traceID":"1","spanID":"8"}])",
       "7", false},
      {R"([{"refType":"CHILD_OF","traceID":"2","spanID":"7"},
           {"refType":"FOLLOWS_FROM","traceID":"0001","spanID":"9"}])",
       "9", true},
      {R"([{"refType":"CHILD_OF","traceID":"2","spanID":"7"}])", "", false},
      {"null", "", false},
  };
  for (const auto& [references, parent, follows_from] : cases) {
    const auto read = Read(TraceWith(
        std::string(R"({"spanID":"5","processID":"p","startTime":1,"duration":1,"references":)") +
        references + "}"));
    ASSERT_EQ(read.spans.size(), 1) << references << read.status;
    EXPECT_EQ(read.spans[0].record.parent, *parent == '\0' ? 0 : HashSpanId(parent)) << references;
    EXPECT_EQ(read.spans[0].record.follows_from, follows_from) << references;
  }
}

TEST(JaegerReaderTest, OldAnswersNameTheParentDirectly) {
  const auto read = Read(TraceWith(
      R"({"spanID":"5","parentSpanID":"0007","processID":"p","startTime":1,"duration":1})"));
  ASSERT_EQ(read.spans.size(), 1);
  EXPECT_EQ(read.spans[0].record.parent, HashSpanId("7"));
}

TEST(JaegerReaderTest, ASpanThatLacksSomethingIsSkippedAloneWithItsReason) {
  const std::string good = R"({"spanID":"5","processID":"p","startTime":1,"duration":1})";
  const struct {
    const char* span;
    const char* reason;
  } cases[] = {
      {R"({"processID":"p","startTime":1,"duration":1})", "a span without spanID"},
      {R"({"spanID":"6","processID":"p","duration":1})",
       "a span whose startTime is no number from 0 to 2^63 ns"},
      {R"({"spanID":"6","processID":"p","startTime":-1,"duration":1})",
       "a span whose startTime is no number from 0 to 2^63 ns"},
      {R"({"spanID":"6","processID":"p","startTime":1.5,"duration":1})",
       "a span whose startTime is no number from 0 to 2^63 ns"},
      {R"({"spanID":"6","processID":"p","startTime":1,"duration":-1})",
       "a span whose duration is no number from 0 to 2^63 ns"},
      {R"({"spanID":"6","processID":"p","startTime":1,"duration":99999999999999999999})",
       "a span whose duration is no number from 0 to 2^63 ns"},
      {R"({"spanID":"6","processID":"p","startTime":"x","duration":1})",
       "a span whose startTime is no number from 0 to 2^63 ns"},
      {R"({"spanID":"6","processID":"q","startTime":1,"duration":1})",
       "a span without process or serviceName"},
      {R"({"spanID":"6","startTime":1,"duration":1})", "a span without process or serviceName"},
  };
  for (const auto& [span, reason] : cases) {
    const auto read = Read(TraceWith(good + "," + span));
    ASSERT_TRUE(read.status.ok()) << read.status;
    EXPECT_EQ(read.spans.size(), 1) << span;
    ASSERT_EQ(read.skipped.total(), 1) << span;
    EXPECT_EQ(read.skipped.examples().front().reason, reason) << span;
    EXPECT_EQ(read.skipped.examples().front().row, 1);
  }
}

TEST(JaegerReaderTest, ATraceThatIsNoJsonIsSkippedAndTheNextOneIsRead) {
  const std::string good =
      R"({"traceID":"1","spans":[{"spanID":"5","processID":"p","startTime":1,"duration":1}],)"
      R"("processes":{"p":{"serviceName":"s"}}})";
  for (const char* bad :
       {R"({"traceID":"2","spans":[{"spanID":}]})", R"({"traceID":2})", R"({"spans":{}})", "{}",
        R"({"traceID":"2","spans":[5]})", R"({"traceID":"2","processes":[]})", R"({"traceID" "2"})",
        "{\"traceID\":\"2\",\"spans\":[{\"operationName\":\"\xff\\uZZZZ\"}]}"}) {
    const auto read = Read("[" + good + "," + bad + "," + good + "]");
    ASSERT_TRUE(read.status.ok()) << bad << read.status;
    EXPECT_EQ(read.spans.size(), 2) << bad;
    ASSERT_EQ(read.skipped.total(), 1) << bad;
    EXPECT_EQ(read.skipped.examples().front().row, 2) << bad;
  }
}

TEST(JaegerReaderTest, DeepNestingIsPassedOver) {
  const std::string nested = R"({"x":)" + std::string(100'000, '[') + std::string(100'000, ']') +
                             R"(,"traceID":"1","spans":[]})";
  const auto read = Read("[" + nested + "]");
  EXPECT_TRUE(read.status.ok());
  EXPECT_EQ(read.skipped.total(), 0);
  EXPECT_TRUE(read.spans.empty());
}

TEST(JaegerReaderTest, ATraceAboveTheBoundIsCounted) {
  const auto read = Read(kAnswer, Bytes(1000));
  EXPECT_TRUE(read.status.ok());
  EXPECT_EQ(read.skipped.by_reason().at("a trace larger than 1000 bytes"), 1);
}

TEST(JaegerReaderTest, ACutAnswerIsDataLossAndWhatCameBeforeIsHandedOn) {
  const std::string text(kAnswer);
  const std::string two = text.substr(0, text.rfind("],\"total\"")) + ",{\"traceID\":";
  const auto read = Read(two);
  EXPECT_EQ(read.status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(read.spans.size(), 2);
}

TEST(JaegerReaderTest, ArgumentsOfTheRequestAreClassed) {
  const auto bins = ArgumentBins::Parse({"seats=2,5", "tier=free,gold"});
  ASSERT_TRUE(bins.ok());
  const std::string text =
      TraceWith(R"({"spanID":"1","startTime":1,"duration":1,"processID":"p","tags":[)"
                R"({"key":"seats","type":"int64","value":4},)"
                R"({"key":"tier","type":"string","value":"gold"}]})");
  NameTable names;
  SkipLog skipped;
  testing::CollectedSpans sink(names);
  ReadCounts counts;
  const auto input = InputFile::OverText("test", text);
  ASSERT_TRUE(
      ReadJaegerJson(
          *input, {.names = names, .skipped = skipped, .sink = sink, .arguments = &*bins}, counts)
          .ok());
  ASSERT_EQ(sink.spans.size(), 1);
  EXPECT_EQ(names.ArgumentClasses(sink.spans[0].record.argument_classes), "seats=2..5;tier=gold");
}

}  // namespace
}  // namespace trimtab
