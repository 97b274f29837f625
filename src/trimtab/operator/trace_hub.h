// One source of spans for several applications.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/tracing/argument_bins.h"
#include "trimtab/tracing/trace_source.h"

namespace trimtab {

// Which traces are an application's, and what its services are called.
struct TraceFilter {
  std::map<std::string, std::string, std::less<>> microservice_of{};  // by service name
  std::string entry_service{};
  std::set<std::string, std::less<>> operations{};  // of the entry; empty: all
  ArgumentBins arguments{};                         // of its requests

  static TraceFilter Of(const AppScaler& scaler);
};

// Hands each application the whole traces that have a span of one of its services, with services
// named as its microservices and its own classes of arguments; foreign spans of such a trace stay
// in it, or its calls would be cut. Reads the shared source when the first of the applications asks
// for a moment; what it brings the others is kept for them up to a bound, beyond which it is
// dropped and counted. Thread-safety: applications may be opened, read and closed from any threads.
class TraceHub {
 public:
  // Told which attributes are arguments for any of the applications, when that changes.
  using Wish = std::function<void(ArgumentBins)>;

  // `source` must outlive the hub.
  explicit TraceHub(TraceSource& source, Wish wish = {}, std::size_t most_kept = 500'000)
      : source_(source), wish_(std::move(wish)), most_kept_(most_kept) {}

  // The application's source; it must not outlive the hub.
  std::unique_ptr<TraceSource> Open(TraceFilter filter);

 private:
  class Subscription;
  absl::Status ReadShared(Instant now);
  void Close(Subscription* subscription);
  void TellWish();

  TraceSource& source_;
  const Wish wish_;
  const std::size_t most_kept_;
  std::mutex mutex_;  // guards all below, and the source
  Instant read_until_{Duration::min()};
  std::set<Subscription*> subscriptions_;
};

}  // namespace trimtab
