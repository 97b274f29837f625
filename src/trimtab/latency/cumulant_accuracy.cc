#include "trimtab/latency/cumulant_accuracy.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/latency/cumulant_curve.h"
#include "trimtab/neural/parallel_for.h"
#include "trimtab/quantity/quantity.h"

namespace trimtab {
namespace {

constexpr double kTailShare = 0.95;

// Adds up relative errors.
class Judge {
 public:
  void Add(double predicted, double measured) {
    error_ += std::abs(predicted / measured - 1);
    ++samples_;
  }
  void AddIf(bool judged, double predicted, double measured) {
    if (judged) Add(predicted, measured);
  }
  JudgedAccuracy Of() const {
    if (samples_ == 0) return {};
    return {.accuracy = 100 * (1 - error_ / static_cast<double>(samples_)), .samples = samples_};
  }

 private:
  double error_ = 0;
  std::int64_t samples_ = 0;
};

bool Judges(const LatencySample& time) {
  return time.relative_standard_error <= kMostErrorOfATestTime;
}

// One of these per mask, in the order in which they are reported.
constexpr std::array<std::string_view, 7> kReports = {
    "mean",       "deviation",        "third-root",
    "third",      "p95-of-cumulants", "p95-of-measured-cumulants",
    "p95-network"};
using Judged = std::array<JudgedAccuracy, kReports.size()>;

double ImpliedTail(Cumulants of) {
  of.third = std::max(of.third, LeastThird(of));
  return QuantileOf(of, kTailShare);
}

Judged JudgeAll(const NeuralCumulantModel& cumulants, const NeuralLatencyModel& tail,
                std::span<const LatencySample> samples, const InterferenceMask& mask) {
  const CumulantAccuracy of = AccuracyOfCumulants(cumulants, samples, mask);
  Judge implied;
  Judge measured;
  for (const LatencySample& sample : samples) {
    const double seconds = InSeconds(sample.tail);
    implied.Add(ImpliedTail(cumulants.Predict(Hide(sample.features, mask))), seconds);
    measured.AddIf(sample.cumulants.value.variance > 0, ImpliedTail(sample.cumulants.value),
                   seconds);
  }
  return {of.mean,
          of.deviation,
          of.third_root,
          of.third,
          implied.Of(),
          measured.Of(),
          {.accuracy = Accuracy(tail, samples, mask),
           .samples = static_cast<std::int64_t>(samples.size())}};
}

absl::StatusOr<std::vector<Judged>> EvaluateOne(const MicroserviceSamples& of,
                                                std::span<const InterferenceMask> masks,
                                                const NeuralLatencyOptions& options) {
  if (of.test.empty()) return absl::InvalidArgumentError("no test samples");
  const auto cumulants = NeuralCumulantModel::Fit(of.training, options);
  if (!cumulants.ok()) return cumulants.status();
  const auto tail = NeuralLatencyModel::Fit(of.training, options);
  if (!tail.ok()) return tail.status();
  std::vector<Judged> judged;
  for (const InterferenceMask& mask : masks) {
    judged.push_back(JudgeAll(*cumulants, *tail, of.test, mask));
  }
  return judged;
}

}  // namespace

CumulantAccuracy AccuracyOfCumulants(const NeuralCumulantModel& model,
                                     std::span<const LatencySample> samples,
                                     const InterferenceMask& mask) {
  Judge mean;
  Judge deviation;
  Judge third_root;
  Judge third;
  for (const LatencySample& sample : samples) {
    const CumulantTimes truth = TimesOf(sample);
    const Cumulants predicted = model.Predict(Hide(sample.features, mask));
    const double root = InSeconds(truth.third_root.tail);
    mean.AddIf(Judges(truth.mean), predicted.mean, InSeconds(truth.mean.tail));
    deviation.AddIf(Judges(truth.deviation), std::sqrt(predicted.variance),
                    InSeconds(truth.deviation.tail));
    third_root.AddIf(Judges(truth.third_root), std::cbrt(predicted.third), root);
    third.AddIf(Judges(truth.third_root), predicted.third, root * root * root);
  }
  return {mean.Of(), deviation.Of(), third_root.Of(), third.Of()};
}

absl::StatusOr<std::vector<AccuracyReport>> EvaluateCumulantModel(
    std::span<const MicroserviceSamples> microservices, std::span<const InterferenceMask> masks,
    const NeuralLatencyOptions& options, int threads) {
  if (microservices.empty()) return absl::InvalidArgumentError("no microservices to evaluate");
  std::vector<absl::StatusOr<std::vector<Judged>>> results(microservices.size(),
                                                           std::vector<Judged>());
  ParallelFor(microservices.size(), threads,
              [&](std::size_t m) { results[m] = EvaluateOne(microservices[m], masks, options); });
  for (std::size_t m = 0; m < results.size(); ++m) {
    const absl::Status& status = results[m].status();
    if (status.ok()) continue;
    return absl::Status(status.code(),
                        fmt::format("cumulant model of '{}': {}", microservices[m].name,
                                    std::string(status.message())));
  }
  std::vector<AccuracyReport> reports;
  for (std::size_t k = 0; k < masks.size(); ++k) {
    for (std::size_t r = 0; r < kReports.size(); ++r) {
      std::vector<MicroserviceAccuracy> rows;
      for (std::size_t m = 0; m < microservices.size(); ++m) {
        const JudgedAccuracy& of = (*results[m])[k][r];
        if (of.samples == 0) continue;
        rows.push_back({microservices[m].name, of.accuracy, static_cast<std::size_t>(of.samples)});
      }
      if (rows.empty()) continue;
      const std::string name = masks[k].hidden == 0
                                   ? std::string(kReports[r])
                                   : fmt::format("{} without {}", kReports[r], masks[k].name);
      reports.push_back(AccuracyReport::Of(name, std::move(rows)));
    }
  }
  return reports;
}

}  // namespace trimtab
