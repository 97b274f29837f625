// What Jaeger's query service is asked, and the traces in what it answers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/http/http_message.h"
#include "trimtab/quantity/time.h"
#include "trimtab/tracing/argument_bins.h"
#include "trimtab/tracing/name_table.h"
#include "trimtab/tracing/skip_log.h"
#include "trimtab/tracing/span_record.h"

namespace trimtab {

enum class JaegerApi {
  kV1,  // /api/traces: times in microseconds; what every release answers
  kV3,  // /api/v3/traces: OTLP in JSON
};

// One GET: the target, "/api/services", in; the answer, of whatever status, out. Has its own
// deadline and bound on bytes (kResourceExhausted).
using JaegerGet = std::function<absl::StatusOr<HttpResponse>(const std::string& target)>;

// Traces with a span of the service that starts inside [begin, end).
struct JaegerWindow {
  Instant begin;
  Instant end;
};

struct JaegerPage {
  std::map<TraceId, std::vector<SpanRecord>> traces;
  // As many traces as were asked for, so that there may be more: Jaeger cuts without a word.
  bool is_full = false;
};

// Asks one Jaeger about one service. An answer that is empty, cut, not about traces or that reports
// errors is an error, never a page without traces.
// Thread-safety: none.
class JaegerQuery {
 public:
  struct Options {
    std::string service;
    JaegerApi api = JaegerApi::kV1;
    int limit = 1'000;  // traces of a page
    ArgumentBins arguments{};
  };

  JaegerQuery(JaegerGet get, Options options) : get_(std::move(get)), options_(options) {}

  // kUnavailable, kResourceExhausted and so on as the transport says; by status: kInvalidArgument
  // 400, kPermissionDenied 401 and 403, kNotFound 404, kUnavailable everything else. Names the
  // path.
  absl::StatusOr<JaegerPage> Traces(JaegerWindow window);

  // The services that Jaeger knows.
  absl::StatusOr<std::vector<std::string>> Services();

  const Options& options() const { return options_; }
  const NameTable& names() const { return names_; }
  // Spans and traces of answers that could not be used.
  const SkipLog& skipped() const { return skipped_; }

 private:
  std::string TracesTarget(JaegerWindow window) const;
  absl::StatusOr<std::string> Body(const std::string& target);

  JaegerGet get_;
  Options options_;
  NameTable names_;
  SkipLog skipped_;
};

}  // namespace trimtab
