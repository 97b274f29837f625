#include "trimtab/experiment/decision_log.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "trimtab/controller/decision_document.h"
#include "trimtab/journal/journal_reader.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

using Json = nlohmann::ordered_json;

// "search cpu 200m -> 400m, rate 1 -> 2 replicas"
std::string ChangeText(const Json& changes) {
  std::string text;
  const auto add = [&text](const std::string& part) {
    if (!text.empty()) text += ", ";
    text += part;
  };
  for (const Json& change : changes) {
    const auto name = change.at("microservice").get<std::string>();
    const Json& from = change.at("from");
    const Json& to = change.at("to");
    if (from.at("replicas") != to.at("replicas")) {
      add(fmt::format("{} {} \u2192 {} replicas", name, from.at("replicas").get<int>(),
                      to.at("replicas").get<int>()));
    }
    if (from.at("cpuCores") != to.at("cpuCores")) {
      add(fmt::format("{} cpu {:g} \u2192 {:g}", name, from.at("cpuCores").get<double>(),
                      to.at("cpuCores").get<double>()));
    }
    if (from.at("memoryBytes") != to.at("memoryBytes")) {
      add(fmt::format("{} memory {} \u2192 {}", name,
                      FormatMemory(Bytes(from.at("memoryBytes").get<std::int64_t>())),
                      FormatMemory(Bytes(to.at("memoryBytes").get<std::int64_t>()))));
    }
  }
  return text;
}

std::string ReasonText(const Json& plan, const Json& troubles) {
  std::string text;
  for (const Json& trouble : troubles) {
    text += fmt::format("{}: {}. ", trouble.at("what").get<std::string>(),
                        trouble.at("words").get<std::string>());
  }
  if (plan.is_null()) return text;
  const Json& predicted = plan.at("predictedTailLatencySeconds");
  if (!predicted.is_null()) {
    text += fmt::format("predicted {:.0f} ms; ", predicted.get<double>() * 1e3);
  }
  return text + plan.at("summary").at("message").get<std::string>();
}

DecisionLogRow RowOf(const Json& decision, const std::string& label) {
  const Json& commitment = decision.at("commitment");
  Json changes = commitment.at("raises");
  for (const Json& lower : commitment.at("lowers")) changes.push_back(lower);
  std::string outcome = commitment.at("action").get<std::string>();
  for (const Json& after : decision.at("outcomes")) {
    if (after.at("kind") != OutcomeKindName(OutcomeKind::kVerified)) continue;
    outcome += fmt::format(", then {:.0f} ms: {}",
                           after.at("measuredTailLatencySeconds").get<double>() * 1e3,
                           after.at("met").get<bool>() ? "met" : "missed");
  }
  return {.policy = label,
          .minute = decision.at("atSeconds").get<double>() / 60,
          .outcome = std::move(outcome),
          .changes = ChangeText(changes),
          .reason = ReasonText(decision.at("plan"), commitment.at("troubles"))};
}

}  // namespace

absl::StatusOr<std::vector<DecisionLogRow>> ReadDecisionLog(const std::string& journal_path,
                                                            const std::string& label,
                                                            std::size_t most) {
  auto journal = JournalReader::Open(journal_path);
  if (!journal.ok()) return journal.status();
  std::vector<DecisionLogRow> rows;
  std::size_t left_out = 0;
  absl::Status broken;
  const absl::Status read = journal->ForEachDecision(
      1, std::numeric_limits<std::int64_t>::max(), [&](const DecisionRecord& record) {
        if (!broken.ok()) return;
        const auto decision = DecisionDocument(record, nullptr);
        if (!decision.ok()) {
          broken = absl::DataLossError(fmt::format("journal '{}': {}", journal_path,
                                                   std::string(decision.status().message())));
          return;
        }
        DecisionLogRow row = RowOf(*decision, label);
        if (row.outcome == "keep") return;
        if (rows.size() < most) {
          rows.push_back(std::move(row));
        } else {
          ++left_out;
        }
      });
  if (!read.ok()) return read;
  if (!broken.ok()) return broken;
  if (left_out > 0) {
    rows.push_back({.policy = label,
                    .minute = rows.back().minute,
                    .outcome = "",
                    .changes = fmt::format("and {} more", left_out),
                    .reason = "trimtab explain prints every one"});
  }
  return rows;
}

}  // namespace trimtab
