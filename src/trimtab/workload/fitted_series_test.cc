// The fitted description against series whose trend, harmonics and residual are known.
#include "trimtab/workload/fitted_series.h"

#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/quantity/time.h"
#include "trimtab/workload/series_fit.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;

FittedSeries Plain() {
  FittedSeries d;
  d.length = std::chrono::seconds(100);
  d.step = std::chrono::seconds(1);
  d.level = 50;
  d.lowest = 0;
  d.highest = 1000;
  return d;
}

double Mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

TEST(FittedSeriesTest, TrendAndHarmonicAreEvaluatedInRecordedTime) {
  FittedSeries d = Plain();
  d.slope = 0.5;
  d.harmonics = {{std::chrono::seconds(40), 8, 0}};
  const auto series = Realize(d, 4.0, 1, "s");
  ASSERT_TRUE(series.ok()) << series.status();
  EXPECT_EQ(series->step(), std::chrono::seconds(4));
  ASSERT_EQ(series->values().size(), 100U);
  // t = 10: 50 + 0.5 * 10 + 8 cos(2 pi 10 / 40) = 55; t = 20: 50 + 10 - 8 = 52.
  EXPECT_NEAR(series->At(std::chrono::seconds(40)), 55, 1e-9);
  EXPECT_NEAR(series->At(std::chrono::seconds(80)), 52, 1e-9);
}

TEST(FittedSeriesTest, ValuesStayInsideTheBounds) {
  FittedSeries d = Plain();
  d.sigma = 100;
  d.lowest = 40;
  d.highest = 60;
  const auto series = Realize(d, 1, 1, "s");
  ASSERT_TRUE(series.ok());
  for (const double v : series->values()) {
    EXPECT_GE(v, 40);
    EXPECT_LE(v, 60);
  }
}

TEST(FittedSeriesTest, TheSameSeedAndStreamGiveTheSameValuesAndNoOthersDo) {
  FittedSeries d = Plain();
  d.sigma = 1;
  EXPECT_EQ(Realize(d, 1, 7, "a")->values(), Realize(d, 1, 7, "a")->values());
  EXPECT_NE(Realize(d, 1, 7, "a")->values(), Realize(d, 1, 8, "a")->values());
  EXPECT_NE(Realize(d, 1, 7, "a")->values(), Realize(d, 1, 7, "b")->values());
}

TEST(FittedSeriesTest, ResidualHasTheVarianceOfItsAutoregression) {
  FittedSeries d = Plain();
  d.length = std::chrono::seconds(200'000);
  d.level = 500;
  d.sigma = 3;
  d.autoregression = {0.8};
  const auto series = Realize(d, 1, 1, "s");
  ASSERT_TRUE(series.ok());
  const double mean = Mean(series->values());
  double square = 0;
  for (const double v : series->values()) square += (v - mean) * (v - mean);
  // AR(1): variance 9 / (1 - 0.64) = 25. With correlation 0.8 the sample variance of n values has
  // the relative standard error sqrt(2 / n * (1 + 0.64) / (1 - 0.64)) = 0.0067; 4 of them.
  EXPECT_NEAR(square / 200'000, 25, 25 * 0.027);
  // The mean's standard error is sqrt(25 / n * 1.8 / 0.2) = 0.034; 4 of them.
  EXPECT_NEAR(mean, 500, 0.14);
}

TEST(FittedSeriesTest, RefusesEverythingThatIsWrongAtOnce) {
  FittedSeries d = Plain();
  d.step = Duration(0);
  d.level = std::numeric_limits<double>::quiet_NaN();
  d.autoregression = {1.2};
  d.sigma = -1;
  d.lowest = 5;
  d.highest = 4;
  const std::string message(ValidateFittedSeries(d).message());
  EXPECT_THAT(message, HasSubstr("step is 0 ns, must be above 0"));
  EXPECT_THAT(message, HasSubstr("level is nan"));
  EXPECT_THAT(message, HasSubstr("[1.2] is not stationary"));
  EXPECT_THAT(message, HasSubstr("sigma is -1"));
  EXPECT_THAT(message, HasSubstr("bounds are [5, 4]"));
}

TEST(FittedSeriesTest, StationarityOfSecondOrderFollowsItsTriangle) {
  // Stationary if and only if |b| < 1 and |a| < 1 - b.
  FittedSeries d = Plain();
  for (const auto& [a, b, stationary] :
       {std::tuple(1.5, -0.6, true), std::tuple(0.5, 0.4, true), std::tuple(0.7, 0.4, false),
        std::tuple(1.9, -1.1, false), std::tuple(-1.5, -0.6, true),
        std::tuple(-1.7, -0.6, false)}) {
    d.autoregression = {a, b};
    EXPECT_EQ(ValidateFittedSeries(d).ok(), stationary) << a << ", " << b;
  }
}

TEST(FitSeriesTest, RecoversWhatARecordingWasMadeOf) {
  FittedSeries truth = Plain();
  truth.length = std::chrono::seconds(3600);
  truth.level = 260;
  truth.slope = 0.01;
  truth.harmonics = {{std::chrono::seconds(3600), 80, 1.0}, {std::chrono::seconds(900), 20, -0.5}};
  truth.autoregression = {0.6};
  truth.sigma = 2;
  const auto made = Realize(truth, 1, 3, "truth");
  ASSERT_TRUE(made.ok());
  const auto fit = FitSeries({made->step(), made->values()}, {.autoregression_order = 1});
  ASSERT_TRUE(fit.ok()) << fit.status();
  const FittedSeries& d = fit->description;
  // The residual has deviation 2 / sqrt(1 - 0.36) = 2.5 and correlation time (1 + 0.6) / (1 - 0.6)
  // = 4, so an amplitude of n = 3600 values has the standard error 2.5 * sqrt(2 * 4 / n) = 0.12;
  // trend and first harmonic share 0.6 of their variance, so 0.2; 4 of them.
  ASSERT_GE(d.harmonics.size(), 2U);
  EXPECT_NEAR(d.harmonics[0].amplitude, 80, 0.8);
  EXPECT_NEAR(d.harmonics[0].phase, 1.0, 0.01);
  EXPECT_NEAR(d.harmonics[1].amplitude, 20, 0.5);
  EXPECT_NEAR(d.slope * 3600, 36, 1.5);
  // Standard error of the coefficient sqrt((1 - 0.36) / n) = 0.013; of sigma 2 / sqrt(2 n) = 0.024.
  ASSERT_EQ(d.autoregression.size(), 1U);
  EXPECT_NEAR(d.autoregression[0], 0.6, 0.055);
  EXPECT_NEAR(d.sigma, 2, 0.1);
  EXPECT_GT(fit->explained_variance, 0.99);
  EXPECT_LT(fit->p95_error, 0.02);
}

TEST(FitSeriesTest, MissingValuesAreLeftOut) {
  std::vector<double> values;
  for (int i = 0; i < 400; ++i) {
    values.push_back(i % 5 == 0 ? std::nan("") : 10 + 3 * std::cos(2 * std::numbers::pi * i / 400));
  }
  const auto fit = FitSeries({std::chrono::seconds(60), values});
  ASSERT_TRUE(fit.ok());
  EXPECT_EQ(fit->missing, 80U);
  EXPECT_NEAR(fit->description.harmonics[0].amplitude, 3, 1e-6);
  EXPECT_NEAR(fit->description.level, 10, 1e-6);
}

TEST(FitSeriesTest, AConstantRecordingIsAConstant) {
  const auto fit = FitSeries({std::chrono::seconds(1), std::vector<double>(64, 5.0)});
  ASSERT_TRUE(fit.ok());
  EXPECT_TRUE(fit->description.harmonics.empty());
  EXPECT_NEAR(Realize(fit->description, 1, 1, "s")->At(Duration(0)), 5, 1e-9);
}

TEST(FitSeriesTest, RefusesWhatIsTooShortOrNegative) {
  EXPECT_THAT(std::string(FitSeries({std::chrono::seconds(1), {1, 2}}).status().message()),
              HasSubstr("2 values are present, at least 16"));
  std::vector<double> values(32, 1.0);
  values[7] = -3;
  EXPECT_THAT(std::string(FitSeries({std::chrono::seconds(1), values}).status().message()),
              HasSubstr("value 7 is -3"));
}

}  // namespace
}  // namespace trimtab
