#include "trimtab/operator/app_loop.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "trimtab/controller/control_loop.h"
#include "trimtab/operator/loop_clock.h"
#include "trimtab/operator/loop_pulses.h"
#include "trimtab/operator/scaler_options.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

// Metrics that say why nothing may be lowered, so that the reason stands in every record of the
// decision.
class FreezingMetrics : public MetricSource {
 public:
  FreezingMetrics(MetricSource& source, std::function<std::vector<std::string>()> freezes)
      : source_(source), freezes_(std::move(freezes)) {}

  absl::StatusOr<MetricSnapshot> Read(Instant now, Duration window) override {
    auto snapshot = source_.Read(now, window);
    if (snapshot.ok()) {
      for (const std::string& why : freezes_()) {
        snapshot->gaps.push_back(fmt::format("{}{}", kFreezePrefix, why));
      }
    }
    return snapshot;
  }

 private:
  MetricSource& source_;
  const std::function<std::vector<std::string>()> freezes_;
};

AppScaler AsScaler(const SeenScaler& seen) {
  if (seen.scaler.ok()) return *seen.scaler;
  AppScaler scaler;
  scaler.meta = seen.meta;
  return scaler;
}

// A workload that does not exist keeps no other from being served.
bool CanDecide(const absl::Status& world) { return world.ok() || absl::IsNotFound(world); }

bool SameFixed(const std::vector<FixedAllocation>& a, const std::vector<FixedAllocation>& b) {
  return std::ranges::equal(a, b, [](const FixedAllocation& x, const FixedAllocation& y) {
    return x.replicas == y.replicas && x.container == y.container;
  });
}

}  // namespace

// All that holds for one generation of the resource; declared so that each outlives what uses it.
struct AppLoop::Engine {
  AppScaler scaler;
  std::vector<FixedAllocation> fixed;
  std::optional<Application> application;
  std::unique_ptr<AppWorld> world;
  std::unique_ptr<TraceSource> traces;
  std::unique_ptr<ScalingPolicy> policy;
  std::unique_ptr<Journal> journal;
  std::optional<LoopClock> clock;
  std::optional<FreezingMetrics> metrics;
  std::optional<GuardedActuator> actuator;
  std::optional<IntentJournal> intents;
  std::unique_ptr<ControlLoop> loop;
  Duration stabilisation{};
};

AppLoop::AppLoop(AppLoopParts parts, AppLoopOptions options, const SeenScaler& seen)
    : parts_(std::move(parts)),
      options_(std::move(options)),
      name_space_(seen.meta.name_space),
      name_(seen.meta.name),
      uid_(seen.meta.uid),
      board_(parts_.client,
             {.name_space = name_space_, .name = name_, .uid = uid_, .dry_run = options_.dry_run},
             AsScaler(seen)),
      events_(parts_.client, parts_.clock, seen.meta,
              {.instance = options_.instance, .dry_run = options_.dry_run}) {}

AppLoop::~AppLoop() { parts_.metrics.ForgetWhere({{"namespace", name_space_}, {"app", name_}}); }

void AppLoop::Run(const std::stop_token& stop) {
  LoopClock clock(parts_.clock, stop, [this] { Turn(); });
  Instant next = clock.Now();
  while (clock.WaitUntil(next) && RunCycle(stop)) {
    next = std::max(next + options_.control.interval, clock.Now());
  }
}

void AppLoop::Turn() {
  LoopPulses::Beat();
  Tend();
}

void AppLoop::Tend() {
  // A resource that lets go in the middle of a commit still gets its raises: pods that are born
  // meanwhile, too.
  if (engine_ == nullptr || !applies_ || VerdictNow().permission == Permission::kNothing) return;
  const absl::Status tended = engine_->world->Tend();
  if (!tended.ok() && tended != last_tended_) {
    parts_.log.Warn("pods were not brought to their size",
                    {{"namespace", name_space_}, {"app", name_}, {"error", tended.ToString()}});
  }
  last_tended_ = tended;
}

void AppLoop::Freeze(std::string why, Duration how_long) {
  const Instant now = parts_.clock.Now();
  std::erase_if(frozen_, [now](const auto& frozen) { return frozen.second <= now; });
  const Instant until = now + how_long;
  for (auto& [reason, end] : frozen_) {
    if (reason == why) {
      end = std::max(end, until);
      return;
    }
  }
  frozen_.emplace_back(std::move(why), until);
}

std::vector<std::string> AppLoop::Freezes() const {
  std::vector<std::string> why;
  for (const auto& [reason, end] : frozen_) {
    if (parts_.clock.Now() < end) why.push_back(reason);
  }
  return why;
}

Verdict AppLoop::VerdictNow() const {
  const SeenScaler seen = parts_.latest();
  const auto raises_only = [](std::string why) {
    return Verdict{Permission::kRaisesOnly, std::move(why)};
  };
  const std::vector<RivalNotice> rivals = engine_->world->Rivals();
  if (!rivals.empty()) return {Permission::kNothing, rivals[0].words};
  if (!seen.exists || seen.meta.uid != uid_) return raises_only("the AppScaler was deleted");
  if (!seen.scaler.ok()) return raises_only("the AppScaler contradicts itself");
  if (seen.scaler->is_paused) return raises_only("the AppScaler is paused");
  if (seen.scaler->mode != ScalerMode::kApply) return raises_only("spec.mode is Recommend");
  return {};
}

absl::Status AppLoop::Build(const AppScaler& scaler, const std::stop_token& stop,
                            CycleReport& report) {
  auto engine = std::make_unique<Engine>();
  engine->scaler = scaler;
  auto world = parts_.world(engine->scaler, board_);
  if (!world.ok()) return report.world = world.status();
  engine->world = *std::move(world);
  report.world = engine->world->Ready();
  if (!CanDecide(report.world)) return report.world;
  engine->fixed = engine->world->Fixed();
  auto application = ApplicationOf(engine->scaler, engine->fixed);
  if (!application.ok()) return report.spec = application.status();
  engine->application = *std::move(application);
  auto policy = parts_.policy(engine->scaler, *engine->application);
  if (!policy.ok()) return report.model = policy.status();
  engine->policy = *std::move(policy);
  auto journal = parts_.journal(engine->scaler);
  if (!journal.ok()) return report.world = journal.status();
  engine->journal = *std::move(journal);

  ControlOptions control = ControlOptionsOf(engine->scaler, options_.control);
  control.capacity = engine->world->Capacity();
  engine->stabilisation = control.safety.scale_down_stabilisation;
  for (const SafetyOptions& safety : control.safety_of) {
    engine->stabilisation = std::max(engine->stabilisation, safety.scale_down_stabilisation);
  }
  engine->traces = parts_.traces(engine->scaler);
  engine->clock.emplace(parts_.clock, stop, [this] { Turn(); });
  engine->metrics.emplace(engine->world->metrics(), [this] { return Freezes(); });
  engine->actuator.emplace(engine->world->actuator(), board_, [this] { return VerdictNow(); });
  engine->intents.emplace(*engine->journal, board_, [this] { return applies_; });
  auto loop = ControlLoop::Create({.application = *engine->application,
                                   .clock = *engine->clock,
                                   .traces = *engine->traces,
                                   .metrics = *engine->metrics,
                                   .actuator = *engine->actuator,
                                   .policy = *engine->policy,
                                   .journal = *engine->intents},
                                  control, [this] { return parts_.clock.Now() - Instant{}; });
  if (!loop.ok()) return report.spec = loop.status();
  engine->loop = *std::move(loop);
  engine_ = std::move(engine);
  Freeze("a restart: one window must pass", std::max(control.tails.window, engine_->stabilisation));
  return absl::OkStatus();
}

bool AppLoop::RunCycle(const std::stop_token& stop) {
  LoopPulses::Beat();
  const SeenScaler seen = parts_.latest();
  if (!seen.exists || seen.meta.uid != uid_) return false;
  decision_.reset();
  CycleReport report{.at = parts_.clock.Now(),
                     .generation = seen.meta.generation,
                     .spec = seen.scaler.status(),
                     .may_apply = options_.may_apply};
  board_.Seen(seen.meta.resource_version);
  if (seen.scaler.ok()) {
    const AppScaler& scaler = *seen.scaler;
    report.is_paused = scaler.is_paused;
    report.paused_reason = scaler.paused_reason;
    const bool is_new =
        engine_ == nullptr || engine_->scaler.meta.generation != scaler.meta.generation ||
        (CanDecide(engine_->world->Ready()) && !SameFixed(engine_->world->Fixed(), engine_->fixed));
    if (is_new) {
      engine_.reset();
      Build(scaler, stop, report).IgnoreError();
    } else {
      report.world = engine_->world->Ready();
    }
    if (engine_ != nullptr) {
      report.rivals = engine_->world->Rivals();
      report.applies = options_.may_apply && scaler.mode == ScalerMode::kApply &&
                       !scaler.is_paused && report.rivals.empty();
      report.fixed = engine_->world->Fixed();
      report.scaler = &engine_->scaler;
      report.application = &*engine_->application;
      Decide(report);
    }
  }
  report.freezes = Freezes();
  const absl::Status written = board_.Update([this, &report](AppScalerStatus& status) {
    if (report.scaler != nullptr) status.model = parts_.model(*report.scaler);
    Report(report, status);
  });
  if (!written.ok() && !absl::IsNotFound(written)) {
    parts_.log.Warn("the status was not written",
                    {{"namespace", name_space_}, {"app", name_}, {"error", written.ToString()}});
  }
  Tell(report);
  Measure(report);
  last_cycle_ = report.at;
  return true;
}

void AppLoop::Decide(CycleReport& report) {
  // What is known may be old: the decision is held for that, and written down.
  const bool is_known = CanDecide(report.world);
  applies_ = report.applies && is_known;
  if (is_known) Recover(report);
  if (report.is_paused) {
    // Spans that nobody takes would be kept for it up to their bound.
    engine_->traces->Read(parts_.clock.Now(), [](const Span&) {}).IgnoreError();
    return;
  }
  if (applies_) Settle(report);
  engine_->loop->set_mode(applies_ ? CommitMode::kApply : CommitMode::kDryRun);
  decision_ = engine_->loop->RunOnce();
  report.decision = &*decision_;
  for (const Trouble& trouble : decision_->troubles) {
    if (trouble.what == Degradation::kForeignChange) Freeze(trouble.words, engine_->stabilisation);
  }
}

// The sizes of pods to be born follow the templates and the pods that are there.
void AppLoop::Settle(CycleReport& report) {
  const std::vector<PodSize> before = board_.Sizes();
  Tend();
  const std::vector<PodSize> sizes = board_.Sizes();
  std::vector<PodSize> settled = engine_->world->Settled(sizes);
  if (settled == before) return;
  Freeze("the sizes of pods were found anew", engine_->stabilisation);
  const absl::Status put = board_.Put(std::move(settled));
  if (put.ok()) return;
  report.applies = applies_ = false;
  parts_.log.Warn("the sizes of pods were not written",
                  {{"namespace", name_space_}, {"app", name_}, {"error", put.ToString()}});
}

// Finishes the raises of an earlier leader and takes back its cuts.
void AppLoop::Recover(CycleReport& report) {
  const std::optional<CommitIntent> intent = board_.status().commit;
  if (!intent || !options_.may_apply || !report.rivals.empty()) return;
  const auto states = engine_->world->actuator().State();
  if (!states.ok()) {
    // Another commit would take the place of this one in the status.
    report.applies = applies_ = false;
    return;
  }
  bool is_done = true;
  for (const AllocationChange& change : RecoveryChanges(*intent, *engine_->application, *states)) {
    const absl::Status applied = engine_->actuator->Apply(change);
    parts_.log.Info("an unfinished commit is brought to a safe place",
                    {{"namespace", name_space_},
                     {"app", name_},
                     {"decision_id", intent->id},
                     {"workload", engine_->application->microservice(change.microservice).name},
                     {"result", applied.ToString()}});
    is_done = is_done && applied.ok();
  }
  Freeze(fmt::format("commit {} was not finished", intent->id), engine_->stabilisation);
  if (is_done) {
    board_.Update([](AppScalerStatus& status) { status.commit.reset(); }).IgnoreError();
  } else {
    report.applies = applies_ = false;
  }
}

}  // namespace trimtab
