// Trimtab holds the P95 of Hotel Reservation on a real Kubernetes API server, through a load step.
//   trimtab_kubernetes_demo PROGRAM PROFILE CHART
#include <fmt/format.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "demo/demo_cluster.h"
#include "demo/demo_report.h"
#include "demo/demo_settings.h"

namespace trimtab::demo {
namespace {

using std::chrono::seconds;

// A signal handler reaches globals only.
std::atomic<int> stop_signal = 0;
static_assert(std::atomic<int>::is_always_lock_free);

void RequestStop(int signal) { stop_signal.store(signal); }

void CatchSignals() {
  struct sigaction action = {};
  action.sa_handler = RequestStop;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
}

class Demo {
 public:
  Demo(DemoPaths paths, DemoSettings settings) : paths_(std::move(paths)), settings_(settings) {}

  absl::Status Run() {
    PrintSettings();
    if (absl::Status status = Prepare(); !status.ok()) return status;
    std::cout << '\n';
    PrintTimelineHeader(std::cout);
    const seconds began = Elapsed();
    while (Elapsed() < began + settings_.length) {
      if (absl::Status status = Wait(seconds(1)); !status.ok()) return status;
      if (absl::Status status = Show(); !status.ok()) return status;
    }
    const auto outcome = cluster_->Finish();
    if (!outcome.ok()) return outcome.status();
    PrintReport(sights_, *outcome,
                {.target_seconds = settings_.target_seconds,
                 .step_at = load_began_ + settings_.step_after,
                 .step_after = settings_.step_after,
                 .window = settings_.objective_window},
                std::cout);
    cluster_.reset();
    std::cout << fmt::format("  everything is stopped    {} after the start\n",
                             ClockText(Elapsed()));
    return absl::OkStatus();
  }

 private:
  seconds Elapsed() const {
    return std::chrono::duration_cast<seconds>(std::chrono::steady_clock::now() - start_);
  }

  void PrintSettings() const {
    std::cout << fmt::format(
        "{} requests/s, and {} from {} after the first. Every workload begins with one replica\n"
        "of {} and {}, and the AppScaler allows no larger one.\n"
        "Shorter than in a cluster of yours (demo/demo_settings.h): scrapes every {} s, rates over "
        "{} s,\na decision every {} s, the objective over {} s, traces settle for {} s, scale-down "
        "waits {} s.\n\n",
        settings_.load_before, settings_.load_after, ClockText(settings_.step_after), kContainerCpu,
        kContainerMemory, settings_.scrape_interval.count(), settings_.rate_window.count(),
        settings_.decision_interval.count(), settings_.objective_window.count(),
        settings_.trace_settle.count(), settings_.scale_down_pause.count());
    std::cout.flush();
  }

  // A step of the preparation, with its time.
  absl::Status Step(const std::string& what, const std::function<absl::Status()>& run) const {
    if (stop_signal.load() != 0) return absl::CancelledError("");
    std::cout << fmt::format("{:>5}  {}\n", ClockText(Elapsed()), what);
    std::cout.flush();
    return run();
  }

  absl::Status Prepare() {
    const std::vector<std::pair<std::string, std::function<absl::Status()>>> steps = {
        {"etcd, kube-apiserver, kube-controller-manager, kube-scheduler",
         [this] {
           auto started = DemoCluster::Start(paths_, settings_);
           if (started.ok()) cluster_ = *std::move(started);
           return started.status();
         }},
        {"helm install: CRD, service account, rights, admission policy",
         [this] { return cluster_->InstallChart(); }},
        {"trimtab export workloads hotel-reservation | kubectl set resources | kubectl apply",
         [this] { return cluster_->DeployWorkload(); }},
        {"trimtab simulate hotel-reservation --on-kubernetes; prometheus",
         [this] { return cluster_->StartWorld(); }},
        {"the scheduler binds the pods, all become ready",
         [this] {
           absl::Status status = cluster_->WaitForWorkload();
           load_began_ = Elapsed();
           return status;
         }},
        {"trimtab run, with the service account of the chart",
         [this] { return cluster_->StartTrimtab(); }},
        {"trimtab export appscaler hotel-reservation | kubectl apply",
         [this] { return cluster_->CreateAppScaler(); }},
    };
    for (const auto& [what, run] : steps) {
      if (absl::Status status = Step(what, run); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status Wait(seconds how_long) const {
    const auto until = std::chrono::steady_clock::now() + how_long;
    while (std::chrono::steady_clock::now() < until) {
      if (stop_signal.load() != 0) return absl::CancelledError("");
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return absl::OkStatus();
  }

  absl::Status Show() {
    if (absl::Status status = cluster_->CheckAlive(); !status.ok()) return status;
    auto sight = cluster_->Look();
    if (!sight.ok()) return sight.status();
    sight->at = Elapsed();
    const bool is_new = !sights_.empty() && sights_.back().decision_id != sight->decision_id;
    if (is_new || sights_.empty() || sight->at >= shown_at_ + settings_.timeline_interval) {
      PrintTimelineLine(*sight, is_new ? sight->decision : "", std::cout);
      shown_at_ = sight->at;
    }
    sights_.push_back(*std::move(sight));
    return absl::OkStatus();
  }

  const DemoPaths paths_;
  const DemoSettings settings_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::unique_ptr<DemoCluster> cluster_;
  std::vector<Sight> sights_;
  seconds load_began_{0};
  seconds shown_at_{0};  // of the last line of the timeline
};

int Main(std::vector<std::string> arguments) {
  if (arguments.size() != 4) {
    std::cerr << "usage: trimtab_kubernetes_demo PROGRAM PROFILE CHART\n";
    return 2;
  }
  CatchSignals();
  Demo demo({.program = arguments[1], .profile = arguments[2], .chart = arguments[3]}, {});
  const absl::Status status = demo.Run();
  if (const int signal = stop_signal.load(); signal != 0) {
    std::cerr << "stopped\n";
    return 128 + signal;
  }
  if (!status.ok()) {
    std::cerr << status.message() << '\n';
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace trimtab::demo

int main(int argc, char** argv) {
  return trimtab::demo::Main(std::vector<std::string>(argv, argv + argc));
}
