// Spans of a running system, for a command line: received by OTLP, or asked of Jaeger.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/listener_tls.h"
#include "trimtab/quantity/time.h"
#include "trimtab/tracing/argument_bins.h"
#include "trimtab/tracing/name_table.h"
#include "trimtab/tracing/skip_log.h"
#include "trimtab/tracing/span_record.h"

namespace trimtab {

struct LiveSpans {
  std::vector<std::string> listen;  // addresses
  ListenerTls tls{};
  Duration listen_for{0};
  std::string jaeger;  // URL
  std::string jaeger_api = "v1";
  std::string service;
  Duration last = std::chrono::minutes(10);
  ArgumentBins arguments{};

  bool is_listening() const { return !listen.empty(); }
  bool is_asking() const { return !jaeger.empty(); }
};

// --listen and how (ListenerTls), --for, --jaeger, --jaeger-api, --service and --last; `values`
// must live until the command ran.
void DeclareLiveSpans(Arguments& arguments, LiveSpans* values);

// Hands on whole traces. Listening ends after --for or with Ctrl-C, which is then no failure; what
// was received, and every kind of loss, is told on `context.err`. Refused spans are in `skipped`.
// kInvalidArgument: an address, the values of TLS, a URL, or --jaeger without --service. Otherwise
// errors as OtlpReceiver::Start() and JaegerSource::Read().
absl::Status ReadLiveSpans(const LiveSpans& values, NameTable& names, SkipLog& skipped,
                           SpanSink& sink, Context& context);

}  // namespace trimtab
