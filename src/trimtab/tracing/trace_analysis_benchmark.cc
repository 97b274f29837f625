// From bytes to own latencies, on one core. Bounds: 3 M spans/s of CSV, 0.4 M of Jaeger JSON,
// plain.
#include <benchmark/benchmark.h>
#include <zlib.h>

#include <string>

#include "trimtab/tracing/span_reader.h"
#include "trimtab/tracing/testing/generated_spans.h"
#include "trimtab/tracing/trace_analysis.h"

namespace trimtab {
namespace {

constexpr int kTraces = 20'000;

const std::string& CsvText() {
  static const std::string text = testing::GeneratedSpans::Csv(kTraces);
  return text;
}
const std::string& JsonText() {
  static const std::string text = testing::GeneratedSpans::Json(kTraces / 4);
  return text;
}

std::string Gzip(const std::string& text) {
  z_stream stream = {};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

class Dropped : public SpanSink {
 public:
  void Accept(std::span<const TracedSpan> batch) override {
    benchmark::DoNotOptimize(batch.data());
  }
};

void Analyse(benchmark::State& state, const std::string& bytes) {
  std::uint64_t spans = 0;
  for (auto _ : state) {
    NameTable names;
    SkipLog skipped;
    TraceAnalysis analysis(names);
    ReadCounts counts;
    const auto input = InputFile::OverText("benchmark", bytes);
    const absl::Status read = ReadSpans(
        *input, SpanFormat::kAuto, {.names = names, .skipped = skipped, .sink = analysis}, counts);
    analysis.Finish();
    if (!read.ok() || analysis.visit_counts().whole_traces == 0) state.SkipWithError("not read");
    spans += counts.spans;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(spans));
}

void SpansOfCsvToOwnLatency(benchmark::State& state) { Analyse(state, CsvText()); }
void SpansOfGzipCsvToOwnLatency(benchmark::State& state) {
  static const std::string packed = Gzip(CsvText());
  Analyse(state, packed);
}
void SpansOfJaegerJsonToOwnLatency(benchmark::State& state) { Analyse(state, JsonText()); }
void SpansOfGzipJaegerJsonToOwnLatency(benchmark::State& state) {
  static const std::string packed = Gzip(JsonText());
  Analyse(state, packed);
}
void SpansOfCsvParsed(benchmark::State& state) {
  std::uint64_t spans = 0;
  for (auto _ : state) {
    NameTable names;
    SkipLog skipped;
    Dropped dropped;
    ReadCounts counts;
    const auto input = InputFile::OverText("benchmark", CsvText());
    if (!ReadSpans(*input, SpanFormat::kCsv, {.names = names, .skipped = skipped, .sink = dropped},
                   counts)
             .ok()) {
      state.SkipWithError("not read");
    }
    spans += counts.spans;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(spans));
}

BENCHMARK(SpansOfCsvParsed);
BENCHMARK(SpansOfCsvToOwnLatency);
BENCHMARK(SpansOfGzipCsvToOwnLatency);
BENCHMARK(SpansOfJaegerJsonToOwnLatency);
BENCHMARK(SpansOfGzipJaegerJsonToOwnLatency);

}  // namespace
}  // namespace trimtab
