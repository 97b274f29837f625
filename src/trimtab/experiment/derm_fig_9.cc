#include "trimtab/experiment/derm_fig_9.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/experiment/grad_fig_8b.h"
#include "trimtab/experiment/policy_choices.h"
#include "trimtab/experiment/result_page.h"
#include "trimtab/experiment/svg_plot.h"
#include "trimtab/latency/boosted_trees_model.h"
#include "trimtab/latency/conditional_exponential.h"
#include "trimtab/latency/distribution_fit.h"
#include "trimtab/latency/latency_distribution.h"
#include "trimtab/profiling/distribution_sweep.h"
#include "trimtab/simulation/simulated_samples.h"

namespace trimtab {
namespace {

// Derm VIII-B1.
constexpr double kPaperExponential = 90;
constexpr double kPaperLine = 86;
constexpr double kPaperMargin = 5;
constexpr int kSeeds = 5;
constexpr int kLoads = 10;
constexpr int kSamples = 2'000;
constexpr double kHeldOut = 0.2;
constexpr double kTail = 0.95;

struct DividedDraws {
  double container_load = 0;
  std::vector<double> training;  // sorted
  std::vector<double> test;      // sorted
};

struct DrawnMicroservice {
  std::string name;
  std::vector<DividedDraws> loads;
};

DividedDraws DivideDraws(const DrawnLoad& drawn) {
  const auto split = static_cast<std::ptrdiff_t>(
      std::llround(static_cast<double>(drawn.seconds.size()) * (1 - kHeldOut)));
  DividedDraws divided{.container_load = drawn.container_load,
                       .training = {drawn.seconds.begin(), drawn.seconds.begin() + split},
                       .test = {drawn.seconds.begin() + split, drawn.seconds.end()}};
  std::ranges::sort(divided.training);
  std::ranges::sort(divided.test);
  return divided;
}

// Every microservice whose latency varies at all.
absl::StatusOr<std::vector<DrawnMicroservice>> DrawAll(const ExperimentInput& input,
                                                       const SampleSource& source,
                                                       std::uint64_t seed) {
  DistributionSweepOptions options;
  options.loads = kLoads;
  options.paper_samples = options.samples = kSamples;
  options.seed = seed;
  const Allocation initial = InitialAllocation(input.scenario);
  std::vector<DrawnMicroservice> all;
  for (std::size_t m = 0; m < input.scenario.application.size(); ++m) {
    if (input.stopped && input.stopped()) return absl::CancelledError("stopped while measuring");
    const MicroserviceId id(m);
    const std::string& name = input.scenario.application.microservice(id).name;
    const auto loads = DrawLoads(source, id, initial[id].container, Interference::None(),
                                 "derm figure 9/" + name, options);
    if (!loads.ok()) {
      return absl::Status(
          loads.status().code(),
          fmt::format("latencies of '{}': {}", name, std::string(loads.status().message())));
    }
    DrawnMicroservice of{name, {}};
    for (const DrawnLoad& load : *loads) of.loads.push_back(DivideDraws(load));
    const bool varies = std::ranges::all_of(of.loads, [](const DividedDraws& load) {
      return ValidateLatencies(load.training).ok() && SortedQuantile(load.test, kTail) > 0;
    });
    if (varies) all.push_back(std::move(of));
  }
  if (all.empty()) return absl::InvalidArgumentError("no microservice's latency varies");
  return all;
}

// Calls `judge` with the draws of each seed.
absl::Status ForEachSeed(
    const ExperimentInput& input, std::string_view what,
    const std::function<absl::Status(const std::vector<DrawnMicroservice>&)>& judge) {
  const auto source = SimulatedSamples::Create(input.scenario.cluster);
  if (!source.ok()) return source.status();
  const auto bar = input.progress.Start(std::string(what), kSeeds);
  for (int i = 0; i < kSeeds; ++i) {
    const auto drawn = DrawAll(input, **source, input.seed + static_cast<std::uint64_t>(i));
    if (!drawn.ok()) return drawn.status();
    if (absl::Status status = judge(*drawn); !status.ok()) return status;
    bar(i + 1);
  }
  return absl::OkStatus();
}

double MeanOfValues(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// Means over microservices and loads of one seed.
struct FamilyFigures {
  std::vector<double> shapes;  // 100 % - KS, by seed
  std::vector<double> tails;   // 100 % - |P95 error|, median over microservices and loads, by seed
};

absl::Status JudgeFamiliesOf(const std::vector<DrawnMicroservice>& drawn,
                             std::array<FamilyFigures, std::size(kLatencyFamilies)>& figures) {
  for (std::size_t f = 0; f < figures.size(); ++f) {
    std::vector<double> shapes;
    std::vector<double> tails;
    for (const DrawnMicroservice& of : drawn) {
      for (const DividedDraws& load : of.loads) {
        const auto fitted = FitLatencyFamily(kLatencyFamilies[f], load.training);
        if (!fitted.ok()) return fitted.status();
        const GoodnessOfFit goodness = GoodnessOf(*fitted, load.test);
        shapes.push_back(100 * (1 - goodness.ks));
        tails.push_back(100 * (1 - std::abs(goodness.p95_error)));
      }
    }
    figures[f].shapes.push_back(MeanOfValues(shapes));
    std::ranges::sort(tails);
    figures[f].tails.push_back(SortedQuantile(tails, 0.5));
  }
  return absl::OkStatus();
}

ResultTable SeededTable(std::string title, const std::vector<SeededAccuracy>& rows) {
  ResultTable table{.title = std::move(title),
                    .columns = {{.key = "model", .header = "model"},
                                {.key = "mean", .header = "mean %", .decimals = 1},
                                {.key = "low", .header = "lowest %", .decimals = 1},
                                {.key = "high", .header = "highest %", .decimals = 1}},
                    .rows = {}};
  for (const SeededAccuracy& of : rows) table.rows.push_back({of.kind, of.mean, of.low, of.high});
  return table;
}

Figure SeededFigure(std::string file, std::string caption, std::string title, std::string label,
                    const std::vector<SeededAccuracy>& rows) {
  BarChart chart{.title = std::move(title),
                 .value_label = std::move(label),
                 .series = {"accuracy"},
                 .colors = {0},
                 .groups = {}};
  for (const SeededAccuracy& of : rows) chart.groups.push_back({of.kind, {std::max(of.mean, 0.0)}});
  return {std::move(file), std::move(caption), RenderBars(chart)};
}

// Predicts the rate at each load held out from the rates at the others.
using Learner = std::function<absl::StatusOr<std::vector<double>>(
    const std::vector<LoadedExponential>& known, const std::vector<double>& wanted)>;

absl::StatusOr<std::vector<double>> ByLine(const std::vector<LoadedExponential>& known,
                                           const std::vector<double>& wanted, bool constrained) {
  RateLineOptions options{.constrained = constrained};
  if (constrained) options.highest_load = wanted.back();
  auto law = FitConditionalExponential(known, options);
  // The free line may leave the domain inside the loads (D9); it is judged all the same, by a rate
  // of 0 there, as the constraints would not have it.
  if (!law.ok()) return std::vector<double>(wanted.size(), 0.0);
  std::vector<double> rates;
  for (const double load : wanted) rates.push_back(std::max(law->LatencyRate(load), 0.0));
  return rates;
}

absl::StatusOr<std::vector<double>> ByTrees(const std::vector<LoadedExponential>& known,
                                            const std::vector<double>& wanted,
                                            const BoostedTreesOptions& options) {
  std::vector<LatencySample> samples;
  const auto features = [](double load) {
    return LatencyFeatures{
        {Millicores(200), Mebibytes(1024)}, RequestsPerSecond(load), Interference::None()};
  };
  for (const LoadedExponential& at : known) {
    LatencySample& sample = samples.emplace_back();
    sample.features = features(at.container_load);
    sample.tail = Latency(1e3 / at.law.rate);
  }
  const auto model = BoostedTreesModel::Fit(samples, options);
  if (!model.ok()) return model.status();
  std::vector<double> rates;
  for (const double load : wanted) rates.push_back(1e3 / model->Predict(features(load)).count());
  return rates;
}

std::vector<std::pair<std::string, Learner>> LearnersOf(std::uint64_t seed) {
  BoostedTreesOptions boosted;
  boosted.seed = seed;
  boosted.mask_probability = 0;
  BoostedTreesOptions forest = BoostedTreesOptions::RandomForest(seed);
  forest.mask_probability = 0;
  return {
      {"line", [](const auto& known, const auto& wanted) { return ByLine(known, wanted, true); }},
      {"free line",
       [](const auto& known, const auto& wanted) { return ByLine(known, wanted, false); }},
      {"XGBoost",
       [=](const auto& known, const auto& wanted) { return ByTrees(known, wanted, boosted); }},
      {"random forest",
       [=](const auto& known, const auto& wanted) { return ByTrees(known, wanted, forest); }},
      {"mean of the rates", [](const auto& known, const auto& wanted) {
         double sum = 0;
         for (const LoadedExponential& at : known) sum += at.law.rate;
         return absl::StatusOr<std::vector<double>>(
             std::vector<double>(wanted.size(), sum / static_cast<double>(known.size())));
       }}};
}

// 100 % - MAPE of the rates of one microservice over five folds; nothing when the learner's library
// is missing.
absl::StatusOr<std::optional<double>> JudgeLearner(const Learner& learner,
                                                   const std::vector<LoadedExponential>& rates) {
  constexpr std::size_t kFolds = 5;
  double error = 0;
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    std::vector<LoadedExponential> known;
    std::vector<double> wanted;
    std::vector<double> actual;
    for (std::size_t i = 0; i < rates.size(); ++i) {
      if (i % kFolds != fold) {
        known.push_back(rates[i]);
        continue;
      }
      wanted.push_back(rates[i].container_load);
      actual.push_back(rates[i].law.rate);
    }
    const auto predicted = learner(known, wanted);
    if (absl::IsUnavailable(predicted.status())) return std::nullopt;
    if (!predicted.ok()) return predicted.status();
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      error += std::abs((*predicted)[i] / actual[i] - 1);
    }
  }
  return 100 * (1 - error / static_cast<double>(rates.size()));
}

struct LearnerFigures {
  std::string name;
  std::vector<double> accuracies;  // by seed, mean over the microservices
};

absl::Status JudgeLearnersOf(const std::vector<DrawnMicroservice>& drawn, std::uint64_t seed,
                             std::vector<LearnerFigures>& figures) {
  const auto learners = LearnersOf(seed);
  figures.resize(learners.size());
  for (std::size_t l = 0; l < learners.size(); ++l) {
    figures[l].name = learners[l].first;
    std::vector<double> accuracies;
    for (const DrawnMicroservice& of : drawn) {
      std::vector<LoadedExponential> rates;
      for (const DividedDraws& load : of.loads) {
        const auto law = FitShiftedExponential(load.training, ExponentialFit::kLeastSquares);
        if (!law.ok()) return law.status();
        rates.push_back({load.container_load, *law});
      }
      const auto accuracy = JudgeLearner(learners[l].second, rates);
      if (!accuracy.ok()) return accuracy.status();
      if (*accuracy) accuracies.push_back(**accuracy);
    }
    if (!accuracies.empty()) figures[l].accuracies.push_back(MeanOfValues(accuracies));
  }
  return absl::OkStatus();
}

std::string SizeOf(const ExperimentInput& input) {
  return fmt::format(
      "Scenario {}, seeds {} to {}: every microservice alone in a container of its initial size at "
      "{} loads of {} requests, the last {:.0f} % of each held out; simulated, so this repeats the "
      "method and not the paper's systems.",
      input.scenario.name, input.seed, input.seed + kSeeds - 1, kLoads, kSamples, 100 * kHeldOut);
}

double MeanOfKind(const std::vector<SeededAccuracy>& rows, std::string_view kind) {
  const auto of = std::ranges::find(rows, kind, &SeededAccuracy::kind);
  return of == rows.end() ? 0 : of->mean;
}

}  // namespace

absl::StatusOr<ExperimentResult> RunDermFig9a(const ExperimentInput& input) {
  std::array<FamilyFigures, std::size(kLatencyFamilies)> figures;
  const absl::Status judged = ForEachSeed(input, "fit distributions", [&](const auto& drawn) {
    return JudgeFamiliesOf(drawn, figures);
  });
  if (!judged.ok()) return judged;
  std::vector<SeededAccuracy> shapes;
  std::vector<SeededAccuracy> tails;
  for (std::size_t f = 0; f < figures.size(); ++f) {
    const std::string name(LatencyFamilyName(kLatencyFamilies[f]));
    shapes.push_back(SummarizeSeeds(name, figures[f].shapes));
    tails.push_back(SummarizeSeeds(name, figures[f].tails));
  }
  const double exponential = MeanOfKind(shapes, "exponential");
  const double best = std::ranges::max(shapes, {}, &SeededAccuracy::mean).mean;
  ExperimentResult result{
      .tables = {SeededTable("100 % - KS, mean over microservices and loads", shapes),
                 SeededTable("accuracy of the P95, median over microservices and loads", tails)},
      .figures = {SeededFigure("distribution-accuracy.svg",
                               "How near each family comes to the latencies held out (Derm figure "
                               "9a).",
                               "Distributions of own latency", "100 % - KS, mean over seeds",
                               shapes)},
      .verdicts = {Judged(exponential >= kPaperExponential,
                          fmt::format("exponential, {:.1f} % (the paper: as high as {:.0f} %)",
                                      exponential, kPaperExponential)),
                   Judged(exponential >= best,
                          fmt::format("the exponential is {:.1f} points below the best family (the "
                                      "paper: it outperforms the others)",
                                      best - exponential)),
                   SizeOf(input)},
      .next = {"trimtab experiment run derm-fig-9b"}};
  const auto written =
      WriteResultPage(input.directory, "Distributions of own latency", SizeOf(input), result);
  if (!written.ok()) return written;
  return result;
}

absl::StatusOr<ExperimentResult> RunDermFig9b(const ExperimentInput& input) {
  std::vector<LearnerFigures> figures;
  const absl::Status judged = ForEachSeed(input, "predict rates", [&](const auto& drawn) {
    return JudgeLearnersOf(drawn, input.seed, figures);
  });
  if (!judged.ok()) return judged;
  std::vector<SeededAccuracy> rows;
  std::vector<std::string> verdicts;
  for (const LearnerFigures& of : figures) {
    if (of.accuracies.empty()) {
      verdicts.push_back(of.name + " is left out: libxgboost is not installed");
      continue;
    }
    rows.push_back(SummarizeSeeds(of.name, of.accuracies));
  }
  const double line = MeanOfKind(rows, "line");
  const double trees = std::max(MeanOfKind(rows, "XGBoost"), MeanOfKind(rows, "random forest"));
  verdicts.push_back(Judged(line >= kPaperLine,
                            fmt::format("line, {:.1f} % (the paper: {:.0f} %)", line, kPaperLine)));
  verdicts.push_back(Judged(trees - line <= kPaperMargin,
                            fmt::format("trees are {:+.1f} points from the line (the paper: {:.0f} "
                                        "above)",
                                        trees - line, kPaperMargin)));
  verdicts.push_back(SizeOf(input));
  ExperimentResult result{
      .tables = {SeededTable("accuracy (100 % - MAPE) of the rate at loads held out, two of ten in "
                             "turn; mean over microservices",
                             rows)},
      .figures = {SeededFigure("rate-accuracy.svg",
                               "How well each learner predicts the latency rate at an unseen load "
                               "(Derm figure 9b).",
                               "Latency rate over load", "100 % - MAPE, mean over seeds", rows)},
      .verdicts = std::move(verdicts),
      .next = {"trimtab experiment run derm-fig-9a"}};
  const auto written =
      WriteResultPage(input.directory, "Latency rate over load", SizeOf(input), result);
  if (!written.ok()) return written;
  return result;
}

}  // namespace trimtab
