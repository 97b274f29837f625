#include "trimtab/profiling/evaluation.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "trimtab/neural/parallel_for.h"
#include "trimtab/profiling/training_samples.h"

namespace trimtab {

std::vector<MicroserviceSamples> DividedSamplesOf(const SampleTable& table) {
  std::vector<MicroserviceSamples> divided;
  for (std::size_t m = 0; m < table.manifest.microservices.size(); ++m) {
    divided.push_back({table.manifest.microservices[m].name,
                       LatencySamplesOf(table, MicroserviceId(m), SampleRole::kTrain),
                       LatencySamplesOf(table, MicroserviceId(m), SampleRole::kTest)});
  }
  return divided;
}

absl::StatusOr<std::vector<AccuracyReport>> EvaluateEndToEnd(
    const SampleTable& table, std::span<const LatencyModel* const> models,
    const EndToEndTrainingOptions& options, int threads) {
  constexpr std::array kKinds = {EndToEndKind::kCorrected, EndToEndKind::kCorrectedWithoutAttention,
                                 EndToEndKind::kPaper, EndToEndKind::kPaperWithoutAttention,
                                 EndToEndKind::kComposition};
  const auto training = EndToEndSamplesOf(table, SampleRole::kTrain, models);
  const auto test = EndToEndSamplesOf(table, SampleRole::kTest, models);
  if (test.empty()) return absl::InvalidArgumentError("the table has no whole-tree run held out");
  std::vector<std::optional<absl::StatusOr<TrainedEndToEndModel>>> trained(kKinds.size());
  ParallelFor(kKinds.size(), threads, [&](std::size_t k) {
    EndToEndTrainingOptions of_kind = options;
    of_kind.kind = kKinds[k];
    of_kind.test_share = 0;  // the table holds its own runs out
    trained[k].emplace(TrainEndToEnd(table.manifest.Names(), training, of_kind));
  });
  std::vector<AccuracyReport> reports;
  for (std::size_t k = 0; k < kKinds.size(); ++k) {
    if (!trained[k]->ok()) return trained[k]->status();
    const double accuracy = 100 * EndToEndAccuracy((*trained[k])->model, test);
    reports.push_back(AccuracyReport::Of(std::string(EndToEndKindName(kKinds[k])),
                                         {{"end-to-end", accuracy, test.size()}}));
  }
  return reports;
}

}  // namespace trimtab
