// The rows below were written by hand from the documentation of the two data sets and from reports
// of their defects; no row of the real files is at hand.
#include "trimtab/tracing/alibaba_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trimtab/tracing/testing/collected_spans.h"
#include "trimtab/tracing/trace_analysis.h"

namespace trimtab {
namespace {

struct Analysed {
  std::string classes;  // canonical text of each class, with its number of traces
  std::map<std::string, std::int64_t> own_milliseconds;
  VisitCounts visits;
  SkipLog skipped;
  std::vector<EntryOperation> operations;
};

Analysed Analyse(std::string_view text) {
  NameTable names;
  Analysed result;
  TraceAnalysis analysis(names);
  const auto input = InputFile::OverText("test", text);
  ReadCounts counts;
  const absl::Status read =
      ReadSpans(*input, SpanFormat::kAuto,
                {.names = names, .skipped = result.skipped, .sink = analysis}, counts);
  EXPECT_TRUE(read.ok()) << read;
  analysis.Finish();
  for (const InferredClass& of : analysis.trees().Classes(ClassKey::kCanonical)) {
    result.classes += std::to_string(of.traces) + " " + CanonicalText(of.tree) + "\n";
  }
  for (const MicroserviceLatency& of : analysis.microservices()) {
    // Exact to 0.4 %: half a bin of the histogram.
    result.own_milliseconds[of.name] =
        static_cast<std::int64_t>(of.own_latency.ValueAt(kP50) * 1e-6 + 0.5);
  }
  result.visits = analysis.visit_counts();
  result.operations = analysis.operations();
  return result;
}

// USER calls A (100 ms); A calls B (measured on both sides: 40 and 30 ms), then the cache C (10 ms,
// measured by A only), and hands a message to D.
constexpr const char* kRows2021[] = {
    ",traceid,timestamp,rpcid,um,rpctype,dm,interface,rt\n",
    "0,t1,1000,0,(?),http,A,entry,100\n",
    "1,t1,1010,0.1,A,rpc,B,b.get,40\n",
    "2,t1,1015,0.1,A,rpc,B,b.get,-30\n",
    "3,t1,1060,0.2,A,mc,C,,10\n",
    "4,t1,1080,0.3,A,mq,D,topic,-5\n",
};

TEST(AlibabaReaderTest, CallsOf2021BecomeVisits) {
  std::string text;
  for (const char* row : kRows2021) text += row;
  const Analysed analysed = Analyse(text);
  EXPECT_EQ(analysed.skipped.total(), 0);
  EXPECT_EQ(analysed.classes, "1 1:A(1:B*1;1:C*1;1:D*1;)*1\n");
  // A: 100 - 40 - 10 - 5 (handing the message over, which only the receiver measured).
  EXPECT_EQ(analysed.own_milliseconds,
            (std::map<std::string, std::int64_t>{{"A", 45}, {"B", 30}, {"C", 10}, {"D", 5}}));
  EXPECT_EQ(analysed.visits.calls_asynchronous, 1);
  EXPECT_EQ(analysed.visits.duplicate_spans, 0);
  ASSERT_EQ(analysed.operations.size(), 1);
  EXPECT_EQ(analysed.operations[0].microservice, "A");
  EXPECT_EQ(analysed.operations[0].operation, "entry");
}

TEST(AlibabaReaderTest, TheOrderOfRowsDoesNotMatter) {
  std::string text = kRows2021[0];
  for (int row = 5; row >= 1; --row) text += kRows2021[row];
  const Analysed analysed = Analyse(text);
  EXPECT_EQ(analysed.classes, "1 1:A(1:B*1;1:C*1;1:D*1;)*1\n");
  EXPECT_EQ(analysed.own_milliseconds.at("A"), 45);
  EXPECT_EQ(analysed.own_milliseconds.at("B"), 30);
}

TEST(AlibabaReaderTest, TheOrderOfColumnsInTheDocumentationDoesAsWell) {
  const Analysed analysed = Analyse(
      "timestamp,traceid,rpcid,um,rpctype,interface,dm,rt\n"
      "1000,t1,0,NAN,http,entry,A,100\n"
      "1010,t1,0.1,A,rpc,get,B,40\n");
  EXPECT_EQ(analysed.classes, "1 1:A(1:B*1;)*1\n");
  EXPECT_EQ(analysed.own_milliseconds.at("A"), 60);
}

TEST(AlibabaReaderTest, BothOrdersOf2022AreRead) {
  for (const char* text :
       {"timestamp,traceid,service,rpc_id,um,uminstanceid,rpctype,interface,dm,dminstanceid,rt\n"
        "1000,t1,S_1,0,USER,UNKNOWN,http,entry,MS_1,MS_1_POD_0,100\n"
        "1010,t1,S_1,0.1,MS_1,MS_1_POD_0,rpc,get,MS_2,MS_2_POD_7,40\n",
        "timestamp,traceid,service,rpc_id,rpctype,um,uminstanceid,interface,dm,dminstanceid,rt\n"
        "1000,t1,S_1,0,http,USER,UNKNOWN,entry,MS_1,MS_1_POD_0,100\n"
        "1010,t1,S_1,0.1,rpc,MS_1,MS_1_POD_0,get,MS_2,MS_2_POD_7,40\n"}) {
    const Analysed analysed = Analyse(text);
    EXPECT_EQ(analysed.classes, "1 4:MS_1(4:MS_2*1;)*1\n");
    EXPECT_EQ(analysed.own_milliseconds.at("MS_1"), 60);
  }
}

TEST(AlibabaReaderTest, InstancesArePods) {
  const auto read = testing::ReadText(
      "timestamp,traceid,service,rpc_id,um,uminstanceid,rpctype,interface,dm,dminstanceid,rt\n"
      "1010,t1,S_1,0.1,MS_1,MS_1_POD_0,rpc,get,MS_2,MS_2_POD_7,-40\n",
      ReadAlibabaCallGraph);
  ASSERT_EQ(read.spans.size(), 2);
  EXPECT_EQ(read.spans[0].pod, "MS_1_POD_0");
  EXPECT_TRUE(read.spans[0].record.implied);
  EXPECT_EQ(read.spans[1].pod, "MS_2_POD_7");
  EXPECT_FALSE(read.spans[1].record.implied);
  EXPECT_EQ(read.spans[1].record.parent, read.spans[0].record.id);
}

// A trace id that two services of 2022 share is two traces.
TEST(AlibabaReaderTest, TheServiceIsPartOfTheTrace) {
  const Analysed analysed = Analyse(
      "timestamp,traceid,service,rpc_id,um,uminstanceid,rpctype,interface,dm,dminstanceid,rt\n"
      "1000,t1,S_1,0,USER,,http,entry,A,,100\n"
      "1000,t1,S_2,0,USER,,http,entry,B,,100\n");
  EXPECT_EQ(analysed.visits.whole_traces, 2);
}

TEST(AlibabaReaderTest, UnknownCalleesAreNamedSo) {
  const Analysed analysed = Analyse(
      "timestamp,traceid,rpcid,um,rpctype,interface,dm,rt\n"
      "1000,t1,0,,http,entry,A,100\n"
      "1010,t1,0.1,A,rpc,get,(?),40\n"
      "1060,t1,0.2,A,rpc,get,NAN,10\n");
  EXPECT_EQ(analysed.classes, "1 1:A(9:(unknown)*2;)*1\n");
}

TEST(AlibabaReaderTest, AKnownFirstCallerIsTheEntry) {
  const Analysed analysed = Analyse(
      "timestamp,traceid,rpcid,um,rpctype,interface,dm,rt\n"
      "1000,t1,0,G,http,entry,A,100\n");
  EXPECT_EQ(analysed.classes, "1 1:G(1:A*1;)*1\n");
}

TEST(AlibabaReaderTest, ASecondRowOfOneSideIsADuplicate) {
  const Analysed analysed = Analyse(
      "timestamp,traceid,rpcid,um,rpctype,interface,dm,rt\n"
      "1000,t1,0,,http,entry,A,-100\n"
      "1000,t1,0,,http,entry,A,-90\n");
  EXPECT_EQ(analysed.visits.duplicate_spans, 1);
  EXPECT_EQ(analysed.own_milliseconds.at("A"), 100);
}

TEST(AlibabaReaderTest, DefectsAreToldWithTheirRow) {
  const std::string header = "timestamp,traceid,service,rpc_id,um,rpctype,interface,dm,rt\n";
  const struct {
    const char* row;
    const char* reason;
  } cases[] = {
      {"1,t,S,0,A,rpc,i,B,None", "the rt is no number of at most a day of ms: 'None'"},
      {"1,t,S,0,A,rpc,i,B,1e99", "the rt is no number of at most a day of ms: '1e99'"},
      {"1,t,S,0,A,rpc,i,B,86400001", "the rt is no number of at most a day of ms: '86400001'"},
      {"x,t,S,0,A,rpc,i,B,1", "the timestamp is no number from 0 to 2^63 ns: 'x'"},
      {"-1,t,S,0,A,rpc,i,B,1", "the timestamp is no number from 0 to 2^63 ns: '-1'"},
      {"1,,S,0,A,rpc,i,B,1", "an empty traceid"},
      {"1,t,S,,A,rpc,i,B,1", "the rpcid is no path of numbers"},
      {"1,t,S,0..1,A,rpc,i,B,1", "the rpcid is no path of numbers: '0..1'"},
      {"1,t,S,0.1.,A,rpc,i,B,1", "the rpcid is no path of numbers: '0.1.'"},
      {"1,t,S,0,0.1,A,rpc,i,B,1", "a row of more columns where the header has 9: '10'"},
      {"1,t,S,0,A", "a row of fewer columns where the header has 9: '5'"},
  };
  for (const auto& [row, reason] : cases) {
    const auto read =
        testing::ReadText(header + row + "\n1,t,S,0,A,rpc,i,B,1\n", ReadAlibabaCallGraph);
    EXPECT_TRUE(read.status.ok());
    EXPECT_EQ(read.counts.spans, 2) << row;
    ASSERT_EQ(read.skipped.total(), 1) << row;
    EXPECT_EQ(read.skipped.examples().front().row, 2);
    EXPECT_EQ(read.skipped.examples().front().reason, reason);
  }
}

TEST(AlibabaReaderTest, AMissingColumnIsNamed) {
  const auto read = testing::ReadText("traceid,rpcid,um,dm,rt\n", ReadAlibabaCallGraph);
  EXPECT_EQ(read.status.message(),
            "'test': row 1: no column timestamp in the header 'traceid,rpcid,um,dm,rt'");
}

}  // namespace
}  // namespace trimtab
