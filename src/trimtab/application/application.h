// An application: the deployed bundle of microservices and the operations its users ask for.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/application/allocation.h"
#include "trimtab/application/ids.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// The promise: this quantile of the end-to-end latency stays at or below `latency`.
struct Sla {
  Latency latency{300.0};
  Quantile quantile = kP95;
};

// The bounds inside which a microservice is scaled.
struct ScalingBounds {
  ContainerConfig smallest{Millicores(100), Mebibytes(100)};
  ContainerConfig largest{Cores(1), Mebibytes(1000)};
  int fewest_replicas = 1;
  int most_replicas = 20;
  // Below this a container is killed or thrashes: no plan goes under it.
  Bytes working_set;
};

struct Microservice {
  std::string name;
  ScalingBounds bounds;
};

// An entry request kind, in Jaeger's word; Grad calls it a service.
struct Operation {
  std::string name;
  std::string entry_microservice;
};

// Immutable after Create(). Thread-safety: const methods from any thread.
class Application {
 public:
  // kInvalidArgument lists every violation: empty or double names, an operation whose entry is
  // unknown, bounds whose smallest exceeds the largest, a largest memory below the working set.
  static absl::StatusOr<Application> Create(std::string name,
                                            std::vector<Microservice> microservices,
                                            std::vector<Operation> operations);

  const std::string& name() const { return name_; }
  std::size_t size() const { return microservices_.size(); }
  const Microservice& microservice(MicroserviceId id) const { return microservices_[id.value()]; }
  const std::vector<Microservice>& microservices() const { return microservices_; }
  const std::vector<Operation>& operations() const { return operations_; }
  std::optional<MicroserviceId> Find(std::string_view microservice) const;

 private:
  Application() = default;
  std::string name_;
  std::vector<Microservice> microservices_;
  std::vector<Operation> operations_;
  std::map<std::string, MicroserviceId, std::less<>> by_name_;
};

}  // namespace trimtab
