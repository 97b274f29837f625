#include "trimtab/journal/journal_reader.h"

#include <optional>
#include <string_view>

#include "fmt/format.h"
#include "trimtab/journal/schema.h"

namespace trimtab {
namespace {

Instant InstantOf(std::int64_t nanoseconds) { return Instant(Duration(nanoseconds)); }

std::optional<OutcomeKind> KindOf(std::string_view name) {
  for (const OutcomeKind kind : {OutcomeKind::kApplied, OutcomeKind::kVerified}) {
    if (OutcomeKindName(kind) == name) return kind;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<JournalReader> JournalReader::Open(const std::string& path) {
  auto database = SqliteDatabase::Open(path, SqliteDatabase::Mode::kRead);
  if (!database.ok()) return database.status();
  const auto file = RecogniseJournal(*database);
  if (!file.ok()) return file.status();
  if (*file == JournalFile::kEmpty) {
    return absl::FailedPreconditionError(
        fmt::format("{}: empty file, no journal", database->place()));
  }
  return JournalReader(*std::move(database));
}

absl::StatusOr<std::int64_t> JournalReader::LastDecision() {
  return database_.QueryInteger("SELECT coalesce(max(id), 0) FROM decisions");
}

absl::StatusOr<std::int64_t> JournalReader::LastCommitted() {
  return database_.QueryInteger(
      "SELECT coalesce(max(decision), 0) FROM outcomes WHERE kind = 'applied'");
}

absl::StatusOr<DecisionRecord> JournalReader::Decision(std::int64_t id) {
  std::optional<DecisionRecord> found;
  const auto read =
      ForEachDecision(id, id, [&found](const DecisionRecord& record) { found = record; });
  if (!read.ok()) return read;
  if (found) return *std::move(found);
  const auto last = LastDecision();
  if (!last.ok()) return last.status();
  return absl::NotFoundError(
      *last == 0 ? fmt::format("{}: no decisions yet", database_.place())
                 : fmt::format("{}: no decision {}, it has 1 to {}", database_.place(), id, *last));
}

absl::StatusOr<RunDescription> JournalReader::Run(std::int64_t id) {
  auto select = database_.Prepare(
      "SELECT startedNanoseconds, application, policy, slaNanoseconds, details FROM runs "
      "WHERE id = ?");
  if (!select.ok()) return select.status();
  select->BindInteger(0, id);
  const auto row = select->Step();
  if (!row.ok()) return row.status();
  if (!*row) return absl::NotFoundError(fmt::format("{}: no run {}", database_.place(), id));
  if (const auto types = select->CheckTypes("ittit", fmt::format("run {}", id)); !types.ok()) {
    return types;
  }
  return RunDescription{.started = InstantOf(select->Integer(0)),
                        .application = select->Text(1),
                        .policy = select->Text(2),
                        .sla = Duration(select->Integer(3)),
                        .details = select->Text(4)};
}

absl::StatusOr<std::vector<OutcomeRecord>> JournalReader::Outcomes(std::int64_t decision) {
  auto select = database_.Prepare(
      "SELECT kind, atNanoseconds, body FROM outcomes WHERE decision = ? ORDER BY id");
  if (!select.ok()) return select.status();
  select->BindInteger(0, decision);
  std::vector<OutcomeRecord> outcomes;
  while (true) {
    const auto row = select->Step();
    if (!row.ok()) return row.status();
    if (!*row) return outcomes;
    const std::string place = fmt::format("outcome {} of decision {}", outcomes.size(), decision);
    if (const auto types = select->CheckTypes("tit", place); !types.ok()) return types;
    const std::string name = select->Text(0);
    const auto kind = KindOf(name);
    if (!kind) {
      return absl::DataLossError(fmt::format("{}: {}: kind '{}' is none of applied, verified",
                                             database_.place(), place, name));
    }
    outcomes.push_back({*kind, InstantOf(select->Integer(1)), select->Text(2)});
  }
}

absl::Status JournalReader::ForEachDecision(
    std::int64_t first, std::int64_t last,
    const std::function<void(const DecisionRecord&)>& visit) {
  auto select = database_.Prepare(
      "SELECT id, run, atNanoseconds, observation, plan, commitment FROM decisions "
      "WHERE id BETWEEN ? AND ? ORDER BY id");
  if (!select.ok()) return select.status();
  select->BindInteger(0, first);
  select->BindInteger(1, last);
  while (true) {
    const auto row = select->Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    const std::string place = fmt::format("decision {}", select->Integer(0));
    if (const auto types = select->CheckTypes("iiittt", place); !types.ok()) return types;
    DecisionRecord record{.id = select->Integer(0),
                          .run = select->Integer(1),
                          .entry = {.at = InstantOf(select->Integer(2)),
                                    .observation = select->Text(3),
                                    .plan = select->Text(4),
                                    .commitment = select->Text(5)},
                          .outcomes = {}};
    auto outcomes = Outcomes(record.id);
    if (!outcomes.ok()) return outcomes.status();
    record.outcomes = *std::move(outcomes);
    visit(record);
  }
}

}  // namespace trimtab
