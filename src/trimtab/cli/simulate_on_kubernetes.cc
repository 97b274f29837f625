#include "trimtab/cli/simulate_on_kubernetes.h"

#include <chrono>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/clock/stoppable_wait.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/experiment/comparison.h"
#include "trimtab/kubelet/simulated_nodes.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

constexpr Duration kStep = std::chrono::milliseconds(20);

// One row of what happened, as it happens.
class WindowRows {
 public:
  WindowRows(OutputFormat output, std::ostream& out) : output_(output), out_(out) {}

  void Add(const WindowRecord& window) {
    const double seconds = InSeconds(window.end - window.start);
    int ready = 0;
    double cores = 0;
    double memory = 0;
    for (const MicroserviceWindow& microservice : window.microservices) {
      ready += microservice.ready;
      cores += microservice.mean_cores;
      memory += microservice.mean_memory;
    }
    const double end = InSeconds(window.end.time_since_epoch());
    const double rate = static_cast<double>(window.arrivals) / seconds;
    const std::uint64_t failed = window.failures + window.timeouts;
    if (output_ == OutputFormat::kJson) {
      const nlohmann::ordered_json row = {{"endSeconds", end},
                                          {"requestsPerSecond", rate},
                                          {"p50Seconds", InSeconds(window.p50)},
                                          {"p95Seconds", InSeconds(window.p95)},
                                          {"p99Seconds", InSeconds(window.p99)},
                                          {"requests", window.requests},
                                          {"failed", failed},
                                          {"readyReplicas", ready},
                                          {"limitCores", cores},
                                          {"limitBytes", memory}};
      out_ << row.dump() << std::endl;
      return;
    }
    if (!has_header_) {
      out_ << (output_ == OutputFormat::kCsv
                   ? "endSeconds,requestsPerSecond,p50Seconds,p95Seconds,p99Seconds,requests,"
                     "failed,readyReplicas,limitCores,limitBytes"
                   : "   END s   REQ/s   P50 ms   P95 ms   P99 ms  FAILED  READY   CORES     MiB")
           << std::endl;
      has_header_ = true;
    }
    if (output_ == OutputFormat::kCsv) {
      out_ << fmt::format("{},{},{},{},{},{},{},{},{},{}", end, rate, InSeconds(window.p50),
                          InSeconds(window.p95), InSeconds(window.p99), window.requests, failed,
                          ready, cores, memory)
           << std::endl;
    } else {
      out_ << fmt::format(
                  "{:>8.0f} {:>7.1f} {:>8.1f} {:>8.1f} {:>8.1f} {:>7} {:>6} {:>7.2f} "
                  "{:>7.0f}",
                  end, rate, window.p50.count(), window.p95.count(), window.p99.count(), failed,
                  ready, cores, memory / 1048576)
           << std::endl;
    }
  }

 private:
  OutputFormat output_;
  std::ostream& out_;
  bool has_header_ = false;
};

}  // namespace

void DeclareOnKubernetes(Arguments& arguments, OnKubernetesArguments* values) {
  DeclareCluster(arguments, &values->cluster);
  arguments.Option("namespace", &values->name_space,
                   "with --on-kubernetes: of the workloads; otherwise that of the context");
  arguments.Option("metrics-listen", &values->metrics_listen,
                   "with --on-kubernetes: where Prometheus scrapes /metrics; port 0: any free one",
                   "ADDRESS:PORT");
  arguments.Option("otlp-endpoint", &values->otlp_endpoint,
                   "with --on-kubernetes: where spans go, by OTLP over HTTP; empty: nowhere",
                   "URL");
  arguments.Option("window", &values->window, {.min = std::chrono::seconds(1)},
                   "with --on-kubernetes: length of a row of the result");
  arguments.Flag("without-interference", &values->without_interference,
                 "with --on-kubernetes: nothing but the application uses the hosts");
}

absl::StatusOr<ExitCode> RunOnKubernetes(const OnKubernetesArguments& arguments,
                                         const OnKubernetesRun& run, const ExperimentInput& input,
                                         Context& context) {
  const auto listen = ListenAddress::Parse(arguments.metrics_listen);
  if (!listen.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("--metrics-listen: {}", std::string(listen.status().message())));
  }
  const auto workload = WorkloadOf(input, static_cast<int>(run.minutes));
  if (!workload.ok()) return workload.status();
  const SystemClock clock;
  auto access = AccessCluster(arguments.cluster, clock, {.timeout = std::chrono::seconds(10)});
  if (!access.ok()) return access.status();
  std::mutex err_mutex;
  const auto note = [&](const std::string& line) {
    const std::lock_guard lock(err_mutex);
    context.err << line << std::endl;
  };
  WindowRows rows(run.output, context.out);
  SimulatedNodesOptions options;
  options.simulation.seed = run.seed;
  options.simulation.load = workload->load;
  if (!arguments.without_interference) options.interference = workload->interference;
  options.simulation.span_share = run.span_share;
  options.simulation.window = arguments.window;
  options.simulation.on_window = [&](const WindowRecord& window) { rows.Add(window); };
  options.name_space =
      arguments.name_space.empty() ? access->default_namespace : arguments.name_space;
  options.metrics_listen = *listen;
  options.otlp_endpoint = arguments.otlp_endpoint;
  options.note = note;
  auto nodes =
      SimulatedNodes::Start(*access->client, clock, input.scenario.cluster, std::move(options));
  if (!nodes.ok()) return nodes.status();
  note(fmt::format("{} nodes are ready; series at http://{}:{}/metrics",
                   input.scenario.cluster.hosts.size(), listen->host, (*nodes)->metrics_port()));
  std::optional<Instant> end;
  while (!context.stop.load() && !(end && clock.Now() >= *end)) {
    (*nodes)->Step();
    if (!end && (*nodes)->load_has_begun()) end = clock.Now() + std::chrono::minutes(run.minutes);
    WaitFor(kStep, {});
  }
  const SpanExporter::Account spans = (*nodes)->span_account();
  if (auto s = (*nodes)->Stop(); !s.ok()) return s;
  note(fmt::format("the nodes are gone; spans: {} exported, {} dropped, {} rejected{}", spans.sent,
                   spans.dropped, spans.rejected,
                   spans.last_error.ok() ? "" : "; " + spans.last_error.ToString()));
  return ExitCode::kSuccess;
}

}  // namespace trimtab
