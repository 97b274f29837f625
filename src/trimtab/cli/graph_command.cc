#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/callgraph/tree_dot.h"
#include "trimtab/callgraph/tree_svg.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/graph_report.h"
#include "trimtab/cli/live_spans.h"
#include "trimtab/cli/span_files.h"

namespace trimtab {
namespace {

struct Values {
  SpanFiles spans;
  LiveSpans live;
  std::vector<std::string> arguments;
  std::string class_by = "canonical";
  std::string dot;
  std::string svg;
  std::string rows = "classes";
  double rare_share = 0;
  Duration window{0};
  std::int64_t top = 20;
  OutputFormat output = OutputFormat::kTable;
};

// The class that the user means: its place in the list, its id, or four or more digits of that.
absl::StatusOr<const InferredClass*> FindClass(const std::vector<InferredClass>& classes,
                                               const std::string& wanted) {
  constexpr std::size_t kShortestId = 4;
  if (wanted.size() < kShortestId) {
    std::size_t place = 0;
    for (const char c : wanted) {
      if (c < '0' || c > '9') {
        place = 0;
        break;
      }
      place = place * 10 + static_cast<std::size_t>(c - '0');
    }
    if (place == 0 || place > classes.size()) {
      return absl::InvalidArgumentError(
          fmt::format("class '{}' is none of 1 to {}", wanted, classes.size()));
    }
    return &classes[place - 1];
  }
  const InferredClass* found = nullptr;
  for (const InferredClass& of : classes) {
    if (!of.id.ToString().starts_with(wanted)) continue;
    if (found != nullptr) {
      return absl::InvalidArgumentError(fmt::format("class '{}' is more than one: {} and {}",
                                                    wanted, found->id.ToString(),
                                                    of.id.ToString()));
    }
    found = &of;
  }
  if (found != nullptr) return found;
  return absl::InvalidArgumentError(
      fmt::format("class '{}' is the id of none of {} classes", wanted, classes.size()));
}

absl::Status WriteDrawing(const Values& values, const GraphReport& report, std::ostream& out) {
  const bool is_dot = !values.dot.empty();
  const auto found = FindClass(report.classes, is_dot ? values.dot : values.svg);
  if (!found.ok()) return found.status();
  const InferredClass& of = **found;
  const std::string title = fmt::format("class {}, {:.2f} % of {} traces", of.id.ToString(),
                                        100 * report.ShareOf(of.traces), report.traces);
  out << (is_dot ? TreeToDot(of.tree, title) : TreeToSvg(of.tree, title));
  return absl::OkStatus();
}

void WriteReport(const Values& values, const GraphReport& report, Context& context) {
  switch (values.output) {
    case OutputFormat::kTable:
      WriteGraphText(report, static_cast<std::size_t>(values.top), context.color, context.out);
      break;
    case OutputFormat::kJson:
      WriteJson(GraphToJson(report), context.out);
      break;
    case OutputFormat::kCsv:
      if (values.rows == "operations") {
        OperationTable(report).WriteCsv(context.out);
      } else if (values.rows == "microservices") {
        MicroserviceTable(report).WriteCsv(context.out);
      } else if (values.rows == "pairs") {
        SiblingTable(report).WriteCsv(context.out);
      } else if (values.rows == "windows") {
        WindowTable(report).WriteCsv(context.out);
      } else if (values.rows == "arguments") {
        ArgumentTable(report).WriteCsv(context.out);
      } else {
        ClassTable(report).WriteCsv(context.out);
      }
  }
}

// Files, or one of the live sources.
absl::Status ReadSources(const Values& values, NameTable& names, SkipLog& skipped, SpanSink& sink,
                         Context& context) {
  const bool has_files = !values.spans.files.empty();
  const int sources =
      int{has_files} + int{values.live.is_listening()} + int{values.live.is_asking()};
  if (sources != 1) {
    return absl::InvalidArgumentError(sources == 0
                                          ? "no spans: give files, --listen or --jaeger"
                                          : "files, --listen and --jaeger exclude one another");
  }
  return has_files ? ReadSpanFiles(values.spans, names, skipped, sink, context)
                   : ReadLiveSpans(values.live, names, skipped, sink, context);
}

absl::StatusOr<ExitCode> RunGraph(Values& values, Context& context) {
  absl::StatusOr<ArgumentBins> bins = ArgumentBins::Parse(values.arguments);
  if (!bins.ok()) return bins.status();
  values.spans.arguments = *bins;
  values.live.arguments = *std::move(bins);
  if (!values.dot.empty() && !values.svg.empty()) {
    return absl::InvalidArgumentError("--dot and --svg exclude one another");
  }
  NameTable names;
  // What comes over a network has no place that an example could name.
  SkipLog skipped(values.spans.files.empty() ? 0 : 10);
  TraceAnalysis::Options options;
  options.class_window = values.window;
  TraceAnalysis analysis(names, options);
  if (const absl::Status read = ReadSources(values, names, skipped, analysis, context);
      !read.ok()) {
    return read;
  }
  analysis.Finish();
  const GraphReport report(analysis, names, skipped,
                           ClassKeyFromString(values.class_by).value_or(ClassKey::kCanonical),
                           values.rare_share);
  WriteGraphNotes(report, context.err);
  if (!values.dot.empty() || !values.svg.empty()) {
    const absl::Status drawn = WriteDrawing(values, report, context.out);
    if (!drawn.ok()) return drawn;
    return ExitCode::kSuccess;
  }
  WriteReport(values, report, context);
  if (report.traces > 0) return ExitCode::kSuccess;
  context.err << "no whole trace in what was read\n";
  return ExitCode::kInsufficientData;
}

}  // namespace

CommandAction DeclareGraph(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  DeclareSpanFiles(arguments, &values->spans, false);
  DeclareLiveSpans(arguments, &values->live);
  arguments.OptionList("argument", &values->arguments,
                       "an attribute of JSON or OTLP that is an argument of the request, and the "
                       "bounds of its classes, such as seats=2,5",
                       "ATTRIBUTE=BOUNDS");
  arguments.Choice("class-by", &values->class_by, {"adjacency", "multiplicity", "canonical"},
                   "what traces of one class have in common");
  arguments.Option("rare", &values->rare_share, {.min = 0, .max = 1},
                   "count classes with a smaller share as the frequent one most like them");
  arguments.Option("window", &values->window,
                   {.min = Duration(0), .max = std::chrono::hours(100'000)},
                   "shares of the classes in each window of this length; 0: none");
  arguments.Option("dot", &values->dot,
                   "print a class for Graphviz; 1 is the most frequent one, or 4 digits of an id",
                   "CLASS");
  arguments.Option("svg", &values->svg, "print a class as a drawing", "CLASS");
  arguments.Choice("rows", &values->rows,
                   {"operations", "classes", "windows", "arguments", "microservices", "pairs"},
                   "what -o csv prints");
  arguments.Option("top", &values->top, {.min = 1, .max = 1'000'000},
                   "rows of each table of -o table");
  arguments.Output(&values->output);
  return [values](Context& context) { return RunGraph(*values, context); };
}

}  // namespace trimtab
