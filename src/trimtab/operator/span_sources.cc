#include "trimtab/operator/span_sources.h"

#include <utility>

#include "absl/status/status.h"
#include "trimtab/http/http_client.h"
#include "trimtab/http/url.h"
#include "trimtab/operator/loop_pulses.h"
#include "trimtab/tracing/jaeger_source.h"

namespace trimtab {
namespace {

// Jaeger asked about one application's entry, and its answers named as the application names them.
class JaegerSpans : public TraceSource {
 public:
  JaegerSpans(std::shared_ptr<HttpClient> http, const std::string& url, const AppScaler& scaler,
              const SpanSourceOptions& options, Instant begin)
      : source_(JaegerQuery(
                    [http = std::move(http), url,
                     timeout = options.jaeger_timeout](const std::string& target) {
                      LoopPulses::Beat();
                      return http->Send({.url = url + target, .timeout = timeout});
                    },
                    {.service = scaler.entry.service, .arguments = scaler.entry.arguments}),
                {.settle_delay = options.settle_delay, .sampling_share = options.sampling_share},
                begin),
        hub_(source_),
        spans_(hub_.Open(TraceFilter::Of(scaler))) {}

  absl::Status Read(Instant now, const std::function<void(const Span&)>& sink) override {
    return spans_->Read(now, sink);
  }
  double sampling_share() const override { return spans_->sampling_share(); }
  std::optional<Duration> whole_after() const override { return spans_->whole_after(); }
  SpanAccount account() const override { return spans_->account(); }
  std::vector<Duration> unfinished_ages() const override { return spans_->unfinished_ages(); }

 private:
  JaegerSource source_;
  TraceHub hub_;
  std::unique_ptr<TraceSource> spans_;
};

// Where Jaeger cannot even be asked.
class NoSpans : public TraceSource {
 public:
  explicit NoSpans(absl::Status why) : why_(std::move(why)) {}
  absl::Status Read(Instant, const std::function<void(const Span&)>&) override { return why_; }
  double sampling_share() const override { return 1; }

 private:
  const absl::Status why_;
};

}  // namespace

absl::Status SpanSourceOptions::Validate() const {
  if (!jaeger_url.empty()) return ParseUrl(jaeger_url).status();
  if (!otlp.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "there is nothing to read spans from: give --listen-otlp or --jaeger-url");
}

absl::StatusOr<std::unique_ptr<SpanSources>> SpanSources::Start(SpanSourceOptions options,
                                                                const Clock& clock) {
  if (absl::Status valid = options.Validate(); !valid.ok()) return valid;
  while (options.jaeger_url.ends_with('/')) options.jaeger_url.pop_back();
  auto sources = std::unique_ptr<SpanSources>(new SpanSources(std::move(options), clock));
  if (!sources->options_.jaeger_url.empty()) return sources;
  OtlpReceiverOptions receiver;
  receiver.inbox.settle_delay = sources->options_.settle_delay;
  receiver.inbox.sampling_share = sources->options_.sampling_share;
  receiver.inbox.memory_bound = sources->options_.memory_bound;
  receiver.sockets = sources->options_.sockets;
  receiver.forwarding = sources->options_.forwarding;
  auto started = OtlpReceiver::Start(sources->options_.otlp, clock, receiver);
  if (!started.ok()) return started.status();
  sources->receiver_ = *std::move(started);
  sources->hub_ = std::make_unique<TraceHub>(
      sources->receiver_->inbox(), [inbox = &sources->receiver_->inbox()](ArgumentBins arguments) {
        inbox->SetArguments(std::move(arguments));
      });
  return sources;
}

std::unique_ptr<TraceSource> SpanSources::Open(const AppScaler& scaler) {
  if (hub_ != nullptr) return hub_->Open(TraceFilter::Of(scaler));
  auto http = HttpClient::Create({});
  if (!http.ok()) return std::make_unique<NoSpans>(http.status());
  return std::make_unique<JaegerSpans>(std::shared_ptr<HttpClient>(*std::move(http)),
                                       options_.jaeger_url, scaler, options_,
                                       clock_.Now() - options_.look_back);
}

void SpanSources::Lead() {
  if (receiver_ != nullptr && options_.forwarding) receiver_->Lead();
}

void SpanSources::Follow(const std::string& leader) {
  if (receiver_ != nullptr && options_.forwarding) receiver_->Follow(leader);
}

std::vector<std::uint16_t> SpanSources::otlp_ports() const {
  return receiver_ == nullptr ? std::vector<std::uint16_t>() : receiver_->ports();
}

void SpanSources::Measure(OwnMetrics& metrics) const {
  if (receiver_ == nullptr) return;
  const SpanAccount account = receiver_->inbox().account();
  metrics.SetTotal(OwnMetric::kSpansReceived, {}, static_cast<double>(account.received));
  for (const auto& [reason, count] : receiver_->inbox().refused_by_reason()) {
    metrics.SetTotal(OwnMetric::kSpansRejected, {reason}, static_cast<double>(count));
  }
  for (const auto& [reason, count] :
       {std::pair("no room", account.dropped), std::pair("late", account.late)}) {
    metrics.SetTotal(OwnMetric::kSpansRejected, {reason}, static_cast<double>(count));
  }
  for (const auto& [reason, count] : {std::pair("overloaded", account.deferred_requests),
                                      std::pair("unreadable", account.bad_requests)}) {
    metrics.SetTotal(OwnMetric::kRequestsRefused, {reason}, static_cast<double>(count));
  }
  metrics.SetTotal(OwnMetric::kTracesIncomplete, {"otlp"}, static_cast<double>(account.unfinished));
}

}  // namespace trimtab
