// The control loop of one AppScaler, with all that its resource and its cluster say between two
// decisions.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/clock/clock.h"
#include "trimtab/controller/control_options.h"
#include "trimtab/controller/decision.h"
#include "trimtab/journal/journal.h"
#include "trimtab/kubernetes/api_client.h"
#include "trimtab/operator/app_world.h"
#include "trimtab/operator/commit_intent.h"
#include "trimtab/operator/cycle_metrics.h"
#include "trimtab/operator/event_log.h"
#include "trimtab/operator/model_metrics.h"
#include "trimtab/operator/run_log.h"
#include "trimtab/operator/scaler_conditions.h"
#include "trimtab/operator/status_board.h"
#include "trimtab/scaling/scaling_policy.h"
#include "trimtab/telemetry/own_metrics.h"
#include "trimtab/tracing/trace_source.h"

namespace trimtab {

// An AppScaler as its watch last brought it. A resource that contradicts itself is there, too.
struct SeenScaler {
  bool exists = false;
  ObjectMeta meta{};
  absl::StatusOr<AppScaler> scaler = absl::UnknownError("not read");
};

struct AppLoopOptions {
  bool may_apply = false;  // the process allows it; the resource must, too
  bool dry_run = false;    // writes are checked by the server and not stored
  // Objective, window and behaviour of the resource go over these.
  ControlOptions control{};
  std::string instance{};  // the name of our pod
};

// What a loop is made of; everything must outlive it.
struct AppLoopParts {
  ApiClient& client;  // its writes are gated by the lease
  const Clock& clock;
  OwnMetrics& metrics;
  RunLog& log;
  // The resource now; called from the loop's thread, also in the middle of a commit.
  std::function<SeenScaler()> latest;
  std::function<absl::StatusOr<std::unique_ptr<AppWorld>>(const AppScaler&, PodSizeBook&)> world;
  std::function<std::unique_ptr<TraceSource>(const AppScaler&)> traces;
  std::function<absl::StatusOr<std::unique_ptr<ScalingPolicy>>(const AppScaler&,
                                                               const Application&)>
      policy;
  std::function<ModelStatus(const AppScaler&)> model;
  std::function<std::vector<WorkloadModel>(const AppScaler&)> workload_models;
  std::function<absl::StatusOr<std::unique_ptr<Journal>>(const AppScaler&)> journal;
};

// Between two decisions it follows the resource: another generation is another loop, which lowers
// nothing for one window; a pause decides nothing; a rival, a Recommend of resource or process, or
// a size that somebody else changed leaves decisions unacted. Decides once an interval.
// Thread-safety: one caller at a time.
class AppLoop {
 public:
  AppLoop(AppLoopParts parts, AppLoopOptions options, const SeenScaler& seen);
  ~AppLoop();

  // Until the resource is gone or a stop is requested; what was begun is finished first.
  void Run(const std::stop_token& stop);

  // One cycle at the clock's time; false once the resource is gone. REQUIRES for a test: `stop`
  // outlives the call.
  bool RunCycle(const std::stop_token& stop);

  const StatusBoard& board() const { return board_; }

 private:
  struct Engine;
  absl::Status Build(const AppScaler& scaler, const std::stop_token& stop, CycleReport& report);
  void Turn();
  void Tend();
  void Decide(CycleReport& report);
  void Settle(CycleReport& report);
  void Recover(CycleReport& report);
  void Freeze(std::string why, Duration how_long);
  std::vector<std::string> Freezes() const;
  Verdict VerdictNow() const;
  void Tell(const CycleReport& report);
  void Measure(const CycleReport& report);

  const AppLoopParts parts_;
  const AppLoopOptions options_;
  const std::string name_space_;
  const std::string name_;
  const std::string uid_;
  StatusBoard board_;
  EventLog events_;
  CycleMetrics cycle_metrics_{parts_.metrics, name_space_, name_};
  ModelMetrics model_metrics_{parts_.metrics, name_space_};
  std::unique_ptr<Engine> engine_;
  std::optional<Decision> decision_;                     // of this cycle
  std::vector<std::pair<std::string, Instant>> frozen_;  // why and until when
  bool applies_ = false;                                 // decisions of this cycle are acted on
  absl::Status last_tended_;
  Instant last_cycle_{};
};

}  // namespace trimtab
