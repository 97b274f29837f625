#include "trimtab/profiling/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "trimtab/profiling/sample_csv.h"
#include "trimtab/profiling/testing/fake_source.h"

namespace trimtab {
namespace {

SweepOptions Small() {
  SweepOptions options;
  options.station_settings = 120;
  options.tree_runs = 20;
  options.bias_pairs = 5;
  return options;
}

std::string TextOf(const SampleTable& table) {
  std::string text = ManifestToJson(table.manifest);
  for (const SampleRow& row : table.rows) AppendSampleCsv(row, table.manifest.Names(), text);
  return text;
}

class SweepTest : public ::testing::Test {
 protected:
  absl::StatusOr<SampleTable> Run(const SweepOptions& options, const SweepRunner& runner,
                                  SampleJournal* journal = nullptr) const {
    return RunSweep(application_, source_, Prepared(options), runner, journal);
  }
  PreparedSweep Prepared(const SweepOptions& options) const {
    return *PrepareSweep(application_, source_, "hash", options);
  }

  const Application application_ = FakeApplication(3);
  const FakeSource source_{3};
};

TEST_F(SweepTest, LabelsEverySettingOfEveryJobOnce) {
  const auto table = Run(Small(), {});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(source_.tree_calls, 20);
  std::int64_t pairs = 0;
  for (const auto& microservice : table->manifest.microservices)
    pairs += microservice.alone_bias.pairs;
  EXPECT_EQ(source_.station_calls, 120 + pairs);
  std::size_t members = 0;
  for (const StationJob& job : Prepared(Small()).plan.stations) members += job.members.size();
  std::size_t station_rows = 0;
  for (const SampleRow& row : table->rows) {
    station_rows += row.end_to_end ? 0 : 1;
    EXPECT_EQ(row.label.whole_tree, row.end_to_end.has_value());
    EXPECT_NE(row.role, SampleRole::kSetAside);
  }
  EXPECT_EQ(station_rows, members);
  EXPECT_EQ(table->manifest.rows, static_cast<std::int64_t>(table->rows.size()));
  EXPECT_EQ(table->manifest.settings, 140);
  EXPECT_TRUE(table->manifest.complete);
}

TEST_F(SweepTest, EquivalentSettingsGetTheirShift) {
  const auto table = Run(Small(), {});
  for (const SampleRow& row : table->rows) {
    if (row.end_to_end) continue;
    const auto demand = source_.CpuPerRequest(row.microservice, row.container, row.interference);
    const double queueing =
        3 * InSeconds(*demand) * 1e3 / (InCores(row.container.cpu) * (1 - row.label.utilization));
    const double network = 2 * row.interference.ValueOr(InterferenceKind::kNetworkBandwidth, 0);
    // The scatter of the fake is 1 %; 6 standard deviations.
    EXPECT_NEAR(row.label.tail.count() - network, queueing, 0.06 * queueing);
    // The delay moves the mean, but not what scatters about it; of its error it takes the share.
    const Cumulants& cumulants = row.label.cumulants.value;
    EXPECT_NEAR(1e3 * cumulants.mean - network, queueing / 3, 0.02 * queueing);
    EXPECT_NEAR(1e3 * std::sqrt(cumulants.variance), queueing / 3, 0.02 * queueing);
    EXPECT_NEAR(1e3 * std::cbrt(cumulants.third / 2), queueing / 3, 0.02 * queueing);
    EXPECT_NEAR(row.label.cumulants.relative_standard_error.mean * cumulants.mean,
                0.01 * std::sqrt(cumulants.variance), 1e-6 * cumulants.mean);
  }
}

TEST_F(SweepTest, TestLabelsAreLonger) {
  const SweepOptions options = Small();
  const auto table = Run(options, {});
  for (const SampleRow& row : table->rows) {
    if (row.end_to_end) continue;
    EXPECT_EQ(row.label.requests, row.role == SampleRole::kTest ? options.test.most_requests
                                                                : options.train.most_requests);
  }
}

TEST_F(SweepTest, TheTableDoesNotDependOnTheThreads) {
  const std::string one = TextOf(*Run(Small(), {.threads = 1}));
  EXPECT_EQ(TextOf(*Run(Small(), {.threads = 3})), one);
}

TEST_F(SweepTest, AnInterruptedSweepGoesOnToTheSameBytes) {
  const std::string folder = ::testing::TempDir() + "trimtab_sweep_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const std::string whole = TextOf(*Run(Small(), {}));
  const std::string path = folder + "/samples.csv";
  const PreparedSweep prepared = Prepared(Small());
  // Stopped in the first stage, in the second, and then let through.
  for (const std::int64_t stop_after : {30, 100, 1'000'000}) {
    auto journal = SampleJournal::Open(path, prepared.manifest);
    ASSERT_TRUE(journal.ok()) << journal.status();
    std::atomic<bool> stop{false};
    std::int64_t reports = 0;
    const SweepRunner runner{.threads = 2,
                             .progress =
                                 [&](const SweepProgress&) {
                                   if (++reports == stop_after) stop = true;
                                 },
                             .stop = &stop};
    const auto table = Run(Small(), runner, journal->get());
    if (stop) {
      EXPECT_TRUE(absl::IsCancelled(table.status()));
      EXPECT_FALSE(std::filesystem::exists(path));
    } else {
      ASSERT_TRUE(table.ok()) << table.status();
      EXPECT_EQ(TextOf(*table), whole);
    }
  }
  const auto loaded = LoadSampleTable(path);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(TextOf(*loaded), whole);
}

TEST_F(SweepTest, NothingIsMeasuredTwiceAfterAnInterruption) {
  const std::string folder = ::testing::TempDir() + "trimtab_sweep_resume_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const PreparedSweep prepared = Prepared(Small());
  std::atomic<bool> stop{false};
  {
    auto journal = *SampleJournal::Open(folder + "/s.csv", prepared.manifest);
    const SweepRunner runner{.progress = [&](const SweepProgress& p) { stop = p.done >= 100; },
                             .stop = &stop};
    EXPECT_TRUE(absl::IsCancelled(Run(Small(), runner, journal.get()).status()));
  }
  const std::int64_t before = source_.station_calls;
  EXPECT_EQ(before, 100);
  auto journal = *SampleJournal::Open(folder + "/s.csv", prepared.manifest);
  const auto table = Run(Small(), {}, journal.get());
  ASSERT_TRUE(table.ok());
  std::int64_t pairs = 0;
  for (const auto& microservice : table->manifest.microservices)
    pairs += microservice.alone_bias.pairs;
  // The last setting on the disk is measured again, for some of its rows may be missing.
  EXPECT_EQ(source_.station_calls - before, 120 - 99 + pairs);
}

TEST_F(SweepTest, FullThreadPoolsAreSetAsideAndMeasuredInTheTree) {
  const FakeSource blocking(3, /*asynchronous=*/false);
  SweepOptions options = Small();
  options.station_settings.reset();
  options.cpu_settings = 2;
  options.memory_settings = 3;
  options.interference_settings = 2;
  const auto prepared = PrepareSweep(application_, blocking, "hash", options);
  const auto table = RunSweep(application_, blocking, *prepared, {}, nullptr);
  ASSERT_TRUE(table.ok());
  std::int64_t set_aside = 0;
  for (const SampleRow& row : table->rows) {
    if (row.end_to_end) continue;
    // The fake's pool is full for utilisation - 0.5 of the time.
    const bool full = row.label.utilization >= 0.51;
    EXPECT_EQ(row.role == SampleRole::kSetAside, full) << row.label.utilization;
    set_aside += full ? 1 : 0;
  }
  EXPECT_GT(set_aside, 0);
  std::int64_t counted = 0;
  for (const auto& microservice : table->manifest.microservices) {
    counted += microservice.set_aside_settings;
    EXPECT_EQ(microservice.alone_bias.pairs, 0) << "the bias is that of asynchronous servers";
  }
  EXPECT_EQ(counted, set_aside);
}

TEST_F(SweepTest, TheBiasOfTheFakeIsZeroWithinItsError) {
  SweepOptions options = Small();
  options.tree_runs = 60;
  const auto table = Run(options, {});
  std::int64_t pairs = 0;
  for (const auto& microservice : table->manifest.microservices) {
    const AloneBias& bias = microservice.alone_bias;
    pairs += bias.pairs;
    // 5 pairs of equal weight, of two labels that scatter by 1 %: sqrt(2) * 1 % / sqrt(5) = 0.63 %.
    EXPECT_NEAR(bias.mean, 0, 4 * 0.0063);
  }
  EXPECT_GT(pairs, 0);
}

TEST_F(SweepTest, ProgressCoversTheStagesInOrder) {
  std::vector<std::int64_t> last(3, 0);
  int stage = 0;
  const auto table = Run(Small(), {.progress = [&](const SweepProgress& p) {
                           EXPECT_GE(static_cast<int>(p.stage), stage);
                           stage = static_cast<int>(p.stage);
                           EXPECT_EQ(p.done, ++last[static_cast<std::size_t>(stage)]);
                           EXPECT_LE(p.done, p.total);
                         }});
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(last[0], 120);
  EXPECT_EQ(last[1], 20);
}

TEST(ValidAloneTest, FollowsTheRule) {
  const StationTraits asynchronous{.asynchronous = true};
  const StationTraits blocking{.asynchronous = false};
  EXPECT_TRUE(ValidAlone(asynchronous, 0.8, 0));
  EXPECT_FALSE(ValidAlone(asynchronous, 0.81, 0));
  EXPECT_TRUE(ValidAlone(blocking, 0.6, 0.0099));
  EXPECT_FALSE(ValidAlone(blocking, 0.61, 0));
  EXPECT_FALSE(ValidAlone(blocking, 0.3, 0.01));
}

}  // namespace
}  // namespace trimtab
