// The traces of four public applications: counts that an independent script confirms
// (tests/tracing/count_measured_traces.py). Skipped when the recordings are not there.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "trimtab/tracing/span_csv_reader.h"
#include "trimtab/tracing/trace_analysis.h"

namespace trimtab {
namespace {

struct Expected {
  std::string_view file;
  std::uint64_t spans;
  std::uint64_t traces;
  std::uint64_t pairs;
  std::uint64_t parallel;
  std::size_t adjacency;
  std::size_t multiplicity;
  std::size_t operations;
};

class MeasuredTracesTest : public testing::TestWithParam<Expected> {};

TEST_P(MeasuredTracesTest, CountsAreExact) {
  const Expected& expected = GetParam();
  const std::string path =
      std::string(TRIMTAB_SOURCE_DIR "/../shared/data/") + std::string(expected.file);
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no recording at " << path;

  NameTable names;
  SkipLog skipped;
  TraceAnalysis analysis(names);
  ReadCounts counts;
  auto input = InputFile::Open(path);
  ASSERT_TRUE(input.ok()) << input.status();
  const absl::Status read =
      ReadSpanCsv(**input, {.names = names, .skipped = skipped, .sink = analysis}, counts);
  ASSERT_TRUE(read.ok()) << read;
  analysis.Finish();

  EXPECT_EQ(skipped.total(), 0);
  EXPECT_EQ(counts.spans, expected.spans);
  EXPECT_EQ(analysis.visit_counts().whole_traces, expected.traces);
  EXPECT_EQ(analysis.assembler_counts().traces, expected.traces);
  EXPECT_EQ(analysis.visit_counts().duplicate_spans, 0);
  const CallTreeInference& trees = analysis.trees();
  EXPECT_EQ(trees.sibling_pairs(), expected.pairs);
  EXPECT_EQ(trees.parallel_pairs(), expected.parallel);
  EXPECT_EQ(trees.Classes(ClassKey::kAdjacency).size(), expected.adjacency);
  EXPECT_EQ(trees.Classes(ClassKey::kMultiplicity).size(), expected.multiplicity);
  // What is parallel is decided once for each unordered tree.
  EXPECT_EQ(trees.Classes(ClassKey::kCanonical).size(), expected.multiplicity);
  EXPECT_EQ(analysis.operations().size(), expected.operations);
}

INSTANTIATE_TEST_SUITE_P(
    Applications, MeasuredTracesTest,
    testing::Values(
        Expected{"traceweaver/hotel_reservation.csv.gz", 44'000, 4'000, 12'000, 0, 1, 1, 1},
        Expected{"traceweaver/media_microservices.csv.gz", 108'000, 4'000, 24'000, 22'891, 1, 5, 1},
        Expected{"nezha_trainticket/spans.csv.gz", 325'859, 4'551, 30'390, 151, 41, 44, 10},
        Expected{"nezha_onlineboutique/spans.csv.gz", 846'632, 19'107, 172'140, 0, 8, 32, 7}));

}  // namespace
}  // namespace trimtab
