// What a receiver of OTLP answers to a request: the protocol, without sockets.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

#include "trimtab/clock/clock.h"
#include "trimtab/server/served_message.h"
#include "trimtab/server/span_forwarder.h"
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
//
// A replica that does not lead hands requests on to the one that does, as they are, and the
// leader's answers back: of OTLP over HTTP also to those who asked by gRPC. Where that cannot be
// done, and for a request that another replica has handed on, the answer is that there is no room
// now. Thread-safety: as SpanInbox.
class OtlpService {
 public:
  struct Options {
    std::size_t largest_body = std::size_t{20} << 20;  // what the specification recommends
    Duration retry_after = std::chrono::seconds(2);
  };

  // All must outlive the object, and `forwarder`, which may be null, what it has been handed.
  OtlpService(SpanInbox& inbox, const Clock& clock, Options options,
              SpanForwarder* forwarder = nullptr)
      : inbox_(inbox), clock_(clock), options_(options), forwarder_(forwarder) {}

  ServedReply Answer(ServedRequest request);

  // At first it does.
  void set_leads(bool leads) { leads_ = leads; }

 private:
  ServedReply AnswerHttp(ServedRequest request);
  ServedReply AnswerGrpc(ServedRequest request);
  // Hands it on; `finish` makes the answer of the outcome.
  ServedReply Forward(const ServedRequest& received, ForwardRequest request,
                      std::function<ServedAnswer(ForwardOutcome)> finish);

  SpanInbox& inbox_;
  const Clock& clock_;
  Options options_;
  SpanForwarder* forwarder_;
  std::atomic<bool> leads_ = true;
};

}  // namespace trimtab
