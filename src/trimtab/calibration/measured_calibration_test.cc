// The calibration on the measured recordings, where they are there.
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/calibration/hold_out.h"
#include "trimtab/calibration/run_samples.h"
#include "trimtab/calibration/surface_fit.h"
#include "trimtab/scenario/scenario.h"
#include "trimtab/tracing/span_reader.h"
#include "trimtab/tracing/trace_assembler.h"
#include "trimtab/workload/recording.h"

namespace trimtab {
namespace {

constexpr char kData[] = TRIMTAB_SOURCE_DIR "/../shared/data/";

class MeasuredCalibrationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kData)) GTEST_SKIP() << "measured data is not at " << kData;
    const auto scenario =
        LoadScenario(std::string(TRIMTAB_SOURCE_DIR) + "/scenarios/hotel-reservation.yaml");
    ASSERT_TRUE(scenario.ok()) << scenario.status();
    cluster_ = scenario->cluster;
  }
  const MicroserviceSpec& Microservice(const std::string& name) const {
    for (const MicroserviceSpec& m : cluster_.microservices) {
      if (m.name == name) return m;
    }
    ADD_FAILURE() << "no microservice " << name;
    return cluster_.microservices.front();
  }

  ClusterScenario cluster_;
};

// Hands spans of a file to an assembler.
class Assembling : public SpanSink {
 public:
  explicit Assembling(TraceSink& sink) : assembler_({.memory_bound = Mebibytes(256)}, sink) {}
  void Accept(std::span<const TracedSpan> batch) override { assembler_.Add(batch, Instant()); }
  void Flush() { assembler_.Flush(); }

 private:
  TraceAssembler assembler_;
};

TEST_F(MeasuredCalibrationTest, PredictsEachLevelFromTheOthersAndTheScenarioHoldsTheLaws) {
  NameTable names;
  RunCollector::Options options;
  options.sampling = 0.3;
  RunCollector collector(names, options);
  Assembling sink(collector);
  SkipLog skipped;
  ReadCounts counts;
  const auto file = InputFile::Open(std::string(kData) + "traceweaver/hotel_reservation.csv.gz");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(ReadSpans(**file, SpanFormat::kAuto,
                        {.names = names, .skipped = skipped, .sink = sink}, counts)
                  .ok());
  sink.Flush();
  const auto runs = collector.Runs();
  ASSERT_TRUE(runs.ok()) << runs.status();
  ASSERT_EQ(runs->size(), 4U);
  const std::vector<double> rates = {24.1, 47.1, 100.1, 101.3};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ((*runs)[i].traces, 1000U);
    EXPECT_NEAR((*runs)[i].rate, rates[i], 0.1);
  }
  const auto hold_out = LeaveEachRunOut(*runs);
  ASSERT_TRUE(hold_out.ok()) << hold_out.status();
  EXPECT_EQ(hold_out->rows.size(), 24U);
  EXPECT_EQ(hold_out->floor.size(), 6U);
  EXPECT_LT(hold_out->median_absolute_error, 0.15);

  // What the scenario says is fitted is what is fitted: to the tenth of a microsecond it prints.
  for (const char* name : {"frontend", "search", "geo"}) {
    const auto law = LawOf(*runs, name);
    ASSERT_TRUE(law.ok());
    const auto& step = std::get<CpuStep>(Microservice(name).endpoints[0].program[0].step);
    const auto& demand = std::get<ShiftedLognormal>(step.demand);
    EXPECT_NEAR(demand.shift.count(), law->slow.shift, 1e-4) << name;
    EXPECT_NEAR(demand.mean.count(), law->slow.mean, 1e-4) << name;
    EXPECT_NEAR(demand.cv, law->slow.cv, 1e-3) << name;
  }
}

TEST_F(MeasuredCalibrationTest, TheScenarioHoldsTheSensitivitiesOfTheSurface) {
  const std::string path = std::string(kData) + "erms/recovered_p95_surface.csv.gz";
  const auto text = ReadRecordingFile(path);
  ASSERT_TRUE(text.ok()) << text.status();
  const auto fits = FitSurface(*text, path);
  ASSERT_TRUE(fits.ok()) << fits.status();
  EXPECT_EQ(fits->size(), 6U);
  for (const SurfaceFit& fit : *fits) {
    const SensitivitySpec& held = Microservice(fit.microservice).sensitivity;
    EXPECT_NEAR(held.cpu.slope, fit.cpu.slope, 0.006) << fit.microservice;
    EXPECT_NEAR(held.cpu.floor, fit.cpu.floor, 0.006) << fit.microservice;
    EXPECT_NEAR(held.memory_capacity.slope, fit.memory_capacity.slope, 0.001) << fit.microservice;
  }
}

}  // namespace
}  // namespace trimtab
