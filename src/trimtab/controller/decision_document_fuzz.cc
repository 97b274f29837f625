// Fuzzes the reader of journals. The first line is the run's details; then the observation, the
// plan and the commitment, a line each; every further line is an outcome, "applied" or "verified"
// before its body. No crash, and what is accepted is accepted again as it was read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "trimtab/controller/decision_document.h"

namespace {

using trimtab::OutcomeKind;

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end != std::string_view::npos) text.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto lines = Lines({reinterpret_cast<const char*>(data), size});
  if (lines.size() < 4) return 0;
  trimtab::RunDescription run;
  run.details = lines[0];
  trimtab::DecisionRecord record;
  record.id = 1;
  record.entry.observation = lines[1];
  record.entry.plan = lines[2];
  record.entry.commitment = lines[3];
  for (std::size_t i = 4; i < lines.size() && i < 20; ++i) {
    const bool applied = lines[i].starts_with("applied ");
    if (!applied && !lines[i].starts_with("verified ")) continue;
    record.outcomes.push_back({applied ? OutcomeKind::kApplied : OutcomeKind::kVerified,
                               {},
                               lines[i].substr(applied ? 8 : 9)});
  }
  const auto first = trimtab::DecisionDocument(record, &run);
  if (!first.ok()) return 0;
  run.details = (*first)["run"]["details"].dump();
  record.entry.observation = (*first)["observation"].dump();
  record.entry.plan = (*first)["plan"].dump();
  record.entry.commitment = (*first)["commitment"].dump();
  for (std::size_t i = 0; i < record.outcomes.size(); ++i) {
    record.outcomes[i].body = (*first)["outcomes"][i].dump();
  }
  const auto second = trimtab::DecisionDocument(record, &run);
  if (!second.ok() || *second != *first) std::abort();
  return 0;
}
