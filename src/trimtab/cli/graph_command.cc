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
#include "trimtab/tracing/span_reader.h"

namespace trimtab {
namespace {

struct Values {
  std::vector<std::string> files;
  std::string class_by = "canonical";
  std::string format = "auto";
  std::string dot;
  std::string svg;
  std::string rows = "classes";
  std::int64_t top = 20;
  OutputFormat output = OutputFormat::kTable;
};

// A file whose reading moves a progress bar and ends when the user wants it to.
class WatchedFile : public InputFile {
 public:
  WatchedFile(std::unique_ptr<InputFile> file, Context& context)
      : InputFile(file->path()), file_(std::move(file)), context_(context) {
    if (const auto size = file_->size(); size && *size > 0) {
      bar_.emplace(context.progress.Start(path(), static_cast<std::int64_t>(*size)));
    }
  }
  std::uint64_t position() const override { return file_->position(); }
  std::optional<std::uint64_t> size() const override { return file_->size(); }

 protected:
  absl::StatusOr<std::size_t> ReadNext(char* to, std::size_t size) override {
    if (context_.stop) return absl::CancelledError(fmt::format("reading '{}'", path()));
    if (bar_) bar_->Set(static_cast<std::int64_t>(file_->position()));
    return file_->Read(to, size);
  }

 private:
  std::unique_ptr<InputFile> file_;
  Context& context_;
  std::optional<Progress::Bar> bar_;
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

absl::Status ReadFiles(const Values& values, NameTable& names, SkipLog& skipped,
                       TraceAnalysis& analysis, Context& context) {
  const SpanFormat format = SpanFormatFromString(values.format).value_or(SpanFormat::kAuto);
  for (const std::string& path : values.files) {
    absl::StatusOr<std::unique_ptr<InputFile>> file = InputFile::Open(path);
    if (!file.ok()) return file.status();
    WatchedFile watched(*std::move(file), context);
    ReadCounts counts;
    const absl::Status read =
        ReadSpans(watched, format, {.names = names, .skipped = skipped, .sink = analysis}, counts);
    if (!read.ok()) return read;
  }
  analysis.Finish();
  return absl::OkStatus();
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
      } else {
        ClassTable(report).WriteCsv(context.out);
      }
  }
}

absl::StatusOr<ExitCode> RunGraph(const Values& values, Context& context) {
  if (!values.dot.empty() && !values.svg.empty()) {
    return absl::InvalidArgumentError("--dot and --svg exclude one another");
  }
  NameTable names;
  SkipLog skipped;
  TraceAnalysis analysis(names);
  if (const absl::Status read = ReadFiles(values, names, skipped, analysis, context); !read.ok()) {
    return read;
  }
  const GraphReport report(analysis, skipped,
                           ClassKeyFromString(values.class_by).value_or(ClassKey::kCanonical));
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
  arguments.PositionalList("file", &values->files,
                           "span files: CSV, Jaeger JSON or Alibaba MSCallGraph, plain or gzip");
  arguments.Choice("class-by", &values->class_by, {"adjacency", "multiplicity", "canonical"},
                   "what traces of one class have in common");
  arguments.Choice("format", &values->format, {"auto", "csv", "jaeger", "alibaba"},
                   "format of the files; auto looks at each");
  arguments.Option("dot", &values->dot,
                   "print a class for Graphviz; 1 is the most frequent one, or 4 digits of an id",
                   "CLASS");
  arguments.Option("svg", &values->svg, "print a class as a drawing", "CLASS");
  arguments.Choice("rows", &values->rows, {"operations", "classes", "microservices", "pairs"},
                   "what -o csv prints");
  arguments.Option("top", &values->top, {.min = 1, .max = 1'000'000},
                   "rows of each table of -o table");
  arguments.Output(&values->output);
  return [values](Context& context) { return RunGraph(*values, context); };
}

}  // namespace trimtab
