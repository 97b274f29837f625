#include "trimtab/operator/one_shot.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "trimtab/clock/stoppable_wait.h"
#include "trimtab/controller/control_loop.h"
#include "trimtab/deployment/allocation_diff.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/operator/cluster_access.h"
#include "trimtab/operator/cluster_world.h"
#include "trimtab/operator/loop_clock.h"
#include "trimtab/operator/policy_library.h"
#include "trimtab/operator/scaler_options.h"
#include "trimtab/operator/span_sources.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

constexpr Duration kPatience = std::chrono::seconds(30);

// Decisions that nobody acts on need no record.
class NoJournal : public Journal {
 public:
  absl::StatusOr<std::int64_t> Append(const DecisionEntry&) override { return ++decisions_; }
  absl::Status AppendOutcome(std::int64_t, OutcomeKind, Instant, const std::string&) override {
    return absl::OkStatus();
  }

 private:
  std::int64_t decisions_ = 0;
};

// Holds sizes for as long as a plan is applied.
class PassingBook : public PodSizeBook {
 public:
  explicit PassingBook(std::vector<PodSize> sizes) : sizes_(std::move(sizes)) {}
  std::vector<PodSize> Sizes() const override { return sizes_; }
  absl::Status Put(std::vector<PodSize> sizes) override {
    sizes_ = std::move(sizes);
    return absl::OkStatus();
  }

 private:
  std::vector<PodSize> sizes_;
};

// The cluster as one AppScaler needs it, seen whole once it is watched.
struct Sight {
  std::unique_ptr<ApiClient> client;
  std::unique_ptr<ClusterWatch> watch;
  std::unique_ptr<OwnMetrics> metrics = std::make_unique<OwnMetrics>();
};

absl::StatusOr<Sight> Reach(const OperatorOptions& options, const Clock& clock, bool writes) {
  auto connection = FindConnection(options.connection);
  if (!connection.ok()) return connection.status();
  ApiClientOptions client_options;
  if (!writes) {
    client_options.before_write = [] {
      return absl::FailedPreconditionError("a recommendation writes nothing");
    };
  }
  auto client = MakeClient(*connection, clock, std::move(client_options));
  if (!client.ok()) return client.status();
  Sight sight;
  sight.client = *std::move(client);
  return sight;
}

absl::Status Watch(const OperatorOptions& options, const Clock& clock, Sight& sight) {
  const bool has_nodes = options.namespaces.empty() ||
                         sight.client->Get(ResourcePath(kNodes, ""), {{"limit", "1"}}).ok();
  auto watch = ClusterWatch::Start(*sight.client, clock,
                                   {.namespaces = options.namespaces, .nodes = has_nodes});
  if (!watch.ok()) return watch.status();
  sight.watch = *std::move(watch);
  if (!sight.watch->Await([&sight] { return sight.watch->IsSynced(); }, kPatience)) {
    return sight.watch->Health();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<AppScaler>> ScalersOf(ApiClient& client,
                                                 const std::vector<std::string>& namespaces,
                                                 const std::string& name) {
  std::vector<AppScaler> scalers;
  const auto list = [&](const std::string& name_space) -> absl::Status {
    const auto found = client.List(ResourcePath(kAppScalers, name_space));
    if (!found.ok()) return found.status();
    for (const auto& object : found->items) {
      const std::string own = TextAt(object, {"metadata", "name"});
      if (!name.empty() && own != name) continue;
      auto scaler = ReadAppScaler(object);
      if (!scaler.ok()) {
        return absl::InvalidArgumentError(
            fmt::format("AppScaler '{}': {}", own, std::string(scaler.status().message())));
      }
      scalers.push_back(*std::move(scaler));
    }
    return absl::OkStatus();
  };
  if (namespaces.empty()) {
    if (absl::Status status = list(""); !status.ok()) return status;
  }
  for (const std::string& name_space : namespaces) {
    if (absl::Status status = list(name_space); !status.ok()) return status;
  }
  if (!scalers.empty()) return scalers;
  return absl::NotFoundError(name.empty() ? "there is no AppScaler"
                                          : fmt::format("there is no AppScaler '{}'", name));
}

absl::StatusOr<std::unique_ptr<AppWorld>> WorldOf(const OperatorOptions& options, Sight& sight,
                                                  const Clock& clock, PodSizeBook& book,
                                                  const AppScaler& scaler) {
  return MakeClusterWorld({.client = *sight.client,
                           .watch = *sight.watch,
                           .clock = clock,
                           .book = book,
                           .prometheus =
                               [&](const std::string& name_space) {
                                 return PrometheusReaderOf(options, name_space, clock);
                               },
                           .metrics_timeout = options.prometheus_timeout,
                           .dry_run = options.loop.dry_run,
                           .own_metrics = *sight.metrics},
                          scaler);
}

absl::StatusOr<Recommendation> RecommendOne(const OperatorOptions& options,
                                            const PolicyLibrary& library, const AppScaler& scaler,
                                            Sight& sight, TraceSource& traces, const Clock& clock) {
  PassingBook book(scaler.status.pod_sizes);
  auto world = WorldOf(options, sight, clock, book, scaler);
  if (!world.ok()) return world.status();
  auto application = ApplicationOf(scaler, (*world)->Fixed());
  if (!application.ok()) return application.status();
  const auto kept = std::make_shared<const Application>(*std::move(application));
  auto policy = library.Make(scaler, *kept, options.loop.control.interval);
  if (!policy.ok()) return policy.status();
  ControlOptions control = ControlOptionsOf(scaler, options.loop.control);
  control.capacity = (*world)->Capacity();
  control.mode = CommitMode::kDryRun;
  // There is no past to wait for, and nothing is done.
  control.safety.scale_down_stabilisation = control.safety.scale_up_stabilisation = Duration(0);
  for (SafetyOptions& safety : control.safety_of) {
    safety.scale_down_stabilisation = safety.scale_up_stabilisation = Duration(0);
  }
  NoJournal journal;
  LoopClock loop_clock(clock, {}, [] {});
  auto loop = ControlLoop::Create({.application = *kept,
                                   .clock = loop_clock,
                                   .traces = traces,
                                   .metrics = (*world)->metrics(),
                                   .actuator = (*world)->actuator(),
                                   .policy = **policy,
                                   .journal = journal},
                                  control);
  if (!loop.ok()) return loop.status();
  return Recommendation{.scaler = scaler,
                        .application = kept,
                        .decision = (*loop)->RunOnce(),
                        .rivals = (*world)->Rivals()};
}

bool AreEffective(const std::vector<AllocationChange>& raises, Actuator& actuator) {
  const auto states = actuator.State();
  return states.ok() && std::ranges::all_of(raises, [&states](const AllocationChange& raise) {
           return (*states)[raise.microservice.value()].Effective();
         });
}

}  // namespace

ChangeSet Recommendation::ToChangeSet() const {
  ChangeSet set{.name_space = scaler.meta.name_space,
                .name = scaler.meta.name,
                .uid = scaler.meta.uid,
                .generation = scaler.meta.generation,
                .at = decision.at};
  if (!decision.safe) return set;
  for (const AllocationChange& change : Diff(decision.desired, decision.safe->target)) {
    set.changes.push_back(
        {application->microservice(change.microservice).name, change.from, change.to});
  }
  return set;
}

absl::StatusOr<std::vector<Recommendation>> Recommend(const OperatorOptions& options,
                                                      const std::string& name, const Clock& clock,
                                                      const std::atomic<bool>& stop) {
  if (absl::Status valid = SpanSourceOptionsOf(options, {}).Validate(); !valid.ok()) return valid;
  auto library = PolicyLibrary::Load(options.profiles);
  if (!library.ok()) return library.status();
  auto sight = Reach(options, clock, /*writes=*/false);
  if (!sight.ok()) return sight.status();
  const auto scalers = ScalersOf(*sight->client, options.namespaces, name);
  if (!scalers.ok()) return scalers.status();
  if (absl::Status seen = Watch(options, clock, *sight); !seen.ok()) return seen;
  Duration window{0};
  for (const AppScaler& scaler : *scalers) window = std::max(window, scaler.objective.window);
  window += options.otlp_settle_delay;
  auto sources = SpanSources::Start(SpanSourceOptionsOf(options, window), clock);
  if (!sources.ok()) return sources.status();
  std::vector<std::unique_ptr<TraceSource>> traces;
  for (const AppScaler& scaler : *scalers) traces.push_back((*sources)->Open(scaler));
  if (options.jaeger_url.empty()) {
    for (const Instant end = clock.Now() + window; clock.Now() < end && !stop;) {
      WaitFor(std::chrono::milliseconds(100), {});
    }
  }
  std::vector<Recommendation> recommendations;
  for (std::size_t i = 0; i < scalers->size(); ++i) {
    if (stop) return absl::CancelledError("recommending");
    auto one = RecommendOne(options, *library, (*scalers)[i], *sight, *traces[i], clock);
    if (!one.ok()) return one.status();
    recommendations.push_back(*std::move(one));
  }
  return recommendations;
}

absl::StatusOr<AppliedSet> ApplyChangeSet(const OperatorOptions& options, const ChangeSet& set,
                                          const Clock& clock, const std::atomic<bool>& stop) {
  OperatorOptions own = options;
  own.namespaces = {set.name_space};
  auto sight = Reach(own, clock, /*writes=*/true);
  if (!sight.ok()) return sight.status();
  const auto object = sight->client->Get(ResourcePath(kAppScalers, set.name_space, set.name));
  if (!object.ok()) return object.status();
  const auto scaler = ReadAppScaler(*object);
  if (!scaler.ok()) return scaler.status();
  if (scaler->status.mode == ScalerModeName(ScalerMode::kApply) || scaler->status.commit) {
    return absl::AbortedError(fmt::format(
        "a controller applies to AppScaler '{}/{}' now: set its spec.mode to Recommend first",
        set.name_space, set.name));
  }
  if (absl::Status seen = Watch(own, clock, *sight); !seen.ok()) return seen;
  PassingBook book(scaler->status.pod_sizes);
  auto world = WorldOf(own, *sight, clock, book, *scaler);
  if (!world.ok()) return world.status();
  if (const auto rivals = (*world)->Rivals(); !rivals.empty()) {
    return absl::AbortedError(rivals[0].words);
  }
  const auto application = ApplicationOf(*scaler, (*world)->Fixed());
  if (!application.ok()) return application.status();
  Actuator& actuator = (*world)->actuator();
  const auto states = actuator.State();
  if (!states.ok()) return states.status();
  const auto changes = FreshChanges(set, *scaler, *application, *states);
  if (!changes.ok()) return changes.status();

  Allocation from(states->size());
  for (std::size_t i = 0; i < states->size(); ++i) from[MicroserviceId(i)] = (*states)[i].desired;
  Allocation to = from;
  for (const AllocationChange& change : *changes) to[change.microservice] = change.to;
  const StagedChanges staged = StageChanges(from, to);
  AppliedSet applied;
  applied.raises = Commit(staged.raises, actuator, CommitMode::kApply);
  if (staged.lowers.empty()) return applied;
  if (!applied.raises.Complete()) {
    applied.left_out = "a raise was refused";
    return applied;
  }
  const Instant deadline = clock.Now() + scaler->provisioning_timeout;
  while (!own.loop.dry_run && !AreEffective(staged.raises, actuator)) {
    if (stop) {
      applied.left_out = "it was stopped before the raises were effective";
      return applied;
    }
    if (clock.Now() >= deadline) {
      applied.left_out = fmt::format("the raises were not effective within {}",
                                     FormatDuration(scaler->provisioning_timeout));
      return applied;
    }
    WaitFor(std::chrono::milliseconds(500), {});
  }
  applied.lowers = Commit(staged.lowers, actuator, CommitMode::kApply);
  return applied;
}

}  // namespace trimtab
