// What a receiver of OTLP answers to a request: the protocol, without sockets.
#pragma once

#include <cstddef>

#include "trimtab/clock/clock.h"
#include "trimtab/server/served_message.h"
#include "trimtab/server/span_inbox.h"

namespace trimtab {

// OTLP over HTTP, `POST /v1/traces` in protobuf or JSON, plain or gzip, and over gRPC,
// `opentelemetry.proto.collector.trace.v1.TraceService/Export`:
//
//   taken                     200, an empty message, or partial_success with what was lost and why
//   no request of OTLP        400 with a Status; INVALID_ARGUMENT
//   no room now               503 with Retry-After; UNAVAILABLE with RetryInfo
//   body above the bound      413; RESOURCE_EXHAUSTED. Also after decompression
//   other path, method, type  404, 405, 415; UNIMPLEMENTED
// Thread-safety: as SpanInbox.
class OtlpService {
 public:
  struct Options {
    std::size_t largest_body = std::size_t{20} << 20;  // what the specification recommends
    Duration retry_after = std::chrono::seconds(2);
  };

  // Both must outlive the object.
  OtlpService(SpanInbox& inbox, const Clock& clock, Options options)
      : inbox_(inbox), clock_(clock), options_(options) {}

  ServedAnswer Answer(ServedRequest request);

 private:
  ServedAnswer AnswerHttp(ServedRequest request);
  ServedAnswer AnswerGrpc(ServedRequest request);

  SpanInbox& inbox_;
  const Clock& clock_;
  Options options_;
};

}  // namespace trimtab
