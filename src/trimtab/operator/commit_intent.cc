#include "trimtab/operator/commit_intent.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "trimtab/deployment/allocation_diff.h"
#include "trimtab/kubernetes/json_view.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

// What change_json.h writes.
std::optional<MicroserviceAllocation> AllocationAt(const Json& change, std::string_view key) {
  const Json* value = ValueAt(change, {key});
  if (value == nullptr) return std::nullopt;
  const auto replicas = IntegerAt(*value, {"replicas"});
  const auto memory = IntegerAt(*value, {"memoryBytes"});
  const Json* cores = ValueAt(*value, {"cpuCores"});
  if (!replicas || !memory || cores == nullptr || !cores->is_number()) return std::nullopt;
  return MicroserviceAllocation{
      .replicas = static_cast<int>(*replicas),
      .container = {.cpu = Millicores(std::llround(cores->get<double>() * 1000)),
                    .memory = Bytes(*memory)}};
}

template <class T>
bool IsBetween(const T& value, const T& a, const T& b) {
  return value >= std::min(a, b) && value <= std::max(a, b);
}

bool IsWithin(const MicroserviceAllocation& value, const IntendedChange& change) {
  return IsBetween(value.replicas, change.from.replicas, change.to.replicas) &&
         IsBetween(value.container.cpu, change.from.container.cpu, change.to.container.cpu) &&
         IsBetween(value.container.memory, change.from.container.memory,
                   change.to.container.memory);
}

}  // namespace

absl::StatusOr<CommitIntent> IntentOf(std::int64_t decision, const DecisionEntry& entry) {
  const auto json = JsonFromText(entry.commitment);
  if (!json.ok()) return json.status();
  CommitIntent intent{.id = std::to_string(decision), .started = entry.at};
  std::map<std::string, std::size_t> place;
  for (const std::string_view stage : {"raises", "lowers"}) {
    for (const Json& change : ArrayAt(*json, {stage})) {
      const std::string name = TextAt(change, {"microservice"});
      const auto from = AllocationAt(change, "from");
      const auto to = AllocationAt(change, "to");
      if (name.empty() || !from || !to) {
        return absl::InvalidArgumentError(
            fmt::format("decision {}: a change of '{}' without its sizes", decision, name));
      }
      const auto [known, is_new] = place.emplace(name, intent.changes.size());
      if (is_new) {
        intent.changes.push_back({name, *from, *to});
      } else {
        intent.changes[known->second].to = *to;
      }
    }
  }
  if (ArrayAt(*json, {"raises"}).empty()) intent.step = CommitStep::kLower;
  if (intent.changes.empty()) {
    return absl::InvalidArgumentError(fmt::format("decision {} changes nothing", decision));
  }
  return intent;
}

absl::StatusOr<std::int64_t> IntentJournal::Append(const DecisionEntry& entry) {
  const auto id = journal_.Append(entry);
  if (!id.ok() || !entry.acts || !applies_()) return id;
  auto intent = IntentOf(*id, entry);
  if (!intent.ok()) return intent.status();
  const absl::Status noted =
      board_.Update([&](AppScalerStatus& status) { status.commit = *std::move(intent); });
  if (noted.ok()) return id;
  return absl::UnavailableError(
      fmt::format("status.commit of decision {} was not written: {}", *id, noted.ToString()));
}

absl::Status IntentJournal::AppendOutcome(std::int64_t decision, OutcomeKind kind, Instant at,
                                          const std::string& body) {
  const absl::Status written = journal_.AppendOutcome(decision, kind, at, body);
  // A decision that was not acted on says nothing of a commit that an earlier leader left behind.
  if (kind != OutcomeKind::kApplied || !applies_()) return written;
  // An intent that stays although it is done makes the next leader undo cuts, and harms nothing.
  const absl::Status cleared =
      board_.Update([](AppScalerStatus& status) { status.commit.reset(); });
  return written.ok() ? cleared : written;
}

absl::Status GuardedActuator::Apply(const AllocationChange& change) {
  const bool lowers = Lowers(change);
  const Verdict verdict = verdict_();
  if (verdict.permission == Permission::kNothing ||
      (verdict.permission == Permission::kRaisesOnly && lowers)) {
    return absl::AbortedError(verdict.reason);
  }
  if (lowers) {
    const absl::Status noted = board_.Update([](AppScalerStatus& status) {
      if (status.commit) status.commit->step = CommitStep::kLower;
    });
    if (!noted.ok()) {
      return absl::UnavailableError(
          fmt::format("the step of status.commit was not written: {}", noted.ToString()));
    }
  }
  return actuator_.Apply(change);
}

bool Lowers(const AllocationChange& change) {
  return LargerOf(change.from, change.to) != change.to;
}

std::vector<AllocationChange> RecoveryChanges(const CommitIntent& intent,
                                              const Application& application,
                                              const std::vector<MicroserviceState>& states) {
  std::vector<AllocationChange> changes;
  for (const IntendedChange& intended : intent.changes) {
    const auto id = application.Find(intended.name);
    if (!id || id->value() >= states.size()) continue;
    const MicroserviceAllocation now = states[id->value()].desired;
    if (!IsWithin(now, intended)) continue;
    const MicroserviceAllocation safe = LargerOf(intended.from, intended.to);
    if (now != safe) changes.push_back({*id, now, safe});
  }
  return changes;
}

}  // namespace trimtab
