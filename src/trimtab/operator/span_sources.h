// Where the spans of applications come from: an OTLP receiver for all, or Jaeger for each.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/clock/clock.h"
#include "trimtab/operator/trace_hub.h"
#include "trimtab/server/otlp_receiver.h"
#include "trimtab/server/span_forwarder.h"
#include "trimtab/telemetry/own_metrics.h"
#include "trimtab/tracing/trace_source.h"

namespace trimtab {

struct SpanSourceOptions {
  std::string jaeger_url{};                            // asked where it is not empty
  Duration look_back{0};                               // how much of the past Jaeger is asked for
  Duration jaeger_timeout = std::chrono::seconds(10);  // of one question
  std::vector<ListenAddress> otlp{};                   // received otherwise
  Duration settle_delay = std::chrono::seconds(10);
  double sampling_share = 1;
  Bytes memory_bound = SpanInbox::Options{}.memory_bound;  // of the spans that wait
  SocketServerOptions sockets{};
  std::optional<ForwardOptions> forwarding{};  // to who leads

  // kInvalidArgument: a URL that is none, or nothing to read spans from.
  absl::Status Validate() const;
};

// Thread-safety: every method from any thread.
class SpanSources {
 public:
  // `clock` must outlive it. Errors as SpanSourceOptions::Validate() and OtlpReceiver::Start().
  static absl::StatusOr<std::unique_ptr<SpanSources>> Start(SpanSourceOptions options,
                                                            const Clock& clock);

  // The spans of one application, services named as its microservices. It must not outlive this.
  std::unique_ptr<TraceSource> Open(const AppScaler& scaler);

  // Keep what is received from now on; or send it on to the leader there, nowhere where the URL is
  // empty. Without forwarding neither does anything.
  void Lead();
  void Follow(const std::string& leader);

  // Where spans are received, in the order of the addresses; none where Jaeger is asked.
  std::vector<std::uint16_t> otlp_ports() const;

  // Puts what was received and refused so far.
  void Measure(OwnMetrics& metrics) const;

 private:
  SpanSources(SpanSourceOptions options, const Clock& clock)
      : options_(std::move(options)), clock_(clock) {}

  const SpanSourceOptions options_;
  const Clock& clock_;
  std::unique_ptr<OtlpReceiver> receiver_;
  std::unique_ptr<TraceHub> hub_;  // over the receiver
};

}  // namespace trimtab
