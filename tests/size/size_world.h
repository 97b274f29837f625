// A cluster of many applications on a real control plane, scraped by a real Prometheus, and the
// shipped program over it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/servers/child_process.h"
#include "tests/servers/control_plane.h"
#include "tests/servers/port_lease.h"
#include "tests/servers/prometheus_server.h"
#include "tests/servers/temporary_folder.h"

namespace trimtab {

// Applications of ten Deployments each, all alike: a tree of calls below the first.
struct WorldSize {
  int applications = 20;
  int replicas = 5;               // of each Deployment; neither they nor their size can become less
  int hosts = 12;                 // of at most 110 pods
  int requests_per_second = 200;  // over all applications
  std::chrono::seconds interval{3};

  int deployments() const { return applications * 10; }
  int pods() const { return deployments() * replicas; }
};

// What the program has cost and done since it started.
struct ProgramAccount {
  double decisions = 0;
  double prometheus_requests = 0;
  double spans = 0;
  double processor_seconds = 0;
  double resident_mebibytes = 0;  // at its peak
  // Requests that the API server has answered, by verb, resource and name, as "patch pods/resize
  // a3-m7" for all pods of that Deployment: without watches, which are answered when they end.
  std::map<std::string, int> api_requests{};
};

// Everything ends with the object. Not thread-safe. The steps are called in the order they stand
// here.
class SizeWorld {
 public:
  static absl::StatusOr<std::unique_ptr<SizeWorld>> Start(WorldSize size);

  // A profile of the application, measured and trained by the program itself.
  absl::Status Train();
  // The chart's CRD, account and rights; Deployments, nodes, Prometheus. Until all pods are ready.
  absl::Status Deploy();
  // `trimtab run --mode Apply` as the chart's account, and an AppScaler for each application.
  absl::Status Run();

  // No container of the microservice may be smaller than 150m any more.
  absl::Status RaiseLeastCpu(int application, int microservice) const;

  absl::StatusOr<double> Decisions() const;
  absl::StatusOr<ProgramAccount> Account() const;
  // "TYPE=STATUS REASON MESSAGE;" of every condition, by AppScaler.
  absl::StatusOr<std::map<std::string, std::string>> Conditions() const;
  // Whether the controller and the nodes run; otherwise why not.
  absl::Status Alive() const;
  std::string ControllerLog() const { return controller_->LogTail(); }

 private:
  enum Port : std::size_t { kNodes, kMetrics, kHealth, kOtlp, kPortCount };

  SizeWorld(WorldSize size, servers::TemporaryFolder folder, std::vector<servers::PortLease> ports)
      : size_(size), folder_(std::move(folder)), ports_(std::move(ports)) {}
  std::string Address(Port port) const { return ports_[port].address(); }
  absl::StatusOr<std::unique_ptr<servers::ChildProcess>> Launch(
      std::string_view name, std::vector<std::string> arguments) const;
  absl::Status AwaitPods() const;

  const WorldSize size_;
  const servers::TemporaryFolder folder_;
  const std::vector<servers::PortLease> ports_;
  std::string profile_;
  // Destroyed in reverse.
  std::unique_ptr<servers::ControlPlane> plane_;
  std::unique_ptr<servers::PrometheusServer> prometheus_;
  std::unique_ptr<servers::ChildProcess> nodes_;
  std::unique_ptr<servers::ChildProcess> controller_;
};

}  // namespace trimtab
