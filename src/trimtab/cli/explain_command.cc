#include <chrono>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/class_attainment.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/explain_report.h"
#include "trimtab/cli/output.h"
#include "trimtab/controller/decision_document.h"
#include "trimtab/journal/journal_reader.h"
#include "trimtab/quantity/text.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

struct Values {
  std::string journal;
  std::int64_t decision = 0;  // 0: the newest that was committed, the newest when none was
  bool list = false;
  bool classes = false;
  std::string to_format;                    // of --export
  Duration skip = std::chrono::minutes(5);  // as in the results of a simulated run
  OutputFormat output = OutputFormat::kTable;
};

// A run's folder stands for the journal in it.
std::string JournalAt(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error) ? path + "/journal.sqlite" : path;
}

// Gives every decision of the journal to `list`, in order.
template <class List>
absl::Status AddAll(JournalReader& reader, Context& context, List& list) {
  absl::Status status;
  const absl::Status read = reader.ForEachDecision(
      1, std::numeric_limits<std::int64_t>::max(), [&](const DecisionRecord& record) {
        if (context.stop) status.Update(absl::CancelledError("listing decisions"));
        if (status.ok()) status.Update(list.Add(record));
      });
  return read.ok() ? status : read;
}

absl::Status ListDecisions(JournalReader& reader, const Values& values, Context& context) {
  DecisionList list;
  if (absl::Status status = AddAll(reader, context, list); !status.ok()) return status;
  list.table().Write(values.output, context.color, context.out);
  return absl::OkStatus();
}

absl::Status ListClasses(JournalReader& reader, const Values& values, Context& context) {
  ClassAttainment classes(InSeconds(values.skip));
  if (absl::Status status = AddAll(reader, context, classes); !status.ok()) return status;
  const Table table = classes.ToTable();
  if (table.row_count() == 0) {
    return absl::NotFoundError(
        fmt::format("journal '{}' has no window with a plan over classes of call graphs, which are "
                    "Derm's, after its first {}",
                    JournalAt(values.journal), FormatDuration(values.skip)));
  }
  table.Write(values.output, context.color, context.out);
  return absl::OkStatus();
}

// Every decision whole, a line each.
absl::Status ExportDecisions(JournalReader& reader, Context& context) {
  absl::Status status;
  const absl::Status read = reader.ForEachDecision(
      1, std::numeric_limits<std::int64_t>::max(), [&](const DecisionRecord& record) {
        if (!status.ok()) return;
        if (context.stop) return status.Update(absl::CancelledError("exporting decisions"));
        const auto run = reader.Run(record.run);
        if (!run.ok()) return status.Update(run.status());
        const auto document = DecisionDocument(record, &*run);
        if (!document.ok()) return status.Update(document.status());
        context.out << document->dump(-1, ' ', false,
                                      nlohmann::ordered_json::error_handler_t::replace)
                    << '\n';
      });
  return read.ok() ? status : read;
}

absl::Status ExplainOne(JournalReader& reader, const Values& values, Context& context) {
  absl::StatusOr<std::int64_t> id = values.decision;
  if (values.decision == 0) id = reader.LastCommitted();
  if (id.ok() && *id == 0) id = reader.LastDecision();
  if (!id.ok()) return id.status();
  const auto record = reader.Decision(*id);
  if (!record.ok()) return record.status();
  const auto run = reader.Run(record->run);
  if (!run.ok()) return run.status();
  const auto document = DecisionDocument(*record, &*run);
  if (!document.ok()) return document.status();
  if (values.output == OutputFormat::kJson) {
    WriteJson(*document, context.out);
  } else if (values.output == OutputFormat::kCsv) {
    StepTable(*document).WriteCsv(context.out);
  } else {
    WriteExplanation(*document, context.out, context.color);
  }
  return absl::OkStatus();
}

}  // namespace

CommandAction DeclareExplain(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  arguments.Positional("journal", &values->journal,
                       "journal of a run, or the folder that it is in");
  arguments.Option("decision", &values->decision, {.min = 0},
                   "number of the decision; 0 is the newest one that changed something");
  arguments.Flag("list", &values->list, "list all decisions, one a line");
  arguments.Flag("classes", &values->classes,
                 "attainment by class of call graphs over all decisions, expected and measured");
  arguments.Option("skip", &values->skip, {.min = Duration(0)},
                   "of --classes: the beginning of the run that does not count");
  arguments.Choice("export", &values->to_format, {"jsonl"},
                   "print every decision whole, one JSON document a line");
  arguments.Output(&values->output);
  return [values](Context& context) -> absl::StatusOr<ExitCode> {
    auto reader = JournalReader::Open(JournalAt(values->journal));
    if (!reader.ok()) return reader.status();
    if (!values->to_format.empty()) {
      if (absl::Status exported = ExportDecisions(*reader, context); !exported.ok()) {
        return exported;
      }
      return ExitCode::kSuccess;
    }
    const absl::Status done = values->classes ? ListClasses(*reader, *values, context)
                              : values->list  ? ListDecisions(*reader, *values, context)
                                              : ExplainOne(*reader, *values, context);
    if (!done.ok()) return done;
    return ExitCode::kSuccess;
  };
}

}  // namespace trimtab
