#include "trimtab/probability/sequence_tail.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/probability/testing/hypoexponential_reference.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using testing::ReferenceTail;
using testing::ReferenceTailAt;

std::vector<Stage> WithRates(const std::vector<double>& rates) {
  std::vector<Stage> stages;
  for (const double rate : rates) stages.push_back({.rate = rate});
  return stages;
}

double Within(const std::vector<Stage>& stages, double time) {
  SequenceWorkspace workspace;
  return SequenceTailAt(stages, time, workspace).within;
}

enum Family : std::uint8_t { kLogNormal, kNear };

struct PartialFractions {
  Family family;
  double width;
  int stages;
  double multiple;  // of the mean
  double within;
};

// Equation 10 with 4,000 digits: tests/probability/partial_fractions.py.
constexpr PartialFractions kPartialFractions[] = {
    {kLogNormal, 0.7, 5, 0.9, 0.499228248393254973},
    {kLogNormal, 0.7, 5, 1.2, 0.714184292724329709},
    {kLogNormal, 0.7, 5, 1.6, 0.878427470657293645},
    {kLogNormal, 0.7, 50, 0.9, 0.301712498287334569},
    {kLogNormal, 0.7, 50, 1.2, 0.870963120682686918},
    {kLogNormal, 0.7, 50, 1.6, 0.997385346754656203},
    {kLogNormal, 0.7, 400, 0.9, 0.051390530146984816},
    {kLogNormal, 0.7, 400, 1.2, 0.998105113970342466},
    {kLogNormal, 0.7, 400, 1.6, 0.999999999999424676},
    {kLogNormal, 2.0, 400, 0.9, 0.345475004772730075},
    {kLogNormal, 2.0, 400, 1.2, 0.851585102662473582},
    {kLogNormal, 2.0, 400, 1.6, 0.988006234483733392},
    {kNear, 1e-7, 5, 0.9, 0.467896423625284608},
    {kNear, 1e-7, 5, 1.2, 0.714943499683368781},
    {kNear, 1e-7, 5, 1.6, 0.900367599512953923},
    {kNear, 1e-7, 20, 0.9, 0.349083872019298358},
    {kNear, 1e-7, 20, 1.2, 0.819739485829807962},
    {kNear, 1e-7, 20, 1.6, 0.990658120201023835},
    {kNear, 0.05, 20, 0.9, 0.349106430492294996},
    {kNear, 0.05, 20, 1.2, 0.819721854383264956},
    {kNear, 0.05, 20, 1.6, 0.990651279460072003},
    {kNear, 0.05, 50, 0.9, 0.246827160182245246},
    {kNear, 0.05, 50, 1.2, 0.915572960792565615},
    {kNear, 0.05, 50, 1.6, 0.999868977096581473},
    {kNear, 0.05, 400, 0.9, 0.0199955242148038332},
    {kNear, 0.05, 400, 1.2, 0.999920532239804747},
    {kNear, 0.05, 400, 1.6, 1.0},
};

std::vector<Stage> StagesOf(const PartialFractions& row) {
  std::vector<Stage> stages;
  for (int k = 0; k < row.stages; ++k) {
    const double place = (k + 0.5) / row.stages;
    stages.push_back({.rate = row.family == kLogNormal ? std::exp(row.width * InverseNormal(place))
                                                       : 1.0 + row.width * place});
  }
  return stages;
}

double Mean(const std::vector<Stage>& stages) {
  double mean = 0;
  for (const Stage& stage : stages) mean += stage.visits * (stage.offset + 1 / stage.rate);
  return mean;
}

double Deviation(const std::vector<Stage>& stages) {
  double variance = 0;
  for (const Stage& stage : stages) variance += stage.visits / (stage.rate * stage.rate);
  return std::sqrt(variance);
}

TEST(SequenceTailTest, AgreesWithPartialFractionsOfThousandsOfDigits) {
  for (const PartialFractions& row : kPartialFractions) {
    const std::vector<Stage> stages = StagesOf(row);
    EXPECT_NEAR(Within(stages, row.multiple * Mean(stages)), row.within, 1e-9)
        << row.stages << " stages, width " << row.width << ", " << row.multiple;
  }
}

TEST(SequenceTailTest, AgreesWithUniformisationUpToFourHundredStages) {
  for (const int n : {2, 5, 20, 50, 400}) {
    for (const double spread : {0.0, 0.05, 0.7}) {
      RandomStream random(3, "stages");
      std::vector<Stage> stages;
      for (int k = 0; k < n; ++k) stages.push_back({.rate = std::exp(spread * random.Normal())});
      const double time = Mean(stages) + 1.6 * Deviation(stages);
      const ReferenceTail reference = testing::UniformisedTail(stages, time);
      EXPECT_NEAR(Within(stages, time), static_cast<double>(reference.within), 1e-9)
          << n << " stages, spread " << spread;
    }
  }
}

// Hypoexponential values known to fifteen digits.
TEST(SequenceTailTest, GivesKnownValues) {
  EXPECT_NEAR(Within(WithRates({1, 2}), 1), 0.399576400893728, 1e-10);
  EXPECT_NEAR(Within(WithRates({1, 2, 3}), 2), 0.646462314779698, 1e-10);
  EXPECT_NEAR(Within(WithRates({0.5, 1.5, 2.5, 4}), 3), 0.543529728990038, 1e-10);
  EXPECT_NEAR(Within(WithRates({.05, .06, .07, .08, .09}), 120), 0.899721496957503, 1e-10);
  EXPECT_NEAR(Within(WithRates({1, 1.0001, 1.0002}), 4), 0.761955294723731, 1e-10);
}

// The quantile at 95 % of an exponential is ln 20; of Erlangs, from tables.
TEST(SequenceTailTest, GivesKnownQuantiles) {
  SequenceWorkspace workspace;
  const auto p95 = [&workspace](double visits) {
    return SequenceQuantile(std::array{Stage{.visits = visits}}, 0.95, workspace);
  };
  EXPECT_NEAR(p95(1), std::log(20.0), 1e-8);
  EXPECT_NEAR(p95(2), 4.74386451839057838, 1e-8);
  EXPECT_NEAR(p95(5), 9.15351903, 1e-7);
  EXPECT_NEAR(p95(10), 15.70521642, 1e-7);
  EXPECT_NEAR(p95(22), 30.24044329, 1e-7);
  EXPECT_NEAR(p95(100), 116.99713445, 1e-7);
}

// Equation 5: the density of two shifted exponentials is
// a b / (a - b) (exp(-b x) - exp(-a x)), x = z less both offsets; nothing below them.
TEST(SequenceTailTest, DensityOfTwoStagesIsEquationFive) {
  SequenceWorkspace workspace;
  const double a = 3;
  const double b = 5;
  const std::array stages = {Stage{.rate = a, .offset = 0.2}, Stage{.rate = b, .offset = 0.1}};
  for (const double x : {0.01, 0.1, 0.4, 1.0, 3.0}) {
    EXPECT_NEAR(SequenceTailAt(stages, x + 0.3, workspace).density,
                a * b / (a - b) * (std::exp(-b * x) - std::exp(-a * x)), 1e-9);
  }
  EXPECT_EQ(SequenceTailAt(stages, 0.3, workspace).density, 0);
  EXPECT_EQ(SequenceTailAt(stages, 0.29, workspace).beyond, 1);
}

// Its limit at equal rates: a^2 x exp(-a x); and equation 11's survivor
// (b exp(-a t) - a exp(-b t)) / (b - a), whose limit is exp(-a t) (1 + a t).
TEST(SequenceTailTest, EqualRatesAreTheErlangLimit) {
  SequenceWorkspace workspace;
  const double a = 4;
  for (const double t : {0.05, 0.3, 1.0, 2.5}) {
    for (const double apart : {0.0, 1e-15, 1e-12, 1e-9}) {
      const std::array stages = {Stage{.rate = a}, Stage{.rate = a * (1 + apart)}};
      const SequenceTail tail = SequenceTailAt(stages, t, workspace);
      EXPECT_NEAR(tail.density, a * a * t * std::exp(-a * t), 1e-8);
      EXPECT_NEAR(tail.beyond, std::exp(-a * t) * (1 + a * t), 1e-8);
    }
    const double b = 7;
    EXPECT_NEAR(SequenceTailAt(std::array{Stage{.rate = a}, Stage{.rate = b}}, t, workspace).beyond,
                (b * std::exp(-a * t) - a * std::exp(-b * t)) / (b - a), 1e-10);
  }
}

// Equation 12, multiplied by the difference of the rates, is 0 <= 0 for every common rate; the
// probability is not indifferent (D3). At rate 0.01 and SLA 1: 1 - exp(-0.01) 1.01 = 5e-5.
TEST(SequenceTailTest, ACommonRateIsNoSolutionByItself) {
  EXPECT_NEAR(Within(WithRates({0.01, 0.01}), 1), 1 - std::exp(-0.01) * 1.01, 1e-10);
  EXPECT_NEAR(Within(WithRates({4.743864518, 4.743864518}), 1), 0.95, 1e-9);
}

// The unequal optima of D3 meet the promise exactly, at less cost than the equal rates.
TEST(SequenceTailTest, UnequalRatesMeetTheSamePromise) {
  EXPECT_NEAR(Within(WithRates({3.134133, 24.248541}), 1), 0.95, 1e-6);
  EXPECT_NEAR(Within(WithRates({3.393533, 10.332964}), 1), 0.95, 1e-6);
  EXPECT_NEAR(Within(WithRates({3.681312, 7.320805}), 1), 0.95, 1e-6);
}

// Calls in sequence are Erlang: far less spread than one exponential of the same mean (D11).
TEST(SequenceTailTest, VisitsAreStagesOfTheSameRate) {
  const std::vector<Stage> visits = {{.rate = 3, .visits = 4, .offset = 0.1}, {.rate = 2}};
  const std::vector<Stage> apart = {{3, 1, 0.1}, {3, 1, 0.1}, {3, 1, 0.1}, {3, 1, 0.1}, {2}};
  for (const double time : {0.5, 1.5, 3.0, 6.0}) {
    EXPECT_NEAR(Within(visits, time), Within(apart, time), 1e-11);
  }
}

// A chi-squared of one degree of freedom is a gamma of shape 1/2 and rate 1/2: 0.95 at 3.841459.
TEST(SequenceTailTest, FractionalVisitsAreAGamma) {
  const std::vector<Stage> stages = {{.rate = 0.5, .visits = 0.5}};
  EXPECT_NEAR(Within(stages, 3.841458820694124), 0.95, 1e-8);
  EXPECT_NEAR(Within({{.rate = 0.5, .visits = 2.5}}, 11.070497693516351), 0.95, 1e-9);
}

TEST(SequenceTailTest, OffsetsAddUpEvenNegativeOnes) {
  const std::vector<Stage> stages = {{1, 2, 0.5}, {3, 1, -0.25}};
  EXPECT_NEAR(Within(stages, 4.75), Within({{1, 2, 0}, {3, 1, 0}}, 4.0), 1e-12);
}

TEST(SequenceTailTest, NothingVisitedTakesNoTime) {
  EXPECT_EQ(Within({}, 0), 1);
  EXPECT_EQ(Within({{.rate = 1, .visits = 0}}, 1), 1);
  EXPECT_EQ(Within({{.rate = 1, .visits = 0}}, -1), 0);
  EXPECT_NEAR(Within({{.rate = 1}, {.rate = 1e-9, .visits = 0}}, 2), 1 - std::exp(-2.0), 1e-11);
}

// exp(-t) far beyond what 1 - within could hold.
TEST(SequenceTailTest, TheFarTailKeepsItsRelativeAccuracy) {
  SequenceWorkspace workspace;
  EXPECT_NEAR(SequenceTailAt(WithRates({1}), 20, workspace).beyond / std::exp(-20.0), 1, 1e-4);
  // Beyond 1e-13 the saddle-point approximation takes over, 8 % off for a single exponential.
  EXPECT_NEAR(SequenceTailAt(WithRates({1}), 200, workspace).beyond / std::exp(-200.0), 1, 0.15);
  EXPECT_EQ(
      SequenceTailAt(WithRates({1}), std::numeric_limits<double>::infinity(), workspace).beyond, 0);
}

TEST(SequenceTailTest, RisesWithTimeAndWithEveryRate) {
  SequenceWorkspace workspace;
  RandomStream random(5, "rates");
  std::vector<Stage> stages;
  for (int k = 0; k < 30; ++k) stages.push_back({.rate = std::exp(random.Normal())});
  std::vector<double> slopes(stages.size());
  double last = 0;
  for (double time = 1; time < 150; time += 1) {
    const SequenceTail tail = SequenceTailAt(stages, time, workspace, slopes);
    EXPECT_GE(tail.within, last - 1e-12);
    EXPECT_GE(*std::ranges::min_element(slopes), 0);
    last = tail.within;
  }
}

// Central differences of a step of 1e-4 of a rate have an error of about 1e-8 of the second
// derivative, and 1e-10 / 1e-4 from the values.
TEST(SequenceTailTest, SlopesEqualCentralDifferences) {
  SequenceWorkspace workspace;
  RandomStream random(11, "slopes");
  for (int c = 0; c < 200; ++c) {
    std::vector<Stage> stages;
    for (std::size_t k = 0; k < 1 + random.Below(20); ++k) {
      stages.push_back(
          {.rate = 10 * std::exp(random.Normal()),
           .visits = random.Below(3) == 0 ? 0.5 * static_cast<double>(1 + random.Below(5)) : 1.0,
           .offset = 0.01});
    }
    const double time = Mean(stages) + (4 * random.Uniform() - 1.2) * Deviation(stages);
    std::vector<double> slopes(stages.size());
    const SequenceTail tail = SequenceTailAt(stages, time, workspace, slopes);
    for (std::size_t k = 0; k < stages.size(); ++k) {
      const double rate = stages[k].rate;
      stages[k].rate = rate * (1 + 1e-4);
      const double up = SequenceTailAt(stages, time, workspace).within;
      stages[k].rate = rate * (1 - 1e-4);
      const double down = SequenceTailAt(stages, time, workspace).within;
      stages[k].rate = rate;
      EXPECT_NEAR(rate * slopes[k], (up - down) / 2e-4, 1e-6) << "case " << c << " stage " << k;
    }
    const double step = 1e-4 * Deviation(stages);
    const double up = SequenceTailAt(stages, time + step, workspace).within;
    const double down = SequenceTailAt(stages, time - step, workspace).within;
    EXPECT_NEAR(tail.density * step, (up - down) / 2, 1e-9) << "case " << c;
  }
}

struct RandomCase {
  std::vector<Stage> stages;
  double time = 0;
};

// Of five families: spread rates, rates over e^18, nearly equal ones, wide ones, and visits; a
// quarter of the stages repeat another's rate, half of these to 1e-6. Times from the far left to 25
// standard deviations.
RandomCase DrawCase(RandomStream& random) {
  RandomCase drawn;
  const std::uint64_t family = random.Below(5);
  constexpr std::uint64_t kMost[] = {60, 12, 40, 30, 20};
  const std::uint64_t count = 1 + random.Below(kMost[family]);
  const double spread = family == 0   ? 0.7 * random.Uniform()
                        : family == 1 ? 9 * random.Uniform()
                        : family == 2 ? std::pow(10, -9 * random.Uniform())
                                      : 2 * random.Uniform();
  for (std::uint64_t k = 0; k < count; ++k) {
    Stage stage;
    const double place = family == 1 ? 2 * random.Uniform() - 1 : random.Normal();
    stage.rate = 100 * std::exp(spread * place);
    if (!drawn.stages.empty() && random.Below(4) == 0) {
      stage.rate = drawn.stages[random.Below(drawn.stages.size())].rate;
      if (random.Below(2) == 0) stage.rate *= 1 + 1e-6 * random.Normal();
    }
    if (family == 4) stage.visits = 1.0 + static_cast<double>(random.Below(6));
    drawn.stages.push_back(stage);
  }
  const double shape = random.Uniform();
  const double deviations[] = {3 * shape - 1.5, 1 + 3 * shape, 4 * shape - 4, 25 * shape};
  const double mean = Mean(drawn.stages);
  drawn.time = mean + deviations[random.Below(4)] * Deviation(drawn.stages);
  if (drawn.time <= 0) drawn.time = mean * random.Uniform();
  return drawn;
}

TEST(SequenceTailTest, StaysCloseToTheReferenceInAHundredThousandCases) {
  constexpr int kCases = 100'000;
  RandomStream random(1, "cases");
  SequenceWorkspace workspace;
  double worst = 0;
  int above = 0;
  for (int c = 0; c < kCases; ++c) {
    const RandomCase drawn = DrawCase(random);
    const SequenceTail tail = SequenceTailAt(drawn.stages, drawn.time, workspace);
    const ReferenceTail reference = ReferenceTailAt(drawn.stages, drawn.time);
    const double error = static_cast<double>(std::max(std::abs(tail.within - reference.within),
                                                      std::abs(tail.beyond - reference.beyond)));
    EXPECT_TRUE(std::isfinite(error)) << "case " << c;
    worst = std::max(worst, error);
    above += error > 1e-9 ? 1 : 0;
  }
  std::cout << "worst error " << worst << ", above 1e-9: " << above << " of " << kCases << "\n";
  EXPECT_LE(worst, 1e-7);
}

// The share of a million sums that are done by then has a standard error of at most 5e-4.
TEST(SequenceTailTest, AgreesWithMonteCarlo) {
  const std::vector<Stage> stages = {{20, 2, 0.01}, {50, 1, 0.02}, {50, 3, 0}, {300, 1, 0.05}};
  const double time = 0.45;
  RandomStream random(17, "draws");
  constexpr int kDraws = 1'000'000;
  int done = 0;
  for (int i = 0; i < kDraws; ++i) {
    double sum = 0;
    for (const Stage& stage : stages) {
      for (int v = 0; v < stage.visits; ++v)
        sum += stage.offset + random.Exponential() / stage.rate;
    }
    done += sum <= time ? 1 : 0;
  }
  const double within = Within(stages, time);
  const double standard_error = std::sqrt(within * (1 - within) / kDraws);
  EXPECT_NEAR(static_cast<double>(done) / kDraws, within, 4 * standard_error);
}

TEST(SequenceTailTest, DoesNotDependOnWhatTheWorkspaceWasUsedFor) {
  SequenceWorkspace used;
  SequenceTailAt(std::vector<Stage>(900, Stage{.rate = 7}), 100, used);
  SequenceWorkspace fresh;
  const std::vector<Stage> stages = WithRates({3, 1, 4, 1, 5, 9, 2, 6});
  const SequenceTail a = SequenceTailAt(stages, 4, used);
  const SequenceTail b = SequenceTailAt(stages, 4, fresh);
  EXPECT_EQ(a.within, b.within);
  EXPECT_EQ(a.density, b.density);
}

TEST(SequenceTailTest, AHundredThousandStages) {
  const std::vector<Stage> stages(100'000, Stage{.rate = 1});
  // Nearly normal: P(Z <= mean) of an Erlang is 0.5 + 1 / (3 sqrt(2 pi n)).
  EXPECT_NEAR(Within(stages, 1e5), 0.5 + 1 / (3 * std::sqrt(2 * M_PI * 1e5)), 1e-6);
}

TEST(ValidateStagesTest, NamesTheStageTheValueAndTheBound) {
  const auto message = [](Stage stage) {
    return std::string(ValidateStages(std::array{Stage{}, stage}).message());
  };
  EXPECT_EQ(message({.rate = 0}), "stage 1: rate 0 /s, expected within [1e-9, 1e12]");
  EXPECT_THAT(message({.rate = std::nan("")}), HasSubstr("stage 1: rate nan"));
  EXPECT_THAT(message({.visits = -1}), HasSubstr("stage 1: -1 visits, expected within [0, 1e6]"));
  EXPECT_THAT(message({.offset = INFINITY}), HasSubstr("stage 1: offset inf s"));
  EXPECT_TRUE(ValidateStages(std::array{Stage{}}).ok());
}

}  // namespace
}  // namespace trimtab
