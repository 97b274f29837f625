#include "trimtab/profiling/distribution_evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trimtab/probability/random_stream.h"
#include "trimtab/tracing/input_file.h"
#include "trimtab/tracing/span_reader.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

LatenciesAtLoad Drawn(double load, double rate, int count) {
  RandomStream random(5, "drawn");
  LatenciesAtLoad at{.container_load = load, .seconds = {}};
  for (int i = 0; i < count; ++i) at.seconds.push_back(0.001 + random.Exponential() / rate);
  return at;
}

TEST(DistributionEvaluationTest, TheRightFamilyIsNearestAndTheRightLineIsFound) {
  LoadedLatencies latencies;
  latencies.microservices.push_back({"queue", {}});
  for (const double load : {5.0, 20.0, 35.0, 45.0}) {
    latencies.microservices[0].loads.push_back(Drawn(load, 100 - load, 2'000));
  }
  const auto evaluation = EvaluateDistributions(latencies, {});
  ASSERT_EQ(evaluation.microservices.size(), 1U);
  const DistributionAccuracy& of = evaluation.microservices[0];
  EXPECT_EQ(of.samples, 8'000);
  EXPECT_EQ(of.loads, 4);
  ASSERT_EQ(of.families.size(), 5U);
  // KS of 400 held-out samples from their own law exceeds 1.63 / 20 with probability 0.01.
  EXPECT_EQ(of.families[0].family, LatencyFamily::kExponential);
  EXPECT_LT(of.families[0].ks, 0.082);
  EXPECT_GT(of.families[4].ks, 1.5 * of.families[0].ks);
  ASSERT_FALSE(of.over_load.empty());
  // Every load has the same random numbers, so only the line itself is judged.
  EXPECT_GT(*of.over_load[0].rate_accuracy, 98);
}

TEST(DistributionEvaluationTest, AMicroserviceWithOneSampleIsLeftOutWithTheReason) {
  LoadedLatencies latencies;
  latencies.microservices.push_back({"rare", {Drawn(1, 10, 1)}});
  latencies.microservices.push_back(
      {"still", {{.container_load = 1, .seconds = std::vector<double>(60, 0.002)}}});
  const auto evaluation = EvaluateDistributions(latencies, {});
  EXPECT_TRUE(evaluation.microservices.empty());
  ASSERT_EQ(evaluation.left_out.size(), 2U);
  EXPECT_EQ(evaluation.left_out[0].name, "rare");
  EXPECT_THAT(evaluation.left_out[0].reason, HasSubstr("1 samples at a load, at least 50"));
  EXPECT_THAT(evaluation.left_out[1].reason, HasSubstr("all 60 latencies are 0.002 s"));
}

// Accuracies on spans that others recorded; without the files the test is skipped.
class MeasuredLatenciesTest : public ::testing::Test {
 protected:
  void Evaluate(const std::string& file, std::vector<double> rates) {
    const std::string path = TRIMTAB_SOURCE_DIR "/../shared/data/traceweaver/" + file;
    if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not here";
    NameTable names;
    SkipLog skipped;
    LoadCollector collector(names);
    Assembling sink(collector);
    ReadCounts counts;
    const auto input = InputFile::Open(path);
    ASSERT_TRUE(input.ok()) << input.status();
    ASSERT_TRUE(ReadSpans(**input, SpanFormat::kAuto,
                          {.names = names, .skipped = skipped, .sink = sink}, counts)
                    .ok());
    sink.assembler.Flush();
    const auto latencies = collector.Collect();
    ASSERT_TRUE(latencies.ok()) << latencies.status();
    ASSERT_EQ(latencies->loads.size(), rates.size());
    for (std::size_t i = 0; i < rates.size(); ++i) {
      EXPECT_NEAR(latencies->loads[i].traces_per_second, rates[i], 0.01 * rates[i]);
    }
    for (const DistributionAccuracy& of : EvaluateDistributions(*latencies, {}).microservices) {
      services_ += 1;
      for (const LoadModelAccuracy& each : of.over_load) {
        rate_[std::string(each.model)] += each.rate_accuracy.value_or(0);
        p95_[std::string(each.model)] += each.p95_accuracy.value_or(0);
      }
    }
  }
  double Rate(const std::string& model) { return rate_[model] / services_; }
  double P95(const std::string& model) { return p95_[model] / services_; }

 private:
  struct Assembling : SpanSink {
    explicit Assembling(TraceSink& traces) : assembler({.memory_bound = Mebibytes(256)}, traces) {}
    void Accept(std::span<const TracedSpan> batch) override { assembler.Add(batch, Instant()); }
    TraceAssembler assembler;
  };
  double services_ = 0;
  std::map<std::string, double> rate_;
  std::map<std::string, double> p95_;
};

// Levels 100 and 150 ran at one rate. Recorded at a sampling of 0.3, which moves no accuracy.
TEST_F(MeasuredLatenciesTest, HotelReservationRatesAndTailsOfALoadLeftOut) {
  Evaluate("hotel_reservation.csv.gz", {7.24, 14.13, 30.2});
  if (IsSkipped()) return;
  EXPECT_GE(Rate("least-squares"), 82);
  EXPECT_GE(P95("tail"), P95("straight-line"));
}

TEST_F(MeasuredLatenciesTest, MediaMicroservicesRatesAndTailsOfALoadLeftOut) {
  Evaluate("media_microservices.csv.gz", {23.7, 47.4, 100, 147.8});
  if (IsSkipped()) return;
  EXPECT_GE(Rate("least-squares"), 90);
  EXPECT_GE(P95("tail"), P95("straight-line"));
}

}  // namespace
}  // namespace trimtab
