// The messages with which a receiver of OTLP answers.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "trimtab/quantity/time.h"
#include "trimtab/server/span_inbox.h"

namespace trimtab {

// ExportTraceServiceResponse. In protobuf it is empty when nothing was lost; in JSON
// `{"partialSuccess":{}}`.
std::string ResponseBody(const SpanInbox::Receipt& receipt, SpanInbox::Encoding encoding);

// google.rpc.Status. `retry` adds a RetryInfo, which tells a sender to come back then; in JSON it
// is left out, as the header Retry-After says the same.
std::string StatusBody(const absl::Status& status, SpanInbox::Encoding encoding,
                       Duration retry = Duration(0));

// As a header of gRPC carries a message: everything but printable ASCII, and '%', as %XX.
std::string GrpcMessage(std::string_view message);

// A message with the five bytes that gRPC puts before it.
std::string GrpcFrame(std::string_view message);

// The one message of a unary call of gRPC as it was sent. kInvalidArgument when there is not
// exactly one, kUnimplemented for a compression other than gzip. `may_be_gzip`: the call has said
// so.
struct GrpcPayload {
  std::string bytes;
  bool is_gzip = false;
};
absl::StatusOr<GrpcPayload> UnframeGrpc(std::string body, bool may_be_gzip);

// The same, decompressed. Errors as UnframeGrpc() and Gunzip().
absl::StatusOr<std::string> TakeGrpcMessage(std::string body, bool may_be_gzip,
                                            std::size_t most_bytes);

}  // namespace trimtab
