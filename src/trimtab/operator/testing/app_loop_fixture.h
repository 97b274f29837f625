// The loop of one AppScaler of two workloads: a fake world, and a fake API server that stores it.
#pragma once

#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/controller/testing/fake_world.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/testing/fake_api.h"
#include "trimtab/operator/app_loop.h"

namespace trimtab {

// Stores one AppScaler: reads, patches of its status, and events. Versions rise by one.
class StoredScaler {
 public:
  using Json = nlohmann::json;

  StoredScaler() { Reset(); }

  // As it was first made, and there.
  void Reset() {
    const std::scoped_lock lock(mutex_);
    exists_ = true;
    object_ = *JsonFromText(R"({"apiVersion":"trimtab.dev/v1alpha1","kind":"AppScaler",
      "metadata":{"name":"two","namespace":"shop","uid":"u1","generation":1,"resourceVersion":"1"},
      "spec":{"mode":"Apply","entry":{"serviceName":"m0"},
        "objective":{"latency":"300ms","window":"10s"},
        "behavior":{"scaleDown":{"stabilization":"60s","maxChange":"100%"},
          "scaleUp":{"maxChange":"900%"}},
        "workloads":[
         {"name":"m0","targetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"m0"}},
         {"name":"m1","targetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"m1"}}]}})");
  }

  void Answer(const FakeApi::Request& request, const LoopbackConnection& connection) {
    const std::scoped_lock lock(mutex_);
    if (request.method == "POST") {
      events_.push_back(*JsonFromText(request.body));
      connection.Answer(201, request.body);
    } else if (request.method == "PATCH" && fail_status_ != 0) {
      connection.Answer(fail_status_, StatusBody(fail_status_, "Broken"));
    } else if (request.method == "PATCH") {
      Patch(*JsonFromText(request.body), connection);
    } else {
      connection.Answer(exists_ ? 200 : 404,
                        exists_ ? object_.dump() : StatusBody(404, "NotFound"));
    }
  }

  // As somebody else, who changes it with a function.
  template <class Change>
  void Edit(const Change& change) {
    const std::scoped_lock lock(mutex_);
    change(object_);
    Touch();
  }
  void Delete() {
    const std::scoped_lock lock(mutex_);
    exists_ = false;
  }
  void FailStatus(int code) {
    const std::scoped_lock lock(mutex_);
    fail_status_ = code;
  }
  SeenScaler Seen() const {
    const std::scoped_lock lock(mutex_);
    return {exists_, *ReadObjectMeta(object_), ReadAppScaler(object_)};
  }
  Json Status() const {
    const std::scoped_lock lock(mutex_);
    return ObjectAt(object_, {"status"});
  }
  int status_writes() const {
    const std::scoped_lock lock(mutex_);
    return status_writes_;
  }
  std::vector<std::string> event_reasons() const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> reasons;
    for (const Json& event : events_) reasons.push_back(TextAt(event, {"reason"}));
    return reasons;
  }

 private:
  void Touch() {
    object_["metadata"]["resourceVersion"] =
        std::to_string(std::stoi(TextAt(object_, {"metadata", "resourceVersion"})) + 1);
  }
  void Patch(Json patch, const LoopbackConnection& connection) {
    const std::string version = TextAt(patch, {"metadata", "resourceVersion"});
    if (!exists_) return (void)connection.Answer(404, StatusBody(404, "NotFound"));
    if (!version.empty() && version != TextAt(object_, {"metadata", "resourceVersion"})) {
      return (void)connection.Answer(409, StatusBody(409, "Conflict"));
    }
    object_["status"].merge_patch(patch["status"]);
    Touch();
    ++status_writes_;
    connection.Answer(200, object_.dump());
  }

  mutable std::mutex mutex_;  // guards all below
  Json object_;
  bool exists_ = true;
  int fail_status_ = 0;
  int status_writes_ = 0;
  std::vector<Json> events_;
};

class FakeAppWorld : public AppWorld {
 public:
  FakeAppWorld() : metrics_(actuator_) {}

  absl::Status Ready() const override { return ready; }
  std::vector<FixedAllocation> Fixed() override { return fixed; }
  std::optional<ClusterCapacity> Capacity() const override { return std::nullopt; }
  std::vector<RivalNotice> Rivals() const override { return rivals; }
  std::vector<PodSize> Settled(const std::vector<PodSize>& sizes) const override {
    return settle ? settle(sizes) : sizes;
  }
  absl::Status Tend() override {
    ++tended;
    return absl::OkStatus();
  }
  Actuator& actuator() override { return actuator_; }
  MetricSource& metrics() override { return other_metrics != nullptr ? *other_metrics : metrics_; }

  absl::Status ready;
  std::vector<FixedAllocation> fixed = std::vector<FixedAllocation>(2);
  std::vector<RivalNotice> rivals;
  std::function<std::vector<PodSize>(const std::vector<PodSize>&)> settle;
  int tended = 0;
  FakeActuator actuator_{Allocation(2, {2, {Millicores(400), Mebibytes(200)}})};
  FakeMetrics metrics_;
  MetricSource* other_metrics = nullptr;
};

// Hands calls on, so that a test keeps what a loop owns.
template <class Port>
class Lent;
template <>
class Lent<AppWorld> : public AppWorld {
 public:
  explicit Lent(AppWorld& world) : world_(world) {}
  absl::Status Ready() const override { return world_.Ready(); }
  std::vector<FixedAllocation> Fixed() override { return world_.Fixed(); }
  std::optional<ClusterCapacity> Capacity() const override { return world_.Capacity(); }
  std::vector<RivalNotice> Rivals() const override { return world_.Rivals(); }
  std::vector<PodSize> Settled(const std::vector<PodSize>& sizes) const override {
    return world_.Settled(sizes);
  }
  absl::Status Tend() override { return world_.Tend(); }
  Actuator& actuator() override { return world_.actuator(); }
  MetricSource& metrics() override { return world_.metrics(); }

 private:
  AppWorld& world_;
};
template <>
class Lent<ScalingPolicy> : public ScalingPolicy {
 public:
  explicit Lent(ScalingPolicy& policy) : policy_(policy) {}
  std::string_view name() const override { return policy_.name(); }
  absl::StatusOr<Plan> MakePlan(const PlanningInput& input) override {
    return policy_.MakePlan(input);
  }

 private:
  ScalingPolicy& policy_;
};
template <>
class Lent<Journal> : public Journal {
 public:
  explicit Lent(Journal& journal) : journal_(journal) {}
  absl::StatusOr<std::int64_t> Append(const DecisionEntry& entry) override {
    return journal_.Append(entry);
  }
  absl::Status AppendOutcome(std::int64_t decision, OutcomeKind kind, Instant at,
                             const std::string& body) override {
    return journal_.AppendOutcome(decision, kind, at, body);
  }

 private:
  Journal& journal_;
};
template <>
class Lent<TraceSource> : public TraceSource {
 public:
  explicit Lent(TraceSource& source) : source_(source) {}
  absl::Status Read(Instant now, const std::function<void(const Span&)>& sink) override {
    return source_.Read(now, sink);
  }
  double sampling_share() const override { return source_.sampling_share(); }
  std::optional<Duration> whole_after() const override { return source_.whole_after(); }
  SpanAccount account() const override { return source_.account(); }
  std::vector<Duration> unfinished_ages() const override { return source_.unfinished_ages(); }

 private:
  TraceSource& source_;
};

class AppLoopFixture : public ::testing::Test {
 protected:
  AppLoopFixture() {
    options.may_apply = true;
    options.control.interval = std::chrono::seconds(5);
    options.control.tails.settle_delay = std::chrono::seconds(5);
    options.instance = "trimtab-0";
    Restart();
  }

  // A new process, which knows what journal and resource say.
  void Restart() {
    loop.reset();
    loop = std::make_unique<AppLoop>(
        AppLoopParts{
            .client = api.client(),
            .clock = clock,
            .metrics = metrics,
            .log = log,
            .latest = [this] { return stored.Seen(); },
            .world = [this](const AppScaler&,
                            PodSizeBook& book) -> absl::StatusOr<std::unique_ptr<AppWorld>> {
              sizes = &book;
              return std::make_unique<Lent<AppWorld>>(world);
            },
            .traces = [this](const AppScaler&) -> std::unique_ptr<TraceSource> {
              return std::make_unique<Lent<TraceSource>>(*trace_source);
            },
            .policy = [this](const AppScaler&,
                             const Application&) -> absl::StatusOr<std::unique_ptr<ScalingPolicy>> {
              if (!model.ok()) return model;
              return std::make_unique<Lent<ScalingPolicy>>(policy);
            },
            .model = [](const AppScaler&) { return ModelStatus{.digest = "d"}; },
            .workload_models = [this](const AppScaler&) { return models; },
            .journal = [this](const AppScaler&) -> absl::StatusOr<std::unique_ptr<Journal>> {
              return std::make_unique<Lent<Journal>>(*journal_kept);
            }},
        options, stored.Seen());
  }

  // What happens in the world meanwhile.
  virtual void BeforeCycle() {}

  // One cycle, after which an interval passes.
  bool Cycle() {
    BeforeCycle();
    const bool goes_on = loop->RunCycle(stop.get_token());
    clock.now += options.control.interval;
    return goes_on;
  }
  // The window after a start in which nothing is lowered: 60 s. What was asked for meanwhile is
  // lowered in the cycle after.
  void PassFreezes() {
    for (int i = 0; i < 12; ++i) Cycle();
  }
  static MicroserviceAllocation Sized(int replicas, int millicores = 400, int mebibytes = 200) {
    return {replicas, {Millicores(millicores), Mebibytes(mebibytes)}};
  }
  void Ask(const MicroserviceAllocation& first, const MicroserviceAllocation& second) {
    policy.make = [first, second](const PlanningInput&) {
      Plan plan;
      plan.target = Allocation(2);
      plan.target[MicroserviceId(0)] = first;
      plan.target[MicroserviceId(1)] = second;
      plan.predicted_tail_latency = Latency(250);
      return plan;
    };
  }
  // "status/reason" of a condition in the stored status.
  std::string Condition(std::string_view type) const {
    const nlohmann::json status = stored.Status();
    for (const auto& condition : ArrayAt(status, {"conditions"})) {
      if (TextAt(condition, {"type"}) != type) continue;
      return TextAt(condition, {"status"}) + "/" + TextAt(condition, {"reason"});
    }
    return "";
  }
  MicroserviceAllocation Desired(std::size_t index) const {
    return world.actuator_.states[index].desired;
  }

  StoredScaler stored;
  FakeApi api{[this](const FakeApi::Request& request, const LoopbackConnection& connection) {
                stored.Answer(request, connection);
              },
              {.attempts = 1}};
  FakeClock clock;
  OwnMetrics metrics;
  std::ostringstream logged;
  RunLog log{logged, clock, LogFormat::kJson, LogLevel::kDebug};
  FakeAppWorld world;
  FakeTraces traces;
  FakePolicy policy;
  FakeJournal journal;
  TraceSource* trace_source = &traces;  // of the next Restart(), as is the journal
  Journal* journal_kept = &journal;
  absl::Status model;
  std::vector<WorkloadModel> models;
  AppLoopOptions options;
  PodSizeBook* sizes = nullptr;
  std::stop_source stop;
  std::unique_ptr<AppLoop> loop;
};

}  // namespace trimtab
