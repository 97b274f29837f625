// Traces of any number, as the text of each format: for benchmarks.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "trimtab/tracing/span_record.h"

namespace trimtab::testing {

// The shape of a page of an online shop: a frontend that makes ten calls one after the other, each
// with a client and a server span, some with two spans inside: 33 spans a trace. The lengths of
// names and ids are those of real recordings: 140 bytes a span of CSV, 660 of JSON.
class GeneratedSpans {
 public:
  static constexpr int kSpansPerTrace = 33;

  static std::string Csv(int traces) {
    std::string text =
        "phase,date,file_minute,trace,span,parent,pod,service,operation,start_us,duration_us\n";
    ForEachSpan(traces, [&text](int trace, const Span& span) {
      fmt::format_to(std::back_inserter(text),
                     "normal,2022-08-22,03_53,{},{},{},{}-668d5f85fb-wckp8,{},", trace, span.id,
                     span.parent, span.service, span.service);
      fmt::format_to(std::back_inserter(text), "hipstershop.{}/GetProduct,{},{}\n", span.service,
                     span.start, span.duration);
    });
    return text;
  }

  // For the encodings of encoded_spans.h.
  static std::vector<trimtab::Span> Spans(int traces) {
    std::vector<trimtab::Span> spans;
    ForEachSpan(traces, [&spans](int trace, const Span& span) {
      const std::uint64_t id = 0x9e3779b97f4a7c15 * (static_cast<std::uint64_t>(trace) + 1);
      spans.push_back({.trace = {.high = ~id, .low = id},
                       .id = static_cast<std::uint64_t>(span.id) + 1,
                       .parent = static_cast<std::uint64_t>(span.parent + 1),
                       .service = span.service,
                       .pod = span.service + "-668d5f85fb-wckp8",
                       .operation = "hipstershop." + span.service + "/GetProduct",
                       .kind = SpanKindFromString(span.kind),
                       .start = Instant(std::chrono::microseconds(span.start)),
                       .duration = std::chrono::microseconds(span.duration),
                       .argument_classes = {}});
    });
    return spans;
  }

  // One answer of Jaeger.
  static std::string Json(int traces) {
    std::string text = "{\"data\":[";
    int open_trace = -1;
    ForEachSpan(traces, [&](int trace, const Span& span) {
      const std::string id = fmt::format("{:032x}", 0x9e3779b97f4a7c15 * (trace + 1ULL));
      if (trace != open_trace) {
        if (open_trace >= 0) text += Processes() + "},";
        fmt::format_to(std::back_inserter(text), "{{\"traceID\":\"{}\",\"spans\":[", id);
        open_trace = trace;
      } else {
        text += ',';
      }
      AppendJson(id, span, text);
    });
    return text + Processes() + "}],\"total\":0,\"limit\":0,\"offset\":0,\"errors\":null}";
  }

 private:
  struct Span {
    int id;
    int parent;
    int process;
    std::string service;
    std::int64_t start;
    std::int64_t duration;
    const char* kind;
  };
  static std::string ServiceName(int service) {
    return service == 0 ? "frontend" : fmt::format("productcatalogservice{}", service);
  }

  template <class Use>
  static void ForEachSpan(int traces, const Use& use) {
    std::mt19937_64 random(1);
    for (int trace = 0; trace < traces; ++trace) {
      std::int64_t now = 1'661'140'374'351'773 + 20'000LL * trace;
      const std::int64_t begin = now;
      int id = 1;
      for (int call = 1; call <= 10; ++call) {
        const auto took = static_cast<std::int64_t>(500 + random() % 3'000);
        const int client = id++;
        const int server = id++;
        use(trace, Span{client, 0, 0, ServiceName(0), now + 100, took + 400, "client"});
        use(trace, Span{server, client, call, ServiceName(call), now + 300, took, "server"});
        if (call % 2 == 0) {
          use(trace, Span{id++, server, call, ServiceName(call), now + 350, took / 3, "internal"});
          use(trace, Span{id++, server, call, ServiceName(call), now + 360, 30, "internal"});
        }
        now += took + 600;
      }
      use(trace, Span{0, -1, 0, ServiceName(0), begin, now - begin, "server"});
      // Two spans of the frontend's own complete the trace.
      use(trace, Span{id, 0, 0, ServiceName(0), begin + 10, 40, "internal"});
      use(trace, Span{id + 1, 0, 0, ServiceName(0), begin + 50, 40, "internal"});
    }
  }

  static void AppendJson(const std::string& trace, const Span& span, std::string& text) {
    fmt::format_to(std::back_inserter(text),
                   "{{\"traceID\":\"{0}\",\"spanID\":\"{1:016x}\",\"flags\":1,"
                   "\"operationName\":\"hipstershop.{2}/GetProduct\",\"references\":[",
                   trace, span.id + 1, span.service);
    if (span.parent >= 0) {
      fmt::format_to(std::back_inserter(text),
                     "{{\"refType\":\"CHILD_OF\",\"traceID\":\"{}\",\"spanID\":\"{:016x}\"}}",
                     trace, span.parent + 1);
    }
    fmt::format_to(
        std::back_inserter(text),
        "],\"startTime\":{},\"duration\":{},\"tags\":[{{\"key\":\"otel.library.name\",\"type\":"
        "\"string\",\"value\":\"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/"
        "otelgrpc\"}},{{\"key\":\"rpc.system\",\"type\":\"string\",\"value\":\"grpc\"}},{{\"key\":"
        "\"span.kind\",\"type\":\"string\",\"value\":\"{}\"}},{{\"key\":\"rpc.grpc.status_code\","
        "\"type\":\"int64\",\"value\":0}}],\"logs\":[],\"processID\":\"p{}\",\"warnings\":null}}",
        span.start, span.duration, span.kind, span.process);
  }

  static std::string Processes() {
    std::string text = "],\"processes\":{";
    for (int process = 0; process <= 10; ++process) {
      fmt::format_to(std::back_inserter(text),
                     "{}\"p{}\":{{\"serviceName\":\"{}\",\"tags\":[{{\"key\":\"hostname\",\"type\":"
                     "\"string\",\"value\":\"{}-668d5f85fb-wckp8\"}}]}}",
                     process > 0 ? "," : "", process, ServiceName(process), ServiceName(process));
    }
    return text + "},\"warnings\":null";
  }
};

}  // namespace trimtab::testing
