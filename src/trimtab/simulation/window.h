// What happened in one window of the simulated cluster, measured without sampling or delay.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trimtab/application/ids.h"
#include "trimtab/application/resource_price.h"
#include "trimtab/probability/log_histogram.h"
#include "trimtab/quantity/time.h"
#include "trimtab/simulation/request_log.h"

namespace trimtab {

// One replica in one window.
struct PodWindow {
  std::string pod;
  HostId host;
  std::uint64_t requests = 0;  // served
  Latency own_latency_p50{0};  // 0 without requests
  Latency own_latency_p95{0};
  double cpu_usage = 0;        // cores
  double throttled_share = 0;  // of the time
  double pool_full_share = 0;  // of the time no thread was free; 0 without a thread limit
};

struct MicroserviceWindow {
  std::vector<PodWindow> pods;  // that served at least one request, in order of creation
  Latency own_latency_p95{0};   // mean over the pods of their P95 (Grad VI-A)
  std::uint64_t requests = 0;
  double cpu_usage = 0;    // cores, all pods
  Bytes memory_usage;      // at the end of the window, all pods
  ResourceUnits units;     // mean of the limits, from creation to gone
  double mean_cores = 0;   // the same, apart
  double mean_memory = 0;  // bytes
  int ready = 0;           // at the end of the window
  int pending = 0;
  int draining = 0;
};

struct WindowRecord {
  Instant start;
  Instant end;
  // Pooled over the operations: requests that ended in the window, failures apart.
  LogHistogram end_to_end;  // nanoseconds
  Latency p50{0};           // 0 without requests
  Latency p95{0};
  Latency p99{0};
  std::uint64_t arrivals = 0;
  std::uint64_t requests = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t failures = 0;
  std::vector<OperationRecord> operations;        // by entry of the scenario
  std::vector<MicroserviceWindow> microservices;  // by MicroserviceId
  ResourceUnits units;                            // mean over the window, all microservices
  std::uint64_t events = 0;
};

}  // namespace trimtab
