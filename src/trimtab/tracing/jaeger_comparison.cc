// Jaeger JSON to own latencies: our reader beside a document of nlohmann-json, both followed by the
// same analysis.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "bench/comparison.h"
#include "trimtab/tracing/jaeger_reader.h"
#include "trimtab/tracing/testing/generated_spans.h"
#include "trimtab/tracing/text_hash.h"
#include "trimtab/tracing/trace_analysis.h"

namespace trimtab {
namespace {

std::uint64_t Ours(const std::string& text) {
  NameTable names;
  SkipLog skipped;
  TraceAnalysis analysis(names);
  ReadCounts counts;
  const auto input = InputFile::OverText("comparison", text);
  (void)ReadJaegerJson(*input, {.names = names, .skipped = skipped, .sink = analysis}, counts);
  analysis.Finish();
  return analysis.visit_counts().calls;
}

std::uint64_t Theirs(const std::string& text) {
  NameTable names;
  TraceAnalysis analysis(names);
  const nlohmann::json answer = nlohmann::json::parse(text);
  for (const nlohmann::json& trace : answer.at("data")) {
    std::vector<TracedSpan> spans;
    const nlohmann::json& processes = trace.at("processes");
    for (const nlohmann::json& from : trace.at("spans")) {
      const nlohmann::json& process =
          processes.at(from.at("processID").get_ref<const std::string&>());
      TracedSpan& traced = spans.emplace_back();
      traced.trace = HashTraceId(trace.at("traceID").get_ref<const std::string&>());
      SpanRecord& span = traced.span;
      span.id = HashSpanId(from.at("spanID").get_ref<const std::string&>());
      span.service = names.Intern(process.at("serviceName").get_ref<const std::string&>());
      span.operation = names.Intern(from.at("operationName").get_ref<const std::string&>());
      span.start = Instant(std::chrono::microseconds(from.at("startTime").get<std::int64_t>()));
      span.duration = std::chrono::microseconds(from.at("duration").get<std::int64_t>());
      for (const nlohmann::json& reference : from.at("references")) {
        span.parent = HashSpanId(reference.at("spanID").get_ref<const std::string&>());
      }
      for (const nlohmann::json& tag : process.at("tags")) {
        if (tag.at("key") == "hostname") {
          span.pod = names.Intern(tag.at("value").get_ref<const std::string&>());
        }
      }
      for (const nlohmann::json& tag : from.at("tags")) {
        if (tag.at("key") == "span.kind") {
          span.kind = SpanKindFromString(tag.at("value").get_ref<const std::string&>());
        }
      }
    }
    analysis.Accept(spans);
  }
  analysis.Finish();
  return analysis.visit_counts().calls;
}

int Main() {
  constexpr int kTraces = 1'000;
  const std::string text = testing::GeneratedSpans::Json(kTraces);
  constexpr std::uint64_t kCalls = 10 * kTraces;
  if (Ours(text) != kCalls || Theirs(text) != kCalls) {
    std::fprintf(stderr, "the two sides do not find the same calls\n");
    return 1;
  }
  return RunComparison(
      {.what = "Jaeger JSON to own latencies",
       .unit = "spans/s",
       .peer_name = "nlohmann-json",
       .work = double{testing::GeneratedSpans::kSpansPerTrace} * kTraces},
      [&text] { Ours(text); }, [&text] { Theirs(text); });
}

}  // namespace
}  // namespace trimtab

int main() { return trimtab::Main(); }
