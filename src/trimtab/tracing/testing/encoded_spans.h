// The same spans as the bytes of each protocol: for tests and benchmarks.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <protozero/pbf_writer.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "trimtab/tracing/span.h"

namespace trimtab::testing {

// Times in microseconds, which is what Jaeger's own JSON can say; names without quotes. Attributes
// that no reader wants are written too, as real SDKs do.
class EncodedSpans {
 public:
  explicit EncodedSpans(std::span<const Span> spans) {
    for (const Span& span : spans) {
      by_resource_[{span.service, span.pod}].push_back(&span);
      by_trace_[span.trace].push_back(&span);
    }
  }

  // An ExportTraceServiceRequest.
  std::string OtlpProtobuf() const {
    std::string request;
    protozero::pbf_writer writer(request);
    for (const auto& [resource, spans] : by_resource_) {
      protozero::pbf_writer of_resource(writer, 1);
      {
        protozero::pbf_writer attributes(of_resource, 1);
        WriteAttribute(attributes, 1, "service.name", resource.first);
        WriteAttribute(attributes, 1, "k8s.pod.name", resource.second);
        WriteAttribute(attributes, 1, "telemetry.sdk.language", "go");
      }
      protozero::pbf_writer scope(of_resource, 2);
      {
        protozero::pbf_writer name(scope, 1);
        name.add_string(1, "go.opentelemetry.io/contrib/instrumentation");
      }
      for (const Span* span : spans) WriteSpan(scope, *span);
    }
    return request;
  }

  std::string OtlpJson() const {
    std::string text = "{\"resourceSpans\":[";
    for (const auto& [resource, spans] : by_resource_) {
      if (text.back() != '[') text += ',';
      fmt::format_to(std::back_inserter(text),
                     R"({{"resource":{{"attributes":[)"
                     R"({{"key":"service.name","value":{{"stringValue":"{}"}}}},)"
                     R"({{"key":"process.pid","value":{{"intValue":"7"}}}},)"
                     R"({{"key":"k8s.pod.name","value":{{"stringValue":"{}"}}}}]}},)"
                     R"("scopeSpans":[{{"scope":{{"name":"go.opentelemetry.io"}},"spans":[)",
                     resource.first, resource.second);
      for (const Span* span : spans) {
        if (text.back() != '[') text += ',';
        AppendOtlpJson(*span, text);
      }
      text += "]}]}";
    }
    return text + "]}";
  }

  // An answer of Jaeger's `/api/v3/traces`: spans of all traces, by resource.
  std::string JaegerV3() const { return "{\"result\":" + OtlpJson() + "}"; }

  // An answer of Jaeger's `/api/traces`.
  std::string JaegerV1() const {
    std::string text = "{\"data\":[";
    for (const auto& [trace, spans] : by_trace_) {
      if (text.back() != '[') text += ',';
      fmt::format_to(std::back_inserter(text), R"({{"traceID":"{}","spans":[)", Hex(trace));
      for (const Span* span : spans) {
        if (text.back() != '[') text += ',';
        AppendJaegerJson(*span, text);
      }
      text += "],\"processes\":{";
      int process = 0;
      for (const auto& [resource, unused] : by_resource_) {
        fmt::format_to(std::back_inserter(text),
                       R"({}"p{}":{{"serviceName":"{}","tags":[{{"key":"k8s.pod.name",)"
                       R"("type":"string","value":"{}"}}]}})",
                       process == 0 ? "" : ",", process, resource.first, resource.second);
        ++process;
      }
      text += "},\"warnings\":null}";
    }
    return text + "],\"total\":0,\"limit\":0,\"offset\":0,\"errors\":null}";
  }

 private:
  static std::string Hex(const TraceId& trace) {
    return fmt::format("{:016x}{:016x}", trace.high, trace.low);
  }
  static std::int64_t Nanoseconds(Instant time) { return time.time_since_epoch().count(); }
  static std::int64_t Microseconds(Duration time) { return time.count() / 1000; }

  static void WriteAttribute(protozero::pbf_writer& to, protozero::pbf_tag_type tag,
                             std::string_view key, std::string_view value) {
    protozero::pbf_writer attribute(to, tag);
    attribute.add_string(1, key.data(), key.size());
    protozero::pbf_writer any(attribute, 2);
    any.add_string(1, value.data(), value.size());
  }

  static std::string BigEndian(std::uint64_t word) {
    std::string bytes;
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(word >> shift & 0xff);
    return bytes;
  }

  static void WriteSpan(protozero::pbf_writer& scope, const Span& span) {
    protozero::pbf_writer message(scope, 2);
    message.add_bytes(1, BigEndian(span.trace.high) + BigEndian(span.trace.low));
    message.add_bytes(2, BigEndian(span.id));
    if (span.parent != 0) message.add_bytes(4, BigEndian(span.parent));
    message.add_string(5, span.operation);
    message.add_enum(6, static_cast<std::int32_t>(span.kind));
    message.add_fixed64(7, static_cast<std::uint64_t>(Nanoseconds(span.start)));
    message.add_fixed64(8, static_cast<std::uint64_t>(Nanoseconds(span.start + span.duration)));
    WriteAttribute(message, 9, "rpc.system", "grpc");
    WriteAttribute(message, 9, "rpc.method", "GetProduct");
    WriteAttribute(message, 9, "net.peer.name", "productcatalogservice");
    if (span.is_error) {
      protozero::pbf_writer status(message, 15);
      status.add_string(2, "deadline exceeded");
      status.add_enum(3, 2);
    }
    message.add_fixed32(16, 0x101);
  }

  static void AppendOtlpJson(const Span& span, std::string& text) {
    fmt::format_to(std::back_inserter(text), R"({{"traceId":"{}","spanId":"{:016x}",)",
                   Hex(span.trace), span.id);
    if (span.parent != 0) {
      fmt::format_to(std::back_inserter(text), R"("parentSpanId":"{:016x}",)", span.parent);
    }
    fmt::format_to(
        std::back_inserter(text),
        R"("name":"{}","kind":{},"startTimeUnixNano":"{}","endTimeUnixNano":"{}",)"
        R"("attributes":[{{"key":"rpc.system","value":{{"stringValue":"grpc"}}}},)"
        R"({{"key":"rpc.grpc.status_code","value":{{"intValue":"0"}}}}],"status":{{{}}}}})",
        span.operation, static_cast<int>(span.kind), Nanoseconds(span.start),
        Nanoseconds(span.start + span.duration),
        span.is_error ? R"("message":"deadline exceeded","code":2)" : "");
  }

  void AppendJaegerJson(const Span& span, std::string& text) const {
    static constexpr const char* kKinds[] = {"",       "internal", "server",
                                             "client", "producer", "consumer"};
    fmt::format_to(std::back_inserter(text),
                   R"({{"traceID":"{}","spanID":"{:016x}","operationName":"{}","references":[)",
                   Hex(span.trace), span.id, span.operation);
    if (span.parent != 0) {
      fmt::format_to(std::back_inserter(text),
                     R"({{"refType":"CHILD_OF","traceID":"{}","spanID":"{:016x}"}})",
                     Hex(span.trace), span.parent);
    }
    const auto process = by_resource_.find({span.service, span.pod});
    fmt::format_to(std::back_inserter(text),
                   R"(],"startTime":{},"duration":{},"tags":[{{"key":"span.kind",)"
                   R"("type":"string","value":"{}"}}{}],"logs":[],"processID":"p{}"}})",
                   Microseconds(span.start.time_since_epoch()), Microseconds(span.duration),
                   kKinds[static_cast<std::size_t>(span.kind)],
                   span.is_error ? R"(,{"key":"error","type":"bool","value":true})" : "",
                   std::distance(by_resource_.begin(), process));
  }

  std::map<std::pair<std::string, std::string>, std::vector<const Span*>> by_resource_;
  std::map<TraceId, std::vector<const Span*>> by_trace_;
};

}  // namespace trimtab::testing
