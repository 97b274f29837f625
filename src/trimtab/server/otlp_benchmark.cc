// From the bytes of a connection to own latencies, on one core. Bound: 1.5 million spans/s of
// protobuf over HTTP.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>

#include "trimtab/server/http1_session.h"
#include "trimtab/server/otlp_service.h"
#include "trimtab/server/testing/gzip_text.h"
#include "trimtab/server/testing/set_clock.h"
#include "trimtab/tracing/otlp_protobuf.h"
#include "trimtab/tracing/testing/encoded_spans.h"
#include "trimtab/tracing/testing/generated_spans.h"
#include "trimtab/tracing/trace_analysis.h"

namespace trimtab {
namespace {

// What exporters send: requests of 512 spans of one microservice each, as far as there are so many.
constexpr std::size_t kSpansOfRequest = 512;
constexpr int kTraces = 2'000;

struct Format {
  bool is_json = false;
  bool is_gzip = false;
};

// All requests of a connection, one after the other.
std::string ConnectionBytes(Format format) {
  std::vector<Span> spans = testing::GeneratedSpans::Spans(kTraces);
  std::ranges::stable_sort(spans, {}, &Span::service);
  std::vector<std::string> requests;
  for (std::size_t at = 0; at < spans.size(); at += kSpansOfRequest) {
    const testing::EncodedSpans encoded(
        std::span<const Span>(spans).subspan(at, std::min(kSpansOfRequest, spans.size() - at)));
    std::string body = format.is_json ? encoded.OtlpJson() : encoded.OtlpProtobuf();
    if (format.is_gzip) body = testing::GzipText(body);
    requests.push_back(fmt::format(
        "POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:4318\r\nUser-Agent: OTel-OTLP-Exporter\r\n"
        "Content-Type: application/{}\r\n{}Content-Length: {}\r\n\r\n{}",
        format.is_json ? "json" : "x-protobuf", format.is_gzip ? "Content-Encoding: gzip\r\n" : "",
        body.size(), body));
  }
  std::string bytes;
  for (const std::string& request : requests) bytes += request;
  return bytes;
}

void HttpToOwnLatency(benchmark::State& state, Format format) {
  const std::string bytes = ConnectionBytes(format);
  constexpr std::size_t kRead = std::size_t{256} << 10;  // as a socket gives them
  std::uint64_t spans = 0;
  for (auto _ : state) {
    testing::SetClock clock;
    SpanInbox inbox({});
    OtlpService service(inbox, clock, {});
    const RequestHandler handler = [&service](ServedRequest request) {
      return service.Answer(std::move(request));
    };
    BodyBudget budget(std::size_t{64} << 20);
    const auto session = MakeHttp1Session(handler, budget, {});
    for (std::size_t at = 0; at < bytes.size(); at += kRead) {
      session->Receive(std::string_view(bytes).substr(at, kRead));
      benchmark::DoNotOptimize(session->TakeOutput());
    }
    NameTable names;
    TraceAnalysis analysis(names);
    std::vector<TracedSpan> batch;
    inbox.ReadRest(clock.Now(), [&](const Span& span) {
      batch.push_back(Interned(span, names));
      if (batch.size() == kSpansOfRequest) {
        analysis.Accept(batch);
        batch.clear();
      }
    });
    analysis.Accept(batch);
    analysis.Finish();
    if (analysis.visit_counts().whole_traces != kTraces) state.SkipWithError("traces are missing");
    spans += analysis.spans();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(spans));
}

void OtlpProtobufToOwnLatency(benchmark::State& state) { HttpToOwnLatency(state, {}); }
void OtlpGzipProtobufToOwnLatency(benchmark::State& state) {
  HttpToOwnLatency(state, {.is_gzip = true});
}
void OtlpJsonToOwnLatency(benchmark::State& state) { HttpToOwnLatency(state, {.is_json = true}); }

void OtlpProtobufDecoded(benchmark::State& state) {
  const std::string message =
      testing::EncodedSpans(testing::GeneratedSpans::Spans(500)).OtlpProtobuf();
  std::uint64_t spans = 0;
  NameTable names;
  OtlpIntake intake(names);
  for (auto _ : state) {
    intake.Clear();
    if (!DecodeOtlpProtobuf(message, intake).ok()) state.SkipWithError("not decoded");
    benchmark::DoNotOptimize(intake.spans().data());
    spans += intake.spans().size();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(spans));
}

BENCHMARK(OtlpProtobufDecoded);
BENCHMARK(OtlpProtobufToOwnLatency);
BENCHMARK(OtlpGzipProtobufToOwnLatency);
BENCHMARK(OtlpJsonToOwnLatency);

}  // namespace
}  // namespace trimtab
