#include "trimtab/experiment/experiment.h"

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/experiment/comparison_experiments.h"
#include "trimtab/experiment/derm_fig_10.h"
#include "trimtab/experiment/derm_fig_5_6.h"
#include "trimtab/experiment/derm_fig_9.h"
#include "trimtab/experiment/grad_fig_3.h"
#include "trimtab/experiment/grad_fig_4.h"
#include "trimtab/experiment/grad_fig_7.h"
#include "trimtab/experiment/grad_fig_8a.h"
#include "trimtab/experiment/grad_fig_8b.h"
#include "trimtab/experiment/tuning.h"

namespace trimtab {
namespace {

constexpr std::array kExperiments = {
    Experiment{"demo", "400 minutes of Hotel Reservation: Grad, the HPA and a static allocation",
               true, &RunDemo},
    Experiment{"derm-fig-10",
               "prediction of graph shares: models, windows of 1 to 10, with and without attention",
               false, &RunDermFig10},
    Experiment{"derm-fig-5", "calls of a search over the load: tickets sell out sooner", false,
               &RunDermFig5},
    Experiment{"derm-fig-6", "calls of a search over the distance asked for", false, &RunDermFig6},
    Experiment{"derm-fig-9a", "exponential, log-logistic, Burr and Pareto on own latencies", false,
               &RunDermFig9a},
    Experiment{"derm-fig-9b", "the latency rate over load: line, XGBoost, random forest", false,
               &RunDermFig9b},
    Experiment{"grad-fig-3", "the best trade at every step, and what Grad would choose there", true,
               &RunGradFig3},
    Experiment{"grad-fig-4", "sensitivity to CPU and memory over memory, load and interference",
               true, &RunGradFig4},
    Experiment{"grad-fig-7", "training time for 5 to 2,500 microservices", false, &RunGradFig7},
    Experiment{"grad-fig-8a", "accuracy of latency models: piecewise-linear, XGBoost, networks",
               false, &RunGradFig8a},
    Experiment{"grad-fig-8b", "accuracy of end-to-end predictors, with and without attention",
               false, &RunGradFig8b},
    Experiment{"grad-goal", "the demo's policies over five seeds, with the goal of at most 4.7 %",
               true, &RunGradGoal},
    Experiment{"tune", "finds the options of the baselines and writes them beside the scenario",
               true, &RunTune},
};

}  // namespace

std::span<const Experiment> Experiments() { return kExperiments; }

absl::StatusOr<const Experiment*> FindExperiment(std::string_view name) {
  std::string names;
  for (const Experiment& experiment : kExperiments) {
    if (experiment.name == name) return &experiment;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", experiment.name);
  }
  return absl::NotFoundError(fmt::format("experiment '{}' is none of {}", name, names));
}

}  // namespace trimtab
