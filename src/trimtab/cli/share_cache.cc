#include "trimtab/cli/share_cache.h"

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "fmt/format.h"
#include "trimtab/cli/experiment_support.h"
#include "trimtab/experiment/share_training.h"
#include "trimtab/graphdynamics/share_csv.h"
#include "trimtab/profile/atomic_file.h"
#include "trimtab/tracing/input_file.h"

namespace trimtab {
namespace {

// Two files: what the network learned from, as a table that `trimtab eval graph-dynamics` reads,
// and what it learned.
struct SharePaths {
  std::string history;
  std::string model;
};

absl::StatusOr<ShareKnowledge> Parse(const std::string& history, const std::string& model) {
  const auto input = InputFile::OverText("graph shares", history);
  auto series = ReadShareCsv(*input);
  if (!series.ok()) return series.status();
  auto network = ShareNetworkModel::FromJson(model);
  if (!network.ok()) return network.status();
  ShareKnowledge knowledge{.model = *std::move(network), .history = *std::move(series)};
  if (auto s = knowledge.Validate(); !s.ok()) return s;
  return knowledge;
}

absl::StatusOr<ShareKnowledge> Read(const SharePaths& paths) {
  const auto history = ReadWholeFile(paths.history);
  if (!history.ok()) return history.status();
  const auto model = ReadWholeFile(paths.model);
  if (!model.ok()) return model.status();
  return Parse(*history, *model);
}

absl::Status Keep(const SharePaths& paths, const std::string& history, const std::string& model) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(paths.model).parent_path(), error);
  if (auto s = ReplaceFile(paths.history, history); !s.ok()) return s;
  return ReplaceFile(paths.model, model);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ShareKnowledge>> SharesFor(const ExperimentInput& input,
                                                                double span_share,
                                                                const DermOptions& options,
                                                                Context& context) {
  const Scenario& scenario = input.scenario;
  if (options.predictor != DermPredictor::kNetwork || !GraphsMove(scenario) || !(span_share > 0)) {
    return nullptr;
  }
  ShareTrainingDays days = TrainingDaysOf(input, span_share);
  days.plain = options.fidelity == DermFidelity::kPaper;
  const auto key = ShareTrainingKey(scenario, days);
  if (!key.ok()) return key.status();
  const std::string folder = CacheFolder();
  const std::string stem = fmt::format("{}/{}-{}", folder, ClusterHash(scenario.cluster), *key);
  const SharePaths paths{.history = stem + ".shares.csv", .model = stem + ".shares.json"};
  if (!folder.empty()) {
    auto kept = Read(paths);
    if (kept.ok()) return std::make_shared<const ShareKnowledge>(*std::move(kept));
  }
  context.progress.Note(
      fmt::format("how the call graphs of '{}' change is not known yet: learning it now",
                  scenario.application.name()));
  const auto made = LearnShares(scenario, days);
  if (!made.ok()) return made.status();
  const std::string history = ShareCsv(made->history);
  const std::string model = made->model.ToJson();
  if (!folder.empty()) {
    if (auto s = Keep(paths, history, model); !s.ok()) {
      context.progress.Note("what was learned is not kept: " + std::string(s.message()));
    }
  }
  // As the next call reads it: both give the same run.
  auto knowledge = Parse(history, model);
  if (!knowledge.ok()) return knowledge.status();
  return std::make_shared<const ShareKnowledge>(*std::move(knowledge));
}

}  // namespace trimtab
