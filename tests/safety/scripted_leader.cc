// A controller as `trimtab run` makes it, with leader election, watches, actuator, journal, status
// and the loop of one AppScaler, but for three things: its plans and what it measures are scripted,
// and so is what befalls it in the middle of a commit.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "tests/safety/script.h"
#include "trimtab/clock/stoppable_wait.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/cluster/cluster_watch.h"
#include "trimtab/controller/testing/fake_world.h"
#include "trimtab/journal/sqlite_journal.h"
#include "trimtab/kubernetes/connection_rules.h"
#include "trimtab/kubernetes/resource_type.h"
#include "trimtab/operator/app_loop.h"
#include "trimtab/operator/cluster_world.h"
#include "trimtab/operator/leader_election.h"
#include "trimtab/operator/scaler_watch.h"

namespace trimtab {
namespace {

volatile std::sig_atomic_t asked_to_end = 0;

// The loop's windows pass in it twenty times as fast as in the world.
class FastClock : public Clock {
 public:
  explicit FastClock(const Clock& clock) : clock_(clock), start_(clock.Now()) {}
  Instant Now() const override { return start_ + 20 * (clock_.Now() - start_); }
  bool WaitUntil(Instant instant) override {
    const Instant now = Now();
    if (instant > now) WaitFor((instant - now) / 20, {});
    return true;
  }

 private:
  const Clock& clock_;
  const Instant start_;
};

// Ten traces a second, as FakeTraces, from now on.
class ScriptedTraces : public TraceSource {
 public:
  absl::Status Read(Instant now, const std::function<void(const Span&)>& sink) override {
    if (next_ == Instant{}) next_ = now - std::chrono::seconds(60);
    for (; next_ + kTail <= now; next_ += std::chrono::milliseconds(100)) {
      sink({{0, ++traces_}, 1, 0, "m0", "m0-0", "get", SpanKind::kServer, next_, kTail});
    }
    return absl::OkStatus();
  }
  double sampling_share() const override { return 1; }

 private:
  static constexpr Duration kTail = std::chrono::milliseconds(200);
  Instant next_{};
  std::uint64_t traces_ = 0;
};

// Counts the steps of the first commit, and lets the fault happen at its own.
class Steps {
 public:
  Steps(const LeaderScript& script, std::function<void()> edit)
      : script_(script), edit_(std::move(edit)) {}

  void Begin() { runs_ = count_ == 0; }
  void End() {
    if (runs_) std::cerr << "the commit took " << count_ << " steps" << std::endl;
    runs_ = false;
  }
  // What lets the step be taken, when the process may not be stopped in between.
  absl::Status Take(std::string_view what, const std::function<absl::Status()>& may) {
    const bool is_here = runs_ && ++count_ == script_.step;
    if (runs_) std::cerr << "step " << count_ << ": " << what << std::endl;
    if (!is_here) return may();
    const std::string& fault = script_.fault;
    if (fault == "kill") std::raise(SIGKILL);
    if (fault == "stop") std::raise(SIGSTOP);
    if (fault == "pause" || fault == "recommend" || fault == "delete") edit_();
    return may();
  }
  // The last looks of a step that is a write: when the connection is there, and before the body.
  absl::Status Send(const std::function<absl::Status()>& may) {
    const absl::Status allowed = may();
    const bool is_here = runs_ && count_ == script_.step && script_.fault == "late";
    if (is_here && allowed.ok() && ++looks_ == 2) std::raise(SIGSTOP);
    return allowed;
  }

 private:
  const LeaderScript& script_;
  const std::function<void()> edit_;
  bool runs_ = false;
  int count_ = 0;
  int looks_ = 0;
};

class SteppedJournal : public Journal {
 public:
  SteppedJournal(std::unique_ptr<Journal> journal, Steps& steps)
      : journal_(std::move(journal)), steps_(steps) {}

  absl::StatusOr<std::int64_t> Append(const DecisionEntry& entry) override {
    const auto ok = [] { return absl::OkStatus(); };
    if (entry.acts) {
      steps_.Begin();
      steps_.Take("before the journal", ok).IgnoreError();
    }
    auto id = journal_->Append(entry);
    if (entry.acts) steps_.Take("after the journal", ok).IgnoreError();
    return id;
  }
  absl::Status AppendOutcome(std::int64_t decision, OutcomeKind kind, Instant at,
                             const std::string& body) override {
    return journal_->AppendOutcome(decision, kind, at, body);
  }

 private:
  const std::unique_ptr<Journal> journal_;
  Steps& steps_;
};

// The real cluster, of which FakeMetrics measures whatever its actuator says.
class MeasuredWorld : public AppWorld {
 public:
  explicit MeasuredWorld(std::unique_ptr<AppWorld> world)
      : world_(std::move(world)), metrics_(*this) {}

  absl::Status Ready() const override { return world_->Ready(); }
  std::vector<FixedAllocation> Fixed() override { return world_->Fixed(); }
  std::optional<ClusterCapacity> Capacity() const override { return world_->Capacity(); }
  std::vector<RivalNotice> Rivals() const override { return world_->Rivals(); }
  std::vector<PodSize> Settled(const std::vector<PodSize>& sizes) const override {
    return world_->Settled(sizes);
  }
  absl::Status Tend() override { return world_->Tend(); }
  Actuator& actuator() override { return world_->actuator(); }
  MetricSource& metrics() override { return metrics_; }

 private:
  class Metrics : public MetricSource {
   public:
    explicit Metrics(MeasuredWorld& world) : world_(world) {}
    absl::StatusOr<MetricSnapshot> Read(Instant now, Duration window) override {
      const auto states = world_.actuator().State();
      if (!states.ok()) return states.status();
      seen_.states = *states;
      return metrics_.Read(now, window);
    }

   private:
    MeasuredWorld& world_;
    FakeActuator seen_{Allocation(0, {})};
    FakeMetrics metrics_{seen_};
  };

  const std::unique_ptr<AppWorld> world_;
  Metrics metrics_;
};

absl::StatusOr<std::unique_ptr<ApiClient>> ClientOf(const ClusterConnection& connection,
                                                    const Clock& clock, ApiClientOptions options) {
  auto http = MakeHttpClient(connection, clock, /*may_interact=*/false);
  if (!http.ok()) return http.status();
  options.wait = WaitFor;
  return std::make_unique<ApiClient>(connection.server, *std::move(http), std::move(options));
}

absl::StatusOr<LeaderScript> ScriptOf(int count, char** arguments) {
  LeaderScript script;
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    const std::size_t equal = argument.find('=');
    const std::string_view name = argument.substr(0, equal);
    const std::string value(argument.substr(std::min(equal, argument.size() - 1) + 1));
    if (name == "--kubeconfig") {
      script.kubeconfig = value;
    } else if (name == "--namespace") {
      script.name_space = value;
    } else if (name == "--identity") {
      script.identity = value;
    } else if (name == "--journal") {
      script.journal = value;
    } else if (name == "--ask") {
      script.ask = value;
    } else if (name == "--fault") {
      script.fault = value;
    } else if (name == "--step") {
      script.step = std::stoi(value);
    } else {
      return absl::InvalidArgumentError(fmt::format("unknown argument '{}'", argument));
    }
  }
  return script;
}

class Leader {
 public:
  explicit Leader(LeaderScript script) : script_(std::move(script)) {}

  absl::Status Run() {
    if (absl::Status connected = Connect(); !connected.ok()) return connected;
    while (asked_to_end == 0 && !lost_ && !Leads()) WaitFor(kLook, {});
    if (lost_) return Lost();
    std::cerr << "leads" << std::endl;
    AppLoop loop(Parts(), Options(), scalers_->Find(script_.name_space, kScalerName));
    std::stop_source stop;
    for (int cycle = 1; asked_to_end == 0 && !lost_; ++cycle) {
      if (!loop.RunCycle(stop.get_token())) {
        std::cerr << "the AppScaler is gone" << std::endl;
        return absl::OkStatus();
      }
      steps_.End();
      const bool is_open = loop.board().status().commit.has_value();
      const std::string line =
          fmt::format("cycle {}: {}", cycle, is_open ? "a commit is open" : "no commit");
      if (cycle < 10) std::cerr << line << std::endl;  // what the tests wait for
      WaitFor(kLook, {});
    }
    return lost_ ? Lost() : absl::OkStatus();
  }

 private:
  static constexpr Duration kLook = std::chrono::milliseconds(200);

  absl::Status Connect() {
    const auto connection = FindConnection({.kubeconfig_flag = script_.kubeconfig});
    if (!connection.ok()) return connection.status();
    const LeaderElectionOptions election{.claim = {.name_space = script_.name_space,
                                                   .name = "trimtab",
                                                   .identity = script_.identity,
                                                   .duration = std::chrono::seconds(8)},
                                         .renew_deadline = std::chrono::seconds(6),
                                         .retry_period = std::chrono::seconds(1)};
    auto reads = ClientOf(*connection, clock_, {});
    if (!reads.ok()) return reads.status();
    reads_ = *std::move(reads);
    auto leases = ClientOf(*connection, clock_,
                           {.timeout = election.renew_deadline / 2, .retry = {.attempts = 1}});
    if (!leases.ok()) return leases.status();
    leases_ = *std::move(leases);
    auto writes = ClientOf(
        *connection, clock_,
        // One that was late does not give up its request by itself.
        {.timeout = script_.fault == "late" ? std::chrono::minutes(1)
                                            : election.claim.duration - election.renew_deadline,
         .before_write =
             [this] { return steps_.Take("a write", [this] { return election_->MayWrite(); }); },
         .before_sent = [this] { return steps_.Send([this] { return election_->MayWrite(); }); }});
    if (!writes.ok()) return writes.status();
    writes_ = *std::move(writes);
    auto watch = ClusterWatch::Start(*reads_, clock_, {.namespaces = {script_.name_space}});
    if (!watch.ok()) return watch.status();
    watch_ = *std::move(watch);
    scalers_ = std::make_unique<ScalerWatch>(*reads_, clock_,
                                             std::vector<std::string>{script_.name_space});
    election_ = std::make_unique<LeaderElection>(*leases_, clock_, election,
                                                 [this](const absl::Status& why) {
                                                   std::cerr << why << std::endl;
                                                   lost_ = true;
                                                 });
    return absl::OkStatus();
  }

  bool Leads() const {
    return scalers_->Synced().ok() && watch_->IsSynced() &&
           election_->state() == Leadership::kLeader;
  }

  static absl::Status Lost() { return absl::InternalError("the lease was lost"); }

  static AppLoopOptions Options() {
    AppLoopOptions options{.may_apply = true};
    options.control.interval =
        std::chrono::seconds(400);  // 20 s: for how long raises are waited for
    options.control.effect_poll = std::chrono::seconds(4);
    options.control.tails.settle_delay = std::chrono::seconds(5);
    options.instance = "trimtab-0";
    return options;
  }

  AppLoopParts Parts() {
    return {.client = *writes_,
            .clock = fast_,
            .metrics = metrics_,
            .log = log_,
            .latest = [this] { return scalers_->Find(script_.name_space, kScalerName); },
            .world = [this](const AppScaler& scaler,
                            PodSizeBook& book) -> absl::StatusOr<std::unique_ptr<AppWorld>> {
              auto world = MakeClusterWorld({.client = *writes_,
                                             .watch = *watch_,
                                             .clock = clock_,
                                             .book = book,
                                             .prometheus = NoPrometheus,
                                             .own_metrics = metrics_},
                                            scaler);
              if (!world.ok()) return world.status();
              return std::make_unique<MeasuredWorld>(*std::move(world));
            },
            .traces = [](const AppScaler&) { return std::make_unique<ScriptedTraces>(); },
            .policy = [this](const AppScaler&, const Application&)
                -> absl::StatusOr<std::unique_ptr<ScalingPolicy>> { return Policy(); },
            .model = [](const AppScaler&) { return ModelStatus{.digest = "scripted"}; },
            .workload_models = [](const AppScaler&) { return std::vector<WorkloadModel>(); },
            .journal = [this](const AppScaler& scaler) { return OpenJournal(scaler); }};
  }

  // Of a server that nobody asks.
  static absl::StatusOr<PrometheusReader> NoPrometheus(const std::string& /*name_space*/) {
    static const SystemClock clock;
    auto client = PrometheusClient::Create({.url = "http://127.0.0.1:9"});
    if (!client.ok()) return client.status();
    auto queries = PrometheusQueries::Create({});
    if (!queries.ok()) return queries.status();
    return PrometheusReader(*std::move(client), *std::move(queries), clock);
  }

  std::unique_ptr<ScalingPolicy> Policy() const {
    auto policy = std::make_unique<FakePolicy>();
    if (script_.ask == "keep") return policy;
    policy->make = [](const PlanningInput& input) {
      Plan plan;
      plan.target = input.desired;
      // Both in one decision, as soon as something may be lowered.
      if (input.scale_down_allowed) plan.target[MicroserviceId(0)] = kFirstAfter;
      plan.target[MicroserviceId(1)] = kSecondAfter;
      plan.predicted_tail_latency = Latency(200);
      return plan;
    };
    return policy;
  }

  absl::StatusOr<std::unique_ptr<Journal>> OpenJournal(const AppScaler& scaler) {
    std::filesystem::create_directories(script_.journal);
    auto journal = SqliteJournal::Open(
        script_.journal + "/two.sqlite",
        {.started = clock_.Now(), .application = scaler.meta.name, .policy = "scripted"});
    if (!journal.ok()) return journal.status();
    return std::make_unique<SteppedJournal>(*std::move(journal), steps_);
  }

  // As somebody else does it; returns once our own watch has seen it.
  void Edit() {
    const std::string path = ResourcePath(kAppScalers, script_.name_space, kScalerName);
    const nlohmann::json patch =
        script_.fault == "pause"
            ? nlohmann::json{{"metadata", {{"annotations", {{"trimtab.dev/paused", "true"}}}}}}
            : nlohmann::json{{"spec", {{"mode", "Recommend"}}}};
    const absl::Status done = script_.fault == "delete"
                                  ? reads_->Delete(path).status()
                                  : reads_->Patch(path, PatchType::kMerge, patch).status();
    if (!done.ok()) std::cerr << "edit: " << done << std::endl;
    for (;;) {
      const SeenScaler seen = scalers_->Find(script_.name_space, kScalerName);
      if (!seen.exists || seen.scaler->is_paused || seen.scaler->mode == ScalerMode::kRecommend) {
        return;
      }
      WaitFor(std::chrono::milliseconds(5), {});
    }
  }

  const LeaderScript script_;
  SystemClock clock_;
  FastClock fast_{clock_};
  OwnMetrics metrics_;
  RunLog log_{std::cerr, clock_, LogFormat::kText, LogLevel::kDebug};
  Steps steps_{script_, [this] { Edit(); }};
  std::atomic<bool> lost_ = false;
  std::unique_ptr<ApiClient> reads_;
  std::unique_ptr<ApiClient> leases_;
  std::unique_ptr<LeaderElection> election_;
  std::unique_ptr<ApiClient> writes_;
  std::unique_ptr<ClusterWatch> watch_;
  std::unique_ptr<ScalerWatch> scalers_;
};

}  // namespace
}  // namespace trimtab

int main(int count, char** arguments) {
  std::signal(SIGTERM, [](int) { trimtab::asked_to_end = 1; });
  auto script = trimtab::ScriptOf(count, arguments);
  if (!script.ok()) {
    std::cerr << script.status() << std::endl;
    return 2;
  }
  const absl::Status ran = trimtab::Leader(*std::move(script)).Run();
  std::cerr << ran << std::endl;
  return ran.ok() ? 0 : 1;
}
