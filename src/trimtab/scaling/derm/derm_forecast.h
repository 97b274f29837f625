// What the next step is going to bring: load, and the mix of call graphs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "trimtab/callgraph/call_tree.h"
#include "trimtab/graphdynamics/share_forecaster.h"
#include "trimtab/graphdynamics/share_learner.h"
#include "trimtab/graphdynamics/share_steps.h"
#include "trimtab/monitoring/observation.h"
#include "trimtab/scaling/derm/derm_options.h"
#include "trimtab/scaling/derm/load_history.h"

namespace trimtab {

// A class of requests that is expected.
struct ForecastClass {
  std::string id;
  CallTree tree;
  double share = 0;
};

// Learns from the observations one step apart, and goes on from what was learned of the shares
// before. Windows that overlap are told apart: the network's steps are windows one after another,
// and what it foresees is the mix of the window in which the plan is going to hold.
// Deterministic: a function of the observations so far. Thread-safety: none. Cost: a prediction of
// the network (35 us) a window, and at times a training (DermOptions::training_samples).
class DermForecast {
 public:
  explicit DermForecast(const DermOptions& options,
                        std::shared_ptr<const ShareKnowledge> before = nullptr);

  // Takes note of a window and of the load of the application in it, in requests/s.
  void Note(const Observation& seen, std::optional<double> load);

  // LoadHistory::Quantile() of the application; absent before the first load.
  std::optional<double> LoadQuantile(double level) const;
  // The same of the calls to a microservice, which the newest windows tell before the mix does;
  // absent before its first known rate.
  std::optional<double> ArrivalQuantile(std::size_t microservice, double level) const;
  // The last load itself.
  std::optional<double> LastLoad() const;

  // By class: most frequent first, then by id. Empty when no window had a classified trace. Shares
  // sum to one; a class that the network foresees and no window has shown yet has no tree and is
  // left out.
  std::vector<ForecastClass> Classes() const;
  // Which predictor they come from and how well it has done; empty for persistence alone.
  std::string Words() const;

 private:
  ShareMix LastWindows() const;
  void NoteShares(const Observation& seen, std::optional<double> load);

  DermOptions options_;
  LoadHistory load_;
  std::vector<LoadHistory> arrivals_;      // by MicroserviceId
  std::deque<ShareMix> windows_;           // traces by class, the last at the back
  std::map<std::string, CallTree> trees_;  // the newest: what is parallel is better known
  std::optional<ShareForecaster> shares_;
};

}  // namespace trimtab
