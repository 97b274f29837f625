// Port `Actuator`: the hand on a world's replicas and container sizes.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/application/ids.h"

namespace trimtab {

// What a world was asked for and how far it is.
struct MicroserviceState {
  MicroserviceAllocation desired;
  int ready = 0;
  int pending = 0;
  int draining = 0;
  int resizing = 0;    // containers whose size is not yet the desired one
  std::string reason;  // why something is stuck: "unschedulable: no host has 500m cpu free"
  bool Effective() const { return ready == desired.replicas && pending == 0 && resizing == 0; }
};

struct AllocationChange {
  MicroserviceId microservice;
  MicroserviceAllocation from;  // what the planner believed to be desired
  MicroserviceAllocation to;
};

// Accepted is not effective: a change takes time, and State() says how far it is.
// Thread-safety: one caller at a time.
class Actuator {
 public:
  virtual ~Actuator() = default;

  // Indexed by MicroserviceId. kUnavailable when the world cannot be reached.
  virtual absl::StatusOr<std::vector<MicroserviceState>> State() = 0;

  // Asks for one change. kAborted when the desired allocation is not `change.from` any more (the
  // plan is stale), kInvalidArgument when the world forbids it (memory below what is in use),
  // kUnavailable when it cannot be reached. Nothing changes on an error.
  virtual absl::Status Apply(const AllocationChange& change) = 0;
};

}  // namespace trimtab
