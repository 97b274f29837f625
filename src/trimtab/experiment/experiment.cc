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
#include "trimtab/experiment/derm_fig_11.h"
#include "trimtab/experiment/derm_fig_12.h"
#include "trimtab/experiment/derm_fig_16.h"
#include "trimtab/experiment/derm_fig_19.h"
#include "trimtab/experiment/derm_fig_2.h"
#include "trimtab/experiment/derm_fig_3.h"
#include "trimtab/experiment/derm_fig_4.h"
#include "trimtab/experiment/derm_fig_5_6.h"
#include "trimtab/experiment/derm_fig_9.h"
#include "trimtab/experiment/derm_fig_9c.h"
#include "trimtab/experiment/grad_fig_3.h"
#include "trimtab/experiment/grad_fig_4.h"
#include "trimtab/experiment/grad_fig_7.h"
#include "trimtab/experiment/grad_fig_8a.h"
#include "trimtab/experiment/grad_fig_8b.h"
#include "trimtab/experiment/tuning.h"

namespace trimtab {
namespace {

constexpr std::string_view kTicketQuerying = "train-ticket-querying";
constexpr std::string_view kChangingLoad = "train-ticket-changing-load";

constexpr std::array kExperiments = {
    Experiment{.name = "demo",
               .description = "400 minutes of Hotel Reservation with Grad, 40 of TrainTicket with "
                              "Derm, beside the HPA",
               .needs_profile = true,
               .run = &RunDemo,
               .beside = kTicketQuerying},
    Experiment{.name = "derm-fig-10",
               .description = "prediction of graph shares: models, windows of 1 to 10, with and "
                              "without attention",
               .run = &RunDermFig10,
               .scenario = "train-ticket"},
    Experiment{.name = "derm-fig-11",
               .description = "containers planned for wrong shares of graphs, and what they keep",
               .run = &RunDermFig11,
               .scenario = "train-ticket-booking",
               .needs_distributions = true},
    Experiment{.name = "derm-fig-12",
               .description = "containers of Derm and other policies over static loads and SLAs",
               .run = &RunDermFig12,
               .scenario = kTicketQuerying,
               .needs_distributions = true},
    Experiment{.name = "derm-fig-13",
               .description = "containers by load and SLA",
               .run = &RunDermFig13,
               .scenario = kTicketQuerying,
               .needs_distributions = true},
    Experiment{.name = "derm-fig-14",
               .description = "requests above the SLA, by load and SLA",
               .run = &RunDermFig14,
               .scenario = kTicketQuerying,
               .needs_distributions = true},
    Experiment{.name = "derm-fig-15",
               .description = "P95 and P99 of Derm under static loads",
               .run = &RunDermFig15,
               .scenario = kTicketQuerying,
               .needs_distributions = true},
    Experiment{.name = "derm-fig-16",
               .description = "containers over 40 minutes of changing load",
               .run = &RunDermFig16,
               .scenario = kChangingLoad,
               .needs_distributions = true},
    Experiment{.name = "derm-fig-17",
               .description = "P95 over 40 minutes of changing load",
               .run = &RunDermFig17,
               .scenario = kChangingLoad,
               .needs_distributions = true},
    Experiment{.name = "derm-fig-18",
               .description =
                   "Derm with graph shares by the network, the last windows and the whole history",
               .run = &RunDermFig18,
               .scenario = kChangingLoad,
               .needs_distributions = true},
    Experiment{"derm-fig-19",
               "containers with one promise for all requests and one for every graph", false,
               &RunDermFig19},
    Experiment{"derm-fig-2", "graph types per application, counted in measured call graphs", false,
               &RunDermFig2},
    Experiment{"derm-fig-3", "simple and complex graphs held to different percentiles", false,
               &RunDermFig3},
    Experiment{.name = "derm-fig-4",
               .description = "whether the graphs of simulated requests follow the load",
               .run = &RunDermFig4,
               .scenario = "train-ticket"},
    Experiment{.name = "derm-fig-5",
               .description = "calls and containers over the load: tickets sell out sooner",
               .run = &RunDermFig5,
               .scenario = kTicketQuerying,
               .needs_distributions = true},
    Experiment{.name = "derm-fig-6",
               .description = "calls and containers over the distance asked for",
               .run = &RunDermFig6,
               .scenario = kTicketQuerying,
               .needs_distributions = true},
    Experiment{"derm-fig-9a", "exponential, log-logistic, Burr and Pareto on own latencies", false,
               &RunDermFig9a},
    Experiment{"derm-fig-9b", "the latency rate over load: line, XGBoost, random forest", false,
               &RunDermFig9b},
    Experiment{.name = "derm-fig-9c",
               .description = "the end-to-end P95 from own latencies, simulated and in spans",
               .run = &RunDermFig9c,
               .scenario = kTicketQuerying,
               .needs_distributions = true,
               .beside = "media"},
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
