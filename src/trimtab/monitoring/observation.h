// One window of a world as a scaling policy sees it: traces and metrics joined.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "trimtab/application/allocation.h"
#include "trimtab/application/ids.h"
#include "trimtab/application/interference.h"
#include "trimtab/callgraph/call_tree.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// A measured value and how old it is.
template <class T>
struct Measured {
  T value{};
  Duration age{0};
};

struct ContainerObservation {
  std::string pod;
  HostId host;
  bool ready = false;
  ContainerConfig limits;
  std::optional<Measured<double>> cpu_usage;  // cores
  std::optional<Measured<Bytes>> memory_usage;
  std::optional<Measured<RequestsPerSecond>> container_load;
  Interference interference;                // by all others on its host, own use subtracted
  Duration interference_age{0};             // of the oldest value in it
  std::optional<Latency> own_latency_tail;  // P95 of this pod's own latency in the window
  bool warming_up = false;                  // ready so shortly that its use of CPU says nothing
  // Of the periods with work to do, those that a CPU quota cut short.
  std::optional<Measured<Ratio>> throttled = {};
};

struct MicroserviceObservation {
  MicroserviceAllocation desired;  // what was last asked of the world
  int ready = 0;
  int pending = 0;   // asked for and not yet ready
  int draining = 0;  // taken out of service and not yet gone
  std::vector<ContainerObservation> containers;
  std::optional<RequestsPerSecond> arrival_rate;  // Grad's Phi: sum over containers
  Duration arrival_rate_age{0};                   // of the oldest value in it
  std::optional<Latency> own_latency_tail;        // mean over pods of their P95 (Grad VI-A)
  // Mean time that callers wait for a visit beyond the visit itself: on the way, there and back.
  std::optional<Latency> transit;
  // The most memory of one container over a long look-back; absent: the source does not tell.
  std::optional<Bytes> memory_peak = {};

  bool WarmsUp() const {
    return std::ranges::any_of(containers, &ContainerObservation::warming_up);
  }
};

struct HostObservation {
  std::string name;
  Millicores allocatable_cpu;
  Bytes allocatable_memory;
  Millicores requested_cpu;  // by the containers of this application
  Bytes requested_memory;
  Interference interference;  // by everything but this application's containers
  Duration interference_age{0};
};

// The requests of one call graph among those that ended within the window.
struct GraphClassObservation {
  std::string id;  // of the multiplicity class: sixteen hexadecimal digits
  CallTree tree;   // over names of microservices
  std::int64_t traces = 0;
  double share = 0;                  // of all classified traces
  std::optional<double> attainment;  // share of them that ended within the SLA
};

// The requests of one class of arguments among them, as their entries were tagged.
struct ArgumentClassObservation {
  std::string name;  // "distance=4-6;seats=1"
  std::int64_t traces = 0;
};

struct Observation {
  Instant at;
  Duration window{0};
  std::vector<MicroserviceObservation> microservices;  // indexed by MicroserviceId
  std::vector<HostObservation> hosts;                  // indexed by HostId
  std::optional<RequestsPerSecond> application_load;
  Duration application_load_age{0};
  std::optional<Latency> measured_tail_latency;           // pooled P95 end to end of the window
  std::size_t tail_samples = 0;                           // traces behind it
  std::vector<GraphClassObservation> graph_classes = {};  // most frequent first, then by id
  std::vector<ArgumentClassObservation> argument_classes = {};  // by name; empty without tags
  // What is missing or too old, in words: such a window forbids scaling down.
  std::vector<std::string> gaps;
};

}  // namespace trimtab
