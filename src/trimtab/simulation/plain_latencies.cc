#include "trimtab/simulation/plain_latencies.h"

#include <utility>

#include "trimtab/tracing/span_record.h"

namespace trimtab {

PlainLatencies::PlainLatencies(EventLoop& loop)
    : loop_(loop),
      traces_(loop, Duration(0), /*seed=*/0),
      assembler_({}, *this),
      seconds_(loop.state().scenario->microservices.size()) {
  for (std::size_t m = 0; m < seconds_.size(); ++m) {
    microservice_of_[names_.Intern(loop.state().scenario->microservices[m].name).value()] = m;
  }
}

absl::Status PlainLatencies::Read() {
  const Instant now = Instant(Duration(loop_.state().now));
  std::vector<TracedSpan> batch;
  const absl::Status read =
      traces_.Read(now, [&](const Span& span) { batch.push_back(Interned(span, names_)); });
  if (!read.ok()) return read;
  assembler_.Add(batch, now);
  assembler_.Settle(now);
  return absl::OkStatus();
}

std::vector<std::vector<double>> PlainLatencies::Take() {
  assembler_.Flush();
  return std::exchange(seconds_, std::vector<std::vector<double>>(seconds_.size()));
}

void PlainLatencies::AcceptTrace(const TraceId& /*trace*/, std::span<const SpanRecord> spans) {
  const TraceVisits* trace = builder_.Build(spans, names_);
  if (trace == nullptr) return;
  for (const Visit& visit : trace->visits) {
    const auto of = microservice_of_.find(visit.service.value());
    if (of == microservice_of_.end() || visit.plain_own_latency() <= Duration(0)) continue;
    seconds_[of->second].push_back(InSeconds(visit.plain_own_latency()));
  }
}

}  // namespace trimtab
