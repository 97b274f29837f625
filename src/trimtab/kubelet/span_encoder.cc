#include "trimtab/kubelet/span_encoder.h"

#include <array>
#include <cstdint>
#include <map>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <utility>
#include <vector>

namespace trimtab {
namespace {

using protozero::pbf_writer;

// Field numbers of opentelemetry/proto/trace/v1/trace.proto.
constexpr int kResourceSpans = 1;
constexpr int kResource = 1;
constexpr int kScopeSpans = 2;
constexpr int kScope = 1;
constexpr int kSpans = 2;
constexpr int kStatusError = 2;

void WriteAttribute(pbf_writer& parent, int field, const std::string& key,
                    const std::string& value) {
  pbf_writer attribute(parent, field);
  attribute.add_string(1, key);
  pbf_writer text(attribute, 2);
  text.add_string(1, value);
}

// KeyValue{key: 1, value: 2 AnyValue{int_value: 3}}
void WriteAttribute(pbf_writer& parent, int field, const std::string& key, std::int64_t value) {
  pbf_writer attribute(parent, field);
  attribute.add_string(1, key);
  pbf_writer number(attribute, 2);
  number.add_int64(3, value);
}

void WriteArguments(pbf_writer& message, const RequestKind& kind,
                    const std::vector<ArgumentSpec>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const ArgumentSpec& argument = arguments[i];
    if (argument.classes.empty()) continue;
    const std::size_t which = kind.classes[i];
    WriteAttribute(message, 9, argument.name,
                   which == 0 ? argument.first : argument.classes[which - 1] + 1);
  }
}

void AddId(pbf_writer& span, int field, std::uint64_t high, std::uint64_t low, int bytes) {
  std::array<char, 16> id{};
  for (int i = 0; i < bytes; ++i) {
    const int shift = 8 * (bytes - 1 - i);
    const std::uint64_t word = shift >= 64 ? high : low;
    id[static_cast<std::size_t>(i)] = static_cast<char>(word >> (shift % 64) & 0xFFU);
  }
  span.add_bytes(field, id.data(), static_cast<std::size_t>(bytes));
}

// SpanKind of OTLP: unspecified, internal, server, client, producer, consumer, as ours.
int KindOf(SpanKind kind) { return static_cast<int>(kind); }

void WriteSpan(pbf_writer& scope, const SampledSpan& span, const ClusterState& state,
               std::span<const RequestKind> kinds, const SpanNames& names) {
  pbf_writer message(scope, kSpans);
  AddId(message, 1, names.run, span.trace, 16);
  AddId(message, 2, 0, span.id, 8);
  if (span.parent != 0) AddId(message, 4, 0, span.parent, 8);
  message.add_string(5, state.programs.endpoints[span.endpoint].name);
  message.add_enum(6, KindOf(span.kind));
  const auto at = [&](SimNanos time) {
    return static_cast<std::uint64_t>((names.origin.time_since_epoch() + Duration(time)).count());
  };
  message.add_fixed64(7, at(span.start));
  message.add_fixed64(8, at(span.end));
  if (span.request_kind != kNone) {
    WriteArguments(message, kinds[span.request_kind], state.scenario->arguments);
  }
  if (!span.failed) return;
  pbf_writer status(message, 15);
  status.add_enum(3, kStatusError);
}

}  // namespace

std::string EncodeSpans(std::span<const SampledSpan> spans, const ClusterState& state,
                        std::span<const RequestKind> kinds, const SpanNames& names) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<const SampledSpan*>> by_replica;
  for (const SampledSpan& span : spans) {
    by_replica[{span.microservice, span.ordinal}].push_back(&span);
  }
  std::string request;
  pbf_writer writer(request);
  for (const auto& [replica, of_replica] : by_replica) {
    pbf_writer resource_spans(writer, kResourceSpans);
    {
      pbf_writer resource(resource_spans, kResource);
      WriteAttribute(resource, 1, "service.name",
                     state.scenario->microservices[replica.first].name);
      WriteAttribute(resource, 1, "k8s.namespace.name", names.name_space);
      const std::string pod = names.pod(replica.first, replica.second);
      if (!pod.empty()) WriteAttribute(resource, 1, "k8s.pod.name", pod);
    }
    pbf_writer scope_spans(resource_spans, kScopeSpans);
    {
      pbf_writer scope(scope_spans, kScope);
      scope.add_string(1, "trimtab.simulation");
    }
    for (const SampledSpan* span : of_replica) {
      WriteSpan(scope_spans, *span, state, kinds, names);
    }
  }
  return request;
}

std::int64_t RejectedSpans(std::string_view response) {
  std::int64_t rejected = 0;
  try {
    protozero::pbf_reader message(response.data(), response.size());
    while (message.next(1)) {
      protozero::pbf_reader partial = message.get_message();
      while (partial.next(1)) rejected += partial.get_int64();
    }
  } catch (const protozero::exception&) {
    return 0;
  }
  return rejected > 0 ? rejected : 0;
}

}  // namespace trimtab
