// Port `MetricSource` of the simulated cluster.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "trimtab/monitoring/metric_source.h"
#include "trimtab/simulation/event_loop.h"
#include "trimtab/simulation/host_counters.h"

namespace trimtab {

// The counters of every container and host at each scrape, visible `lag` later and kept for
// `retention`. Scraping reads without settling anything, so it changes no latency.
// Cost: 100 bytes a container and scrape kept.
class SimulatedMetrics : public MetricSource {
 public:
  // `loop` must outlive it.
  SimulatedMetrics(EventLoop& loop, Duration lag, Duration retention)
      : loop_(loop), lag_(lag.count()), retention_(retention.count()) {}

  // Containers and their limits are those of the latest visible scrape; before the first one there
  // are none. All hosts are listed.
  absl::StatusOr<MetricSnapshot> Read(Instant now, Duration window) override;

  // Events kScrape.
  void Scrape();

 private:
  struct ContainerScrape {
    std::uint32_t microservice;
    std::uint32_t ordinal;
    std::uint32_t host;
    bool ready;
    ContainerConfig limits;
    double cpu_seconds;
    double memory;
    double requests;
    double traffic;
    double network;
  };
  struct Record {
    SimNanos at;
    double requests;
    std::vector<ContainerScrape> containers;  // by (microservice, ordinal)
    std::vector<HostCounters> hosts;
  };

  static void Append(const Record& record, MetricSnapshot& snapshot,
                     const std::vector<ContainerScrape>& known);
  void Describe(const Record& latest, MetricSnapshot& snapshot) const;

  EventLoop& loop_;
  SimNanos lag_;
  SimNanos retention_;
  std::deque<Record> records_;
};

}  // namespace trimtab
