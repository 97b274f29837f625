#include "trimtab/operator/metered_sources.h"

#include <algorithm>

#include "absl/status/status.h"

namespace trimtab {

void SourceMeter::Tell(Instant begin, const absl::Status& status) const {
  const Instant end = clock.Now();
  metrics.Record(OwnMetric::kSourceRequest, {source}, InSeconds(end - begin));
  metrics.Set(OwnMetric::kSourceUp, {source}, status.ok() ? 1 : 0);
  if (status.ok()) {
    metrics.Set(OwnMetric::kSourceLastSuccess, {source}, InSeconds(end.time_since_epoch()));
  } else {
    metrics.Raise(OwnMetric::kSourceErrors, {source, absl::StatusCodeToString(status.code())});
  }
}

void WatchMeter::Tell(Instant now, const std::vector<WatchAge>& ages, const absl::Status& health) {
  constexpr const char* kSource = "kubernetes";
  metrics_.Set(OwnMetric::kSourceUp, {kSource}, health.ok() ? 1 : 0);
  Duration oldest{};
  for (const WatchAge& watch : ages) {
    if (!watch.is_needed) continue;
    oldest = std::max(oldest, watch.age);
    absl::StatusCode& before = failing_[watch.collection];
    const absl::StatusCode code = watch.error.code();
    if (code != absl::StatusCode::kOk && code != before) {
      metrics_.Raise(OwnMetric::kSourceErrors, {kSource, absl::StatusCodeToString(code)});
    }
    before = code;
  }
  metrics_.Set(OwnMetric::kSourceLastSuccess, {kSource},
               InSeconds((now - oldest).time_since_epoch()));
}

absl::StatusOr<MetricSnapshot> MeteredMetricSource::Read(Instant now, Duration window) {
  const Instant begin = meter_.clock.Now();
  auto snapshot = source_.Read(now, window);
  meter_.Tell(begin, snapshot.status());
  return snapshot;
}

absl::Status MeteredTraceSource::Read(Instant now, const std::function<void(const Span&)>& sink) {
  const Instant begin = meter_.clock.Now();
  const absl::Status status = source_->Read(now, sink);
  meter_.Tell(begin, status);
  return status;
}

}  // namespace trimtab
