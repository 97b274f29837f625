// Sources that tell the own metrics how asking them went.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "trimtab/clock/clock.h"
#include "trimtab/cluster/cluster_watch.h"
#include "trimtab/monitoring/metric_source.h"
#include "trimtab/telemetry/own_metrics.h"
#include "trimtab/tracing/trace_source.h"

namespace trimtab {

// What is asked, and where that is told. Both must outlive the source.
struct SourceMeter {
  std::string source{};  // "prometheus", "jaeger", "otlp"
  const Clock& clock;
  OwnMetrics& metrics;

  // One request that began at `begin` and ends now.
  void Tell(Instant begin, const absl::Status& status) const;
};

// Tells of the API server as of a source, "kubernetes": whether what its watches brought may be
// decided on, when the oldest of them was last answered, and each watch that begins to fail.
// Thread-safety: one caller at a time.
class WatchMeter {
 public:
  explicit WatchMeter(OwnMetrics& metrics) : metrics_(metrics) {}
  void Tell(Instant now, const std::vector<WatchAge>& ages, const absl::Status& health);

 private:
  OwnMetrics& metrics_;
  std::map<std::string, absl::StatusCode> failing_;  // by collection
};

// Hands calls on. Thread-safety: as the source.
class MeteredMetricSource : public MetricSource {
 public:
  // `source` must outlive it.
  MeteredMetricSource(MetricSource& source, SourceMeter meter)
      : source_(source), meter_(std::move(meter)) {}

  absl::StatusOr<MetricSnapshot> Read(Instant now, Duration window) override;

 private:
  MetricSource& source_;
  const SourceMeter meter_;
};

class MeteredTraceSource : public TraceSource {
 public:
  MeteredTraceSource(std::unique_ptr<TraceSource> source, SourceMeter meter)
      : source_(std::move(source)), meter_(std::move(meter)) {}

  absl::Status Read(Instant now, const std::function<void(const Span&)>& sink) override;
  double sampling_share() const override { return source_->sampling_share(); }
  std::optional<Duration> whole_after() const override { return source_->whole_after(); }
  SpanAccount account() const override { return source_->account(); }
  std::vector<Duration> unfinished_ages() const override { return source_->unfinished_ages(); }

 private:
  const std::unique_ptr<TraceSource> source_;
  const SourceMeter meter_;
};

}  // namespace trimtab
