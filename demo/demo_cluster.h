// The programs of the demonstration, and what the cluster looks like.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "demo/demo_report.h"
#include "demo/demo_settings.h"
#include "tests/servers/child_process.h"
#include "tests/servers/control_plane.h"
#include "tests/servers/port_lease.h"
#include "tests/servers/prometheus_server.h"
#include "tests/servers/temporary_folder.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/kubernetes/api_client.h"

namespace trimtab::demo {

struct DemoPaths {
  std::string program;  // the trimtab that is shipped
  std::string profile;  // what `trimtab train` wrote
  std::string chart;
};

// Everything that runs ends with the object, or with the thread that made it, however that ends.
// Not thread-safe. The steps are called in the order they stand here.
class DemoCluster {
 public:
  static absl::StatusOr<std::unique_ptr<DemoCluster>> Start(DemoPaths paths, DemoSettings settings);

  // CRD, service account, rights and admission policy, from the chart, without its pods: there is
  // no kubelet that could run one.
  absl::Status InstallChart();
  absl::Status DeployWorkload();
  // The nodes and what runs on them, and a Prometheus that scrapes them and Trimtab.
  absl::Status StartWorld();
  absl::Status WaitForWorkload();
  // `trimtab run` with the token of the chart's service account.
  absl::Status StartTrimtab();
  absl::Status CreateAppScaler();

  absl::StatusOr<Sight> Look();
  // Fails when a program has ended by itself: with the end of its log.
  absl::Status CheckAlive();
  // Lets Trimtab and the world end by SIGTERM, and reads what they leave.
  absl::StatusOr<Outcome> Finish();

  std::string apiserver_url() const { return plane_->url(); }
  std::string prometheus_url() const { return prometheus_->url(); }

 private:
  enum Port : size_t { kWorldMetrics, kMetrics, kHealth, kOtlp, kPortCount };

  DemoCluster(DemoPaths paths, DemoSettings settings, servers::TemporaryFolder folder,
              std::vector<servers::PortLease> ports)
      : paths_(std::move(paths)),
        settings_(settings),
        folder_(std::move(folder)),
        ports_(std::move(ports)) {}

  std::string Address(Port port) const { return ports_[port].address(); }
  absl::StatusOr<std::unique_ptr<servers::ChildProcess>> Launch(
      std::string_view name, std::vector<std::string> arguments) const;
  std::vector<std::string> RunArguments(const std::string& kubeconfig) const;
  absl::StatusOr<double> LoadNow() const;
  absl::Status ReadWindows(Outcome& outcome) const;
  absl::Status CountWrites(Outcome& outcome) const;

  const DemoPaths paths_;
  const DemoSettings settings_;
  const servers::TemporaryFolder folder_;
  const std::vector<servers::PortLease> ports_;
  const SystemClock clock_;
  // Destroyed in reverse: those that watch before whom they watch.
  std::unique_ptr<servers::ControlPlane> plane_;
  std::unique_ptr<servers::PrometheusServer> prometheus_;
  std::unique_ptr<ApiClient> client_;
  std::unique_ptr<servers::ChildProcess> world_;
  std::unique_ptr<servers::ChildProcess> trimtab_;
};

}  // namespace trimtab::demo
