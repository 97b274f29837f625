#include "trimtab/operator/trace_hub.h"

#include <optional>
#include <utility>

#include "trimtab/tracing/span.h"

namespace trimtab {

TraceFilter TraceFilter::Of(const AppScaler& scaler) {
  TraceFilter filter{.entry_service = scaler.entry.service,
                     .operations = {scaler.entry.operations.begin(), scaler.entry.operations.end()},
                     .arguments = scaler.entry.arguments};
  for (const ScaledWorkload& workload : scaler.workloads) {
    for (const std::string& service : workload.service_names) {
      filter.microservice_of.emplace(service, workload.name);
    }
  }
  return filter;
}

class TraceHub::Subscription : public TraceSource {
 public:
  Subscription(TraceHub& hub, TraceFilter filter) : hub_(hub), filter_(std::move(filter)) {}
  ~Subscription() override { hub_.Close(this); }

  absl::Status Read(Instant now, const std::function<void(const Span&)>& sink) override {
    std::vector<Span> kept;
    {
      const std::scoped_lock lock(hub_.mutex_);
      if (absl::Status status = hub_.ReadShared(now); !status.ok()) return status;
      kept = std::exchange(kept_, {});
      ages_ = std::exchange(kept_ages_, {});
    }
    for (const Span& span : kept) sink(span);
    return absl::OkStatus();
  }

  double sampling_share() const override { return hub_.source_.sampling_share(); }

  SpanAccount account() const override {
    const std::scoped_lock lock(hub_.mutex_);
    SpanAccount account = hub_.source_.account();
    account.dropped += dropped_;
    return account;
  }

  std::vector<Duration> unfinished_ages() const override { return ages_; }
  std::optional<Duration> whole_after() const override { return hub_.source_.whole_after(); }

  // Under the hub's lock: what one reading of the source brought.
  void Take(const std::vector<Span>& spans, const std::vector<Duration>& ages) {
    std::set<TraceId> ours;
    for (const Span& span : spans) {
      if (IsReason(span)) ours.insert(span.trace);
    }
    for (const Span& span : spans) {
      if (!ours.contains(span.trace)) continue;
      if (kept_.size() >= hub_.most_kept_) {
        ++dropped_;
        continue;
      }
      kept_.push_back(span);
      std::string& classes = kept_.back().argument_classes;
      if (!classes.empty()) classes = filter_.arguments.Regrouped(classes);
      const auto name = filter_.microservice_of.find(span.service);
      if (name != filter_.microservice_of.end()) kept_.back().service = name->second;
    }
    constexpr std::size_t kMostAges = 100'000;
    for (const Duration age : ages) {
      if (kept_ages_.size() < kMostAges) kept_ages_.push_back(age);
    }
  }

  const ArgumentBins& arguments() const { return filter_.arguments; }

 private:
  // Whether the span makes its trace one of the application's.
  bool IsReason(const Span& span) const {
    if (filter_.operations.empty()) return filter_.microservice_of.contains(span.service);
    return span.service == filter_.entry_service && filter_.operations.contains(span.operation);
  }

  TraceHub& hub_;
  const TraceFilter filter_;
  std::vector<Span> kept_;           // guarded by hub_.mutex_
  std::vector<Duration> kept_ages_;  // guarded by hub_.mutex_
  std::uint64_t dropped_ = 0;        // guarded by hub_.mutex_
  std::vector<Duration> ages_;       // of the last Read()
};

std::unique_ptr<TraceSource> TraceHub::Open(TraceFilter filter) {
  auto subscription = std::make_unique<Subscription>(*this, std::move(filter));
  const std::scoped_lock lock(mutex_);
  subscriptions_.insert(subscription.get());
  TellWish();
  return subscription;
}

void TraceHub::Close(Subscription* subscription) {
  const std::scoped_lock lock(mutex_);
  subscriptions_.erase(subscription);
  TellWish();
}

void TraceHub::TellWish() {
  if (!wish_) return;
  std::vector<ArgumentBins> all;
  for (const Subscription* subscription : subscriptions_) all.push_back(subscription->arguments());
  wish_(ArgumentBins::Merged(all));
}

// A source that failed half-way hands out the rest the next time: what came is passed on.
absl::Status TraceHub::ReadShared(Instant now) {
  if (now <= read_until_) return absl::OkStatus();
  std::vector<Span> spans;
  const absl::Status status =
      source_.Read(now, [&spans](const Span& span) { spans.push_back(span); });
  const std::vector<Duration> ages = source_.unfinished_ages();
  for (Subscription* subscription : subscriptions_) subscription->Take(spans, ages);
  if (status.ok()) read_until_ = now;
  return status;
}

}  // namespace trimtab
