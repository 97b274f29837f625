#include "trimtab/operator/scaling_operator.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/clock/stoppable_wait.h"
#include "trimtab/journal/sqlite_journal.h"
#include "trimtab/operator/cluster_access.h"
#include "trimtab/operator/cluster_world.h"
#include "trimtab/operator/loop_pulses.h"
#include "trimtab/operator/metered_sources.h"
#include "trimtab/operator/policy_library.h"
#include "trimtab/operator/scaler_watch.h"
#include "trimtab/operator/span_sources.h"
#include "trimtab/quantity/text.h"
#include "trimtab/server/status_service.h"

namespace trimtab {
namespace {

constexpr Duration kLookAround = std::chrono::milliseconds(500);

absl::StatusOr<std::unique_ptr<Journal>> JournalOf(const std::string& folder, const Clock& clock,
                                                   const AppScaler& scaler) {
  const std::filesystem::path path = std::filesystem::path(folder) / scaler.meta.name_space;
  std::error_code failure;
  std::filesystem::create_directories(path, failure);
  if (failure) {
    return absl::UnavailableError(
        fmt::format("journal folder '{}': {}", path.string(), failure.message()));
  }
  auto journal = SqliteJournal::Open(
      (path / (scaler.meta.name + ".sqlite")).string(),
      {.started = clock.Now(),
       .application = fmt::format("{}/{}", scaler.meta.name_space, scaler.meta.name),
       .policy = scaler.algorithm == ScalerAlgorithm::kGrad ? "grad" : "derm",
       .sla = std::chrono::duration_cast<Duration>(scaler.objective.latency),
       .details = fmt::format(R"({{"generation":{}}})", scaler.meta.generation)});
  if (!journal.ok()) return journal.status();
  return std::unique_ptr<Journal>(*std::move(journal));
}

// Three rounds, and what one call with a deadline may take beside.
Duration LongestSilence(const OperatorOptions& options) {
  return 3 * options.loop.control.interval +
         std::max<Duration>(std::chrono::seconds(30), options.prometheus_timeout);
}

// Everything that lives as long as the process does; each outlives what stands below it.
class Process {
 public:
  Process(const OperatorOptions& options, RunLog& log, const Clock& clock,
          const std::atomic<bool>& stop)
      : options_(options),
        log_(log),
        clock_(clock),
        stop_(stop),
        heartbeat_(clock, LongestSilence(options)),
        pulses_(clock, LongestSilence(options)) {}

  absl::Status Run() {
    if (absl::Status started = Start(); !started.ok()) return started;
    log_.Info("started", {{"mode", options_.loop.may_apply ? "Apply" : "Recommend"},
                          {"interval", FormatDuration(options_.loop.control.interval)}});
    bool leads = false;
    while (!stop_ && !lost_) {
      heartbeat_.Beat();
      DirectSpans();
      watch_meter_.Tell(clock_.Now(), watch_->Ages(), Known());
      if (!leads && Leads()) {
        leads = true;
        log_.Info("this process leads");
      }
      if (leads) FollowScalers();
      WaitFor(kLookAround, {});
    }
    for (auto& [key, running] : loops_) running.thread.request_stop();
    loops_.clear();
    if (lost_) return absl::InternalError(fmt::format("the lease was lost: {}", why_lost_));
    log_.Info("stopped");
    return absl::OkStatus();
  }

 private:
  struct Running {
    std::shared_ptr<std::atomic<bool>> is_over = std::make_shared<std::atomic<bool>>(false);
    std::jthread thread;
  };

  absl::Status Start() {
    auto library = PolicyLibrary::Load(options_.profiles);
    if (!library.ok()) return library.status();
    library_ = *std::move(library);
    // What is wrong with an option is said now, and not by each loop.
    const std::vector<std::string> any = {"default"};
    for (const std::string& name : options_.namespaces.empty() ? any : options_.namespaces) {
      const auto reader = PrometheusReaderOf(options_, name, clock_);
      if (!reader.ok()) return reader.status();
    }
    auto connection = FindConnection(options_.connection);
    if (!connection.ok()) return connection.status();
    if (absl::Status made = MakeClients(*connection); !made.ok()) return made;
    auto watch = ClusterWatch::Start(
        *reads_, clock_,
        {.namespaces = options_.namespaces, .nodes = options_.namespaces.empty() || HasNodes()});
    if (!watch.ok()) return watch.status();
    watch_ = *std::move(watch);
    scalers_ = std::make_unique<ScalerWatch>(*reads_, clock_, options_.namespaces);
    SpanSourceOptions span_options = SpanSourceOptionsOf(options_, Duration(0));
    span_options.sockets = Sockets();
    if (options_.election && !options_.peer_otlp_url.empty()) {
      ForwardOptions& forwarding = span_options.forwarding.emplace();
      if (options_.tls) {
        // Replicas show each other the certificate that they serve with.
        forwarding.http.tls = {.ca_file = options_.peer_ca_file.empty()
                                              ? options_.tls->client_ca_file
                                              : options_.peer_ca_file,
                               .client_certificate_file = options_.tls->certificate_file,
                               .client_key_file = options_.tls->key_file};
      }
    }
    auto spans = SpanSources::Start(std::move(span_options), clock_);
    if (!spans.ok()) return spans.status();
    spans_ = *std::move(spans);
    // Before the pages, which ask it.
    if (options_.election) {
      election_ = std::make_unique<LeaderElection>(*leases_, clock_, *options_.election,
                                                   [this](const absl::Status& why) {
                                                     why_lost_ = std::string(why.message());
                                                     lost_ = true;
                                                   });
    }
    return Serve();
  }

  absl::Status MakeClients(const ClusterConnection& connection) {
    auto reads = MakeClient(connection, clock_, {});
    if (!reads.ok()) return reads.status();
    reads_ = *std::move(reads);
    // What is on its way when the renew deadline passes must be over when the lease is.
    ApiClientOptions gated{.before_write = [this] { return MayWrite(); },
                           .before_sent = [this] { return MayWrite(); },
                           .wait =
                               [](Duration pause, const std::stop_token& stop) {
                                 LoopPulses::Beat();
                                 return WaitFor(pause, stop);
                               }};
    ApiClientOptions leases{.retry = {.attempts = 1}};
    if (options_.election) {
      gated.timeout = options_.election->claim.duration - options_.election->renew_deadline;
      leases.timeout = options_.election->renew_deadline / 2;
    }
    auto writes = MakeClient(connection, clock_, std::move(gated));
    if (!writes.ok()) return writes.status();
    writes_ = *std::move(writes);
    auto lease_client = MakeClient(connection, clock_, std::move(leases));
    if (!lease_client.ok()) return lease_client.status();
    leases_ = *std::move(lease_client);
    return absl::OkStatus();
  }

  // Whether nodes may be read by one who may read some namespaces only.
  bool HasNodes() { return reads_->Get(ResourcePath(kNodes, ""), {{"limit", "1"}}).ok(); }

  absl::Status MayWrite() const {
    LoopPulses::Beat();
    return election_ == nullptr ? absl::OkStatus() : election_->MayWrite();
  }

  // Whether what the watches brought may be decided on.
  absl::Status Known() const {
    if (absl::Status health = watch_->Health(); !health.ok()) return health;
    return scalers_->Health();
  }

  bool Leads() const {
    if (!scalers_->Synced().ok() || !watch_->IsSynced()) return false;
    return election_ == nullptr || election_->state() == Leadership::kLeader;
  }

  SocketServerOptions Sockets() {
    SocketServerOptions sockets;
    sockets.tls = options_.tls;
    sockets.tls_report = [this](const absl::Status& status) {
      log_.Info("the certificate of the listeners has changed", {{"result", status.ToString()}});
    };
    return sockets;
  }

  absl::Status Serve() {
    const auto synced = [this]() -> absl::Status {
      if (absl::Status status = scalers_->Synced(); !status.ok()) return status;
      if (watch_->IsSynced()) return absl::OkStatus();
      return watch_->Health();
    };
    const auto start = [this](const std::vector<ListenAddress>& addresses, StatusPages pages,
                              std::string_view what) -> absl::Status {
      if (addresses.empty()) return absl::OkStatus();
      SocketServerOptions sockets = Sockets();
      if (sockets.tls && what == "health") sockets.tls->client_ca_file.clear();
      auto server = StartStatusServer(addresses, std::move(pages), clock_, std::move(sockets));
      if (!server.ok()) return server.status();
      for (std::size_t i = 0; i < addresses.size(); ++i) {
        log_.Info("listening",
                  {{"for", std::string(what)},
                   {"address", fmt::format("{}:{}", addresses[i].host, (*server)->ports()[i])}});
      }
      servers_.push_back(*std::move(server));
      return absl::OkStatus();
    };
    if (absl::Status metrics =
            start(options_.metrics, {.metrics = [this] { return Page(); }}, "metrics");
        !metrics.ok()) {
      return metrics;
    }
    return start(options_.health,
                 {.live = {{"loop", [this] { return heartbeat_.Check(); }},
                           {"appscalers", [this] { return pulses_.Check(); }}},
                  .ready = {{"watches", synced}}},
                 "health");
  }

  std::unique_ptr<TraceSource> Traces(const AppScaler& scaler) {
    const std::string source = options_.jaeger_url.empty() ? "otlp" : "jaeger";
    return std::make_unique<MeteredTraceSource>(spans_->Open(scaler),
                                                SourceMeter{source, clock_, metrics_});
  }

  std::string Page() {
    std::vector<ApplicationView> views;
    for (const SeenScaler& seen : scalers_->All()) {
      if (seen.scaler.ok()) views.push_back(watch_->View(*seen.scaler));
    }
    MeasureResizes(views, metrics_);
    metrics_.Set(OwnMetric::kBuildInfo, {options_.version, options_.commit}, 1);
    metrics_.Set(OwnMetric::kLeader, {},
                 election_ == nullptr || election_->state() == Leadership::kLeader ? 1 : 0);
    spans_->Measure(metrics_);
    return metrics_.Text();
  }

  // Spans go where the leader is.
  void DirectSpans() {
    if (election_ == nullptr) return;
    if (election_->state() == Leadership::kLeader) return spans_->Lead();
    const std::string holder = election_->holder();
    std::string url = holder.empty() ? "" : options_.peer_otlp_url;
    constexpr std::string_view kHolder = "{holder}";
    if (const std::size_t at = url.find(kHolder); at != url.npos) {
      url.replace(at, kHolder.size(), holder);
    }
    spans_->Follow(url);
  }

  void FollowScalers() {
    std::erase_if(loops_, [](const auto& entry) { return entry.second.is_over->load(); });
    for (const SeenScaler& seen : scalers_->All()) {
      if (loops_.contains(seen.meta.uid)) continue;
      Running& running = loops_[seen.meta.uid];
      running.thread =
          std::jthread([this, seen, is_over = running.is_over](const std::stop_token& token) {
            const LoopPulses::Pulse pulse(
                pulses_, fmt::format("{}/{}", seen.meta.name_space, seen.meta.name));
            AppLoop(PartsFor(seen), options_.loop, seen).Run(token);
            *is_over = true;
          });
      log_.Info("an AppScaler is served",
                {{"namespace", seen.meta.name_space}, {"app", seen.meta.name}});
    }
  }

  AppLoopParts PartsFor(const SeenScaler& seen) {
    return {
        .client = *writes_,
        .clock = clock_,
        .metrics = metrics_,
        .log = log_,
        .latest = [this, meta = seen.meta] { return scalers_->Find(meta.name_space, meta.name); },
        .world =
            [this](const AppScaler& scaler, PodSizeBook& book) {
              return MakeClusterWorld({.client = *writes_,
                                       .watch = *watch_,
                                       .clock = clock_,
                                       .book = book,
                                       .prometheus =
                                           [this](const std::string& name_space) {
                                             return PrometheusReaderOf(options_, name_space,
                                                                       clock_);
                                           },
                                       .resource = [this] { return scalers_->Health(); },
                                       .metrics_timeout = options_.prometheus_timeout,
                                       .dry_run = options_.loop.dry_run,
                                       .own_metrics = metrics_},
                                      scaler);
            },
        .traces = [this](const AppScaler& scaler) { return Traces(scaler); },
        .policy =
            [this](const AppScaler& scaler, const Application& application) {
              return library_->Make(scaler, application, options_.loop.control.interval);
            },
        .model = [this](const AppScaler& scaler) { return library_->Describe(scaler); },
        .workload_models = [this](const AppScaler& scaler) { return library_->Models(scaler); },
        .journal =
            [this](const AppScaler& scaler) {
              return JournalOf(options_.journal, clock_, scaler);
            }};
  }

  const OperatorOptions& options_;
  RunLog& log_;
  const Clock& clock_;
  const std::atomic<bool>& stop_;
  Heartbeat heartbeat_;
  LoopPulses pulses_;
  OwnMetrics metrics_;
  WatchMeter watch_meter_{metrics_};
  std::atomic<bool> lost_ = false;
  std::string why_lost_;  // written before lost_ is set, read after
  std::optional<PolicyLibrary> library_;
  std::unique_ptr<ApiClient> reads_;
  std::unique_ptr<ApiClient> leases_;
  std::unique_ptr<LeaderElection> election_;  // outlives those who ask it before they write
  std::unique_ptr<ApiClient> writes_;
  std::unique_ptr<ClusterWatch> watch_;
  std::unique_ptr<ScalerWatch> scalers_;
  std::unique_ptr<SpanSources> spans_;
  std::vector<std::unique_ptr<SocketServer>> servers_;
  std::map<std::string, Running> loops_;  // by uid; their threads use all of the above
};

}  // namespace

absl::Status RunScalingOperator(const OperatorOptions& options, RunLog& log, const Clock& clock,
                                const std::atomic<bool>& stop) {
  if (options.journal.empty()) {
    return absl::InvalidArgumentError("there is no folder for the journal: give --journal");
  }
  if (options.election) {
    if (absl::Status valid = options.election->Validate(); !valid.ok()) return valid;
  }
  return Process(options, log, clock, stop).Run();
}

}  // namespace trimtab
