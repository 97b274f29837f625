#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/experiment_support.h"
#include "trimtab/experiment/comparison.h"
#include "trimtab/experiment/decision_log.h"
#include "trimtab/experiment/html_report.h"

namespace trimtab {
namespace {

struct Values {
  std::vector<std::string> runs;
  std::string out = "out/report";
  std::string title = "Runs side by side";
  double surge_start = 280;
  double surge_end = 300;
  OutputFormat output = OutputFormat::kTable;
};

absl::StatusOr<ExitCode> RunReport(const Values& values, Context& context) {
  PolicyComparison comparison{
      .title = values.title, .scenario = "", .surge = std::nullopt, .runs = {}};
  if (values.surge_end > values.surge_start)
    comparison.surge = {values.surge_start, values.surge_end};
  std::vector<DecisionLogRow> log;
  for (const std::string& directory : values.runs) {
    auto run = ReadRun(directory);
    if (!run.ok()) return run.status();
    comparison.sla_seconds = run->summary.sla_seconds;
    const std::string journal = directory + "/journal.sqlite";
    if (std::filesystem::exists(journal)) {
      const auto rows = ReadDecisionLog(journal, run->label);
      if (!rows.ok()) return rows.status();
      log.insert(log.end(), rows->begin(), rows->end());
    }
    comparison.runs.push_back(*std::move(run));
  }
  if (auto s = WriteReport(values.out, comparison, log); !s.ok()) return s;
  TableOf(SummaryTable(comparison.runs)).Write(values.output, context.color, context.out);
  context.err << fmt::format("wrote {}/report.html and {}/figures\n", values.out, values.out);
  return ExitCode::kSuccess;
}

}  // namespace

CommandAction DeclareReport(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  arguments.Option("out", &values->out, "folder for report.html and figures/", "DIR");
  arguments.Option("title", &values->title, "of the page");
  arguments.Option("surge-start", &values->surge_start, {.min = 0},
                   "minute from which the charts are shaded");
  arguments.Option("surge-end", &values->surge_end, {.min = 0},
                   "minute until which they are; not after the start: no shade");
  arguments.Output(&values->output);
  arguments.PositionalList("run", &values->runs, "folders that `trimtab simulate --out` wrote");
  return [values](Context& context) { return RunReport(*values, context); };
}

}  // namespace trimtab
