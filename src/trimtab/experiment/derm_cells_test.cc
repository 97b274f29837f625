#include "trimtab/experiment/derm_cells.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "trimtab/experiment/testing/small_experiment.h"

namespace trimtab {
namespace {

using ::testing::ElementsAreArray;

class DermCellsTest : public ::testing::Test {
 protected:
  DermCellsTest() : experiment_("media", "derm_cells") {}

  static CellSetting Setting() {
    CellSetting setting;
    setting.slas = {0.03, 0.2};
    setting.minutes = 2;
    setting.skip_minutes = 1;
    setting.history_seed = 1001;
    return setting;
  }
  // Two SLAs of each arm at 40 requests/s.
  static std::vector<DermCell> Cells() {
    std::vector<DermCell> cells;
    for (const DermArm arm :
         {DermArm::kCorrected, DermArm::kPaper, DermArm::kHistory, DermArm::kUniform, DermArm::kHpa,
          DermArm::kStatic, DermArm::kNetwork}) {
      for (const double sla : Setting().slas) {
        cells.push_back({.arm = arm, .tuning = {}, .load = 40, .sla = sla, .seed = 3});
      }
    }
    return cells;
  }
  std::set<std::string> Kept() const {
    std::set<std::string> files;
    for (const auto& entry :
         std::filesystem::directory_iterator(experiment_.directory() + "/cells")) {
      files.insert(entry.path().string());
    }
    return files;
  }
  static void ExpectEqual(const std::vector<CellOutcome>& a, const std::vector<CellOutcome>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].containers, b[i].containers) << i;
      EXPECT_THAT(a[i].violations, ElementsAreArray(b[i].violations)) << i;
      EXPECT_EQ(a[i].p99_seconds, b[i].p99_seconds) << i;
      EXPECT_EQ(a[i].expected, b[i].expected) << i;
      EXPECT_EQ(a[i].classes.size(), b[i].classes.size()) << i;
      EXPECT_EQ(a[i].minutes.size(), b[i].minutes.size()) << i;
    }
  }

  testing::SmallExperiment experiment_;
};

TEST_F(DermCellsTest, AnInterruptedGridGoesOnWhereItWas) {
  ExperimentInput input = experiment_.Input(2);
  input.threads = 1;
  const auto whole = RunCells(input, Setting(), Cells());
  ASSERT_TRUE(whole.ok()) << whole.status();
  // HPA and static do not look at the SLA: 5 arms have two runs, 2 have one.
  const std::set<std::string> files = Kept();
  ASSERT_EQ(files.size(), 12U);

  // One is lost, one is cut short, one is of another key; the others are not touched.
  std::vector<std::string> names(files.begin(), files.end());
  std::filesystem::remove(names[0]);
  std::ofstream(names[1], std::ios::trunc) << R"({"key": "derm corr)";
  std::filesystem::copy_file(names[3], names[2], std::filesystem::copy_options::overwrite_existing);
  const auto untouched = std::filesystem::last_write_time(names[4]);
  input.threads = 3;
  const auto again = RunCells(input, Setting(), Cells());
  ASSERT_TRUE(again.ok()) << again.status();
  ExpectEqual(*again, *whole);
  EXPECT_EQ(std::filesystem::last_write_time(names[4]), untouched);
  EXPECT_EQ(Kept(), files);
}

TEST_F(DermCellsTest, OutcomesSayWhatTheArmsDo) {
  const auto outcomes = RunCells(experiment_.Input(2), Setting(), Cells());
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  for (std::size_t i = 0; i < outcomes->size(); ++i) {
    const CellOutcome& of = (*outcomes)[i];
    EXPECT_GT(of.containers, 9) << i;  // ten microservices, one each at the least
    ASSERT_EQ(of.violations.size(), 2U);
    EXPECT_GE(of.violations[0], of.violations[1]) << i;  // of the tighter SLA more
    EXPECT_GT(of.p99_seconds, of.p95_seconds) << i;
    EXPECT_EQ(of.minutes.size(), 2U);
    EXPECT_NEAR(of.minutes[1].application_load, 40, 4 * std::sqrt(40.0 / 60)) << i;
    EXPECT_EQ(of.expected.has_value(), i < 8 || i >= 12) << i;  // plans of Derm's expect something
  }
  // One graph: uniform and corrected are the same promise.
  EXPECT_EQ((*outcomes)[6].containers, (*outcomes)[0].containers);
  // One run stands for both SLAs.
  EXPECT_EQ((*outcomes)[8].containers, (*outcomes)[9].containers);
  EXPECT_EQ((*outcomes)[8].violations, (*outcomes)[9].violations);
}

TEST_F(DermCellsTest, StopsWhenAskedAndKeepsNothingUnfinished) {
  ExperimentInput input = experiment_.Input(2);
  input.stopped = [] { return true; };
  EXPECT_TRUE(absl::IsCancelled(RunCells(input, Setting(), Cells()).status()));
  EXPECT_TRUE(Kept().empty());
}

// 10 s are kept by everybody, so the fewest containers are chosen: the highest utilisations. 1 ms
// is kept by nobody, so what comes nearest is.
TEST_F(DermCellsTest, TuningTakesTheCheapestThatKeepsThePromise) {
  CellSetting setting = Setting();
  setting.slas = {0.001, 10};
  const auto tunings = TuneArms(experiment_.Input(2), setting, 40, 1001);
  ASSERT_TRUE(tunings.ok()) << tunings.status();
  ASSERT_EQ(tunings->size(), 2U);
  EXPECT_EQ((*tunings)[1].static_utilization, 0.7);
  std::vector<DermCell> cells;
  for (const double target : {30.0, 45.0, 60.0, 75.0}) {
    cells.push_back({.arm = DermArm::kHpaTuned,
                     .tuning = {.hpa_target = target},
                     .load = 40,
                     .sla = 10,
                     .seed = 1001});
  }
  cells.push_back(
      {.arm = DermArm::kHpaTuned, .tuning = (*tunings)[1], .load = 40, .sla = 10, .seed = 1001});
  const auto outcomes = RunCells(experiment_.Input(2), setting, cells);
  ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  for (std::size_t c = 0; c < 4; ++c) {
    EXPECT_LE((*outcomes)[4].containers, (*outcomes)[c].containers) << c;
    EXPECT_EQ((*outcomes)[c].violations[1], 0) << c;
    EXPECT_EQ((*outcomes)[c].violations[0], 1) << c;
  }
}

class DermArmsTest : public ::testing::Test {
 protected:
  DermArmsTest()
      : experiment_("media", "derm_arms"),
        input_(experiment_.Input(1)),
        mix_(CountGraphs(input_.scenario, StepSeries::Constant(40), Duration(0),
                         std::chrono::minutes(1), 1)
                 .value()) {}
  ArmWorld World() const {
    return {.scenario = input_.scenario,
            .distributions = *input_.distributions,
            .history = mix_,
            .first_load = 40,
            .static_load = 80,
            .tuning = {.hpa_target = 60, .static_utilization = 0.25}};
  }
  static int Containers(const Allocation& allocation) {
    int sum = 0;
    for (std::size_t i = 0; i < allocation.size(); ++i) {
      sum += allocation[MicroserviceId(i)].replicas;
    }
    return sum;
  }
  testing::SmallExperiment experiment_;
  ExperimentInput input_;
  GraphMix mix_;
};

// Containers are demand over what each is to carry, rounded up: at ten thousand times the load
// rounding is next to nothing, and half the utilisation takes twice as many.
TEST_F(DermArmsTest, SizesAreDemandOverWhatAContainerCarries) {
  const double once = Containers(SizedFor(World(), 1'000, 0.5));
  const double twice = Containers(SizedFor(World(), 1'000, 0.25));
  EXPECT_NEAR(twice / once, 2, 10.0 / once + 0.01);
  // Nothing asked for: the fewest of each.
  const Allocation idle = SizedFor(World(), 1e-9, 0.5);
  for (std::size_t i = 0; i < idle.size(); ++i) {
    EXPECT_EQ(idle[MicroserviceId(i)].replicas,
              input_.scenario.application.microservice(MicroserviceId(i)).bounds.fewest_replicas);
  }
}

TEST_F(DermArmsTest, EveryArmStartsAlikeButTheStaticOne) {
  const auto derm = MakeArm(World(), DermArm::kCorrected);
  ASSERT_TRUE(derm.ok()) << derm.status();
  for (const DermArm arm : {DermArm::kNetwork, DermArm::kPaper, DermArm::kHistory,
                            DermArm::kUniform, DermArm::kHpa, DermArm::kHpaTuned}) {
    const auto other = MakeArm(World(), arm);
    ASSERT_TRUE(other.ok()) << other.status();
    EXPECT_EQ(Containers(*other->initial), Containers(*derm->initial)) << DermArmName(arm);
    EXPECT_EQ(other->label, DermArmName(arm));
    EXPECT_EQ(other->parts.derm.every_graph, arm == DermArm::kUniform);
    EXPECT_EQ(other->parts.derm.predictor,
              arm == DermArm::kNetwork ? DermPredictor::kNetwork : DermPredictor::kPersistence);
  }
  const auto fixed = MakeArm(World(), DermArm::kStatic);
  ASSERT_TRUE(fixed.ok()) << fixed.status();
  EXPECT_EQ(Containers(*fixed->initial), Containers(SizedFor(World(), 80, 0.25)));
  EXPECT_GT(Containers(*fixed->initial), Containers(*derm->initial));
}

}  // namespace
}  // namespace trimtab
