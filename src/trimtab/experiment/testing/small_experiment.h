// Everything that an experiment of Derm's takes, small enough for a test.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "trimtab/experiment/experiment.h"
#include "trimtab/experiment/testing/no_progress.h"
#include "trimtab/profiling/distribution_sweep.h"
#include "trimtab/scenario/scenario.h"
#include "trimtab/simulation/simulated_samples.h"

namespace trimtab::testing {

// A scenario of this repository with distributions of 500 samples, each container alone and free of
// interference, and an empty folder for results. REQUIRES: files can be written to the temporary
// folder.
class SmallExperiment {
 public:
  SmallExperiment(const std::string& scenario, const std::string& folder)
      : scenario_(LoadScenario(TRIMTAB_SOURCE_DIR "/scenarios/" + scenario + ".yaml").value()),
        directory_(::testing::TempDir() + "trimtab_" + folder) {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    std::vector<ContainerConfig> containers;
    for (const MicroserviceSpec& of : scenario_.cluster.microservices) {
      containers.push_back(of.initial.container);
    }
    DistributionSweepOptions options;
    options.trees.utilizations.clear();
    options.paper_samples = options.samples = 500;
    options.levels = {0};
    const auto source = SimulatedSamples::Create(scenario_.cluster).value();
    distributions_ = MeasureDistributions(scenario_.application, ClusterHash(scenario_.cluster),
                                          containers, *source, options, {.threads = 2})
                         .value();
  }

  Scenario& scenario() { return scenario_; }
  const std::string& directory() const { return directory_; }

  ExperimentInput Input(int minutes) {
    return {.scenario_path = "",
            .scenario = scenario_,
            .minutes = minutes,
            .directory = directory_,
            .recorded = {},
            .distributions = &distributions_,
            .progress = progress_,
            .stopped = {},
            .stopwatch = {},
            .processor_time = {}};
  }

 private:
  Scenario scenario_;
  std::string directory_;
  DistributionProfile distributions_;
  NoProgress progress_;
};

}  // namespace trimtab::testing
