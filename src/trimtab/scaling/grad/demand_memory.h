// What an application is going to ask for, from what it has asked for lately.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "trimtab/application/interference.h"
#include "trimtab/monitoring/observation.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct DemandMemoryOptions {
  // Load, interference and CPU per request are planned for at their largest within this long: a
  // change takes effect for at least as long as a replica takes to start (paper note G29).
  Duration horizon = std::chrono::minutes(4);
  // And the load this share above that.
  double load_margin = 0.1;
};

// Grad plans for the observed instant. A plan that fits it exactly is too small as soon as the load
// moves on, and a microservice that has collapsed shows no demand at all: its queue is killed, its
// callees see nothing, and nothing looks short. So `corrected` plans for a foreseen observation:
//   arrival rate      the larger of the measured one and the application's load, which the entry's
//                     counter knows even when nothing answers, times the visits a request has made
//                     while all was well;
//   CPU per request   the largest within the horizon, from windows in which requests were served;
//   interference      of each container, as much higher as the mean of its microservice has been.
// A microservice whose containers are all down is planned for as if they were ready.
// Deterministic: a function of the observations so far. Thread-safety: none.
class DemandMemory {
 public:
  explicit DemandMemory(DemandMemoryOptions options) : options_(options) {}

  // Takes note of `seen` and returns what to plan for. Missing stays missing.
  Observation Foresee(const Observation& seen);

 private:
  struct Noted {
    Instant at;
    std::optional<double> arrival_rate;     // requests/s
    std::optional<double> cpu_per_request;  // core-seconds
    Interference interference;              // the mean of its containers
  };
  struct Microservice {
    std::deque<Noted> notes;       // within the horizon, oldest first
    std::optional<double> visits;  // a request of the application, averaged over good windows
  };
  struct LoadNote {
    Instant at;
    double load;
  };

  Noted Note(const Observation& seen, const MicroserviceObservation& of) const;
  void Learn(const Observation& seen);
  double HighestLoad() const;

  DemandMemoryOptions options_;
  std::deque<LoadNote> loads_;
  std::vector<Microservice> microservices_;
};

}  // namespace trimtab
