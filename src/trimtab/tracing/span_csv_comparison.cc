// A CSV file to spans: our reader beside the plain way, getline and a string stream for each row.
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <unordered_map>

#include "bench/comparison.h"
#include "trimtab/tracing/span_csv_reader.h"
#include "trimtab/tracing/testing/generated_spans.h"

namespace trimtab {
namespace {

class DurationSum : public SpanSink {
 public:
  void Accept(std::span<const TracedSpan> batch) override {
    for (const TracedSpan& traced : batch) microseconds += traced.span.duration.count() / 1000;
  }
  std::int64_t microseconds = 0;
};

std::int64_t Ours(const std::string& text) {
  NameTable names;
  SkipLog skipped;
  DurationSum sum;
  ReadCounts counts;
  const auto input = InputFile::OverText("comparison", text);
  (void)ReadSpanCsv(*input, {.names = names, .skipped = skipped, .sink = sum}, counts);
  return sum.microseconds;
}

std::int64_t Theirs(const std::string& text) {
  std::istringstream lines(text);
  std::unordered_map<std::string, int> names;
  std::string line;
  std::string field;
  std::int64_t sum = 0;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    constexpr int kPod = 6;
    constexpr int kOperation = 8;
    constexpr int kDuration = 10;
    for (int column = 0; std::getline(fields, field, ','); ++column) {
      if (column >= kPod && column <= kOperation) {
        names.emplace(field, static_cast<int>(names.size()));
      } else if (column == kDuration) {
        sum += std::strtoll(field.c_str(), nullptr, 10);
      }
    }
  }
  return sum;
}

int Main() {
  constexpr int kTraces = 3'000;
  const std::string text = testing::GeneratedSpans::Csv(kTraces);
  if (Ours(text) != Theirs(text)) {
    std::fprintf(stderr, "the two sides do not read the same durations\n");
    return 1;
  }
  return RunComparison(
      {.what = "span CSV parsed",
       .unit = "spans/s",
       .peer_name = "getline, stringstream",
       .work = double{testing::GeneratedSpans::kSpansPerTrace} * kTraces},
      [&text] { Ours(text); }, [&text] { Theirs(text); });
}

}  // namespace
}  // namespace trimtab

int main() { return trimtab::Main(); }
