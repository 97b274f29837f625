#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/calibration/fault_list.h"
#include "trimtab/calibration/hold_out.h"
#include "trimtab/calibration/run_samples.h"
#include "trimtab/calibration/scenario_check.h"
#include "trimtab/calibration/scenario_from_spans.h"
#include "trimtab/cli/calibrate.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/output.h"
#include "trimtab/cli/scenarios.h"
#include "trimtab/profile/atomic_file.h"
#include "trimtab/scenario/scenario.h"
#include "trimtab/tracing/call_tree_inference.h"
#include "trimtab/tracing/span_reader.h"
#include "trimtab/tracing/trace_assembler.h"
#include "trimtab/workload/recording.h"

namespace trimtab {
namespace {

// Spans of files: all traces settle when everything is read.
class FileSpans : public SpanSink, private TraceSink {
 public:
  FileSpans(const NameTable& names, RunCollector& collector, Context& context)
      : names_(names),
        collector_(collector),
        trees_(names),
        assembler_({.memory_bound = Mebibytes(256)}, *this),
        context_(context) {}
  void Accept(std::span<const TracedSpan> batch) override {
    if (!context_.stop) assembler_.Add(batch, Instant());
  }
  void Finish() { assembler_.Flush(); }
  const CallTreeInference& trees() const { return trees_; }

 private:
  void AcceptTrace(const TraceId& trace, std::span<const SpanRecord> spans) override {
    collector_.AcceptTrace(trace, spans);
    if (const TraceVisits* visits = visits_.Build(spans, names_); visits != nullptr) {
      trees_.Add(*visits);
    }
  }

  const NameTable& names_;
  RunCollector& collector_;
  VisitBuilder visits_;
  CallTreeInference trees_;
  TraceAssembler assembler_;
  Context& context_;
};

absl::Status ReadFiles(const CalibrateValues& values, NameTable& names, FileSpans& sink,
                       Context& context) {
  SkipLog skipped;
  for (const std::string& path : values.files) {
    const auto file = InputFile::Open(path);
    if (!file.ok()) return file.status();
    ReadCounts counts;
    const absl::Status read = ReadSpans(**file, SpanFormat::kAuto,
                                        {.names = names, .skipped = skipped, .sink = sink}, counts);
    if (!read.ok()) return read;
    if (context.stop) return absl::CancelledError(fmt::format("reading '{}'", path));
  }
  sink.Finish();
  for (const SkipLog::Example& row : skipped.examples()) {
    context.err << fmt::format("{}:{}: {}\n", row.file, row.row, row.reason);
  }
  if (skipped.total() > 0) context.err << fmt::format("{} rows skipped\n", skipped.total());
  return absl::OkStatus();
}

// Milliseconds to seconds; missing stays missing.
Table::Cell Seconds(double milliseconds) { return milliseconds * 1e-3; }
Table::Cell ErrorOf(const std::optional<Comparison>& comparison) {
  if (!comparison) return {};
  return comparison->error();
}

Table HoldOutTable(const HoldOut& hold_out) {
  const auto milliseconds = [](const char* key, const char* header) {
    return Table::Column{.key = key, .header = header, .scale = 1000, .decimals = 2};
  };
  const auto percent = [](const char* key, const char* header) {
    return Table::Column{.key = key, .header = header, .scale = 100, .decimals = 1};
  };
  Table table({{.key = "microservice", .header = "MICROSERVICE"},
               {.key = "run", .header = "RUN"},
               {.key = "requestsPerSecond", .header = "REQ/S", .decimals = 1},
               milliseconds("p50Seconds", "P50 ms"),
               milliseconds("predictedP50Seconds", "PREDICTED"),
               percent("p50Error", "ERROR %"),
               milliseconds("p95Seconds", "P95 ms"),
               milliseconds("predictedP95Seconds", "PREDICTED"),
               percent("p95Error", "ERROR %"),
               percent("fastP50Error", "FAST P50 %"),
               percent("fastP95Error", "FAST P95 %"),
               percent("slowP50Error", "SLOW P50 %"),
               percent("slowP95Error", "SLOW P95 %")});
  for (const HoldOutRow& row : hold_out.rows) {
    table.AddRow({row.microservice, static_cast<std::int64_t>(row.run + 1), row.rate,
                  Seconds(row.p50.measured), Seconds(row.p50.predicted), row.p50.error(),
                  Seconds(row.p95.measured), Seconds(row.p95.predicted), row.p95.error(),
                  ErrorOf(row.fast_p50), ErrorOf(row.fast_p95), ErrorOf(row.slow_p50),
                  ErrorOf(row.slow_p95)});
  }
  return table;
}

Table FloorTable(const HoldOut& hold_out) {
  Table table({{.key = "microservice", .header = "MICROSERVICE"},
               {.key = "run", .header = "RUN"},
               {.key = "otherRun", .header = "AT THE SAME RATE"},
               {.key = "p50Difference", .header = "P50 %", .scale = 100, .decimals = 1},
               {.key = "p95Difference", .header = "P95 %", .scale = 100, .decimals = 1}});
  for (const FloorRow& row : hold_out.floor) {
    table.AddRow({row.microservice, static_cast<std::int64_t>(row.run + 1),
                  static_cast<std::int64_t>(row.other_run + 1), row.p50, row.p95});
  }
  return table;
}

void AddLaw(const std::string& name, const std::string& mode, double share, const LatencyMode& law,
            Table& table) {
  table.AddRow({name, mode, share, Seconds(law.shift), Seconds(law.mean), law.cv, law.per_rate});
}

Table LawTable(const std::map<std::string, LatencyLaw>& laws) {
  Table table({{.key = "microservice", .header = "MICROSERVICE"},
               {.key = "mode", .header = "MODE"},
               {.key = "share", .header = "SHARE", .decimals = 3},
               {.key = "shiftSeconds", .header = "SHIFT us", .scale = 1e6, .decimals = 1},
               {.key = "meanSeconds", .header = "MEAN us", .scale = 1e6, .decimals = 1},
               {.key = "cv", .header = "CV", .decimals = 3},
               {.key = "growthPerRequestPerSecond", .header = "GROWTH per req/s", .decimals = 5}});
  for (const auto& [name, law] : laws) {
    if (law.fast) AddLaw(name, "fast", law.fast_share, *law.fast, table);
    AddLaw(name, law.fast ? "slow" : "all", 1 - law.fast_share, law.slow, table);
  }
  return table;
}

absl::StatusOr<std::vector<ScenarioCheckRow>> Check(const CalibrateValues& values,
                                                    const std::map<std::string, LatencyLaw>& laws,
                                                    const RecordedRun* not_fitted) {
  if (values.scenario.empty()) return std::vector<ScenarioCheckRow>();
  const auto path = FindScenario(values.scenario);
  if (!path.ok()) return path.status();
  const auto scenario = LoadScenario(*path);
  if (!scenario.ok()) return scenario.status();
  return CheckScenario(*scenario, laws, not_fitted,
                       values.operation == "all" ? "" : values.operation, values.seed);
}

Table CheckTable(const std::vector<ScenarioCheckRow>& rows) {
  Table table({{.key = "microservice", .header = "MICROSERVICE"},
               {.key = "lawP50Seconds", .header = "WANTED P50 ms", .scale = 1000, .decimals = 2},
               {.key = "simulatedP50Seconds", .header = "SIMULATED", .scale = 1000, .decimals = 2},
               {.key = "p50Error", .header = "ERROR %", .scale = 100, .decimals = 1},
               {.key = "lawP95Seconds", .header = "WANTED P95 ms", .scale = 1000, .decimals = 2},
               {.key = "simulatedP95Seconds", .header = "SIMULATED", .scale = 1000, .decimals = 2},
               {.key = "p95Error", .header = "ERROR %", .scale = 100, .decimals = 1}});
  for (const ScenarioCheckRow& row : rows) {
    table.AddRow({row.microservice, Seconds(row.p50.measured), Seconds(row.p50.predicted),
                  row.p50.error(), Seconds(row.p95.measured), Seconds(row.p95.predicted),
                  row.p95.error()});
  }
  return table;
}

}  // namespace

absl::StatusOr<ExitCode> CalibrateSpans(const CalibrateValues& values, Context& context) {
  NameTable names;
  RunCollector::Options options;
  options.sampling = values.sampling;
  options.pools = static_cast<int>(values.pools);
  if (!values.faults.empty()) {
    const auto text = ReadRecordingFile(values.faults);
    if (!text.ok()) return text.status();
    auto faults = ParseFaultList(*text, values.faults);
    if (!faults.ok()) return faults.status();
    options.faults = *std::move(faults);
  }
  RunCollector collector(names, options);
  FileSpans spans(names, collector, context);
  if (const absl::Status read = ReadFiles(values, names, spans, context); !read.ok()) {
    return read;
  }
  const auto runs = collector.Runs();
  if (!runs.ok()) return runs.status();
  std::vector<RecordedRun> fitted = *runs;
  std::optional<RecordedRun> not_fitted;
  if (values.pools > 1 && fitted.size() > 1) {
    not_fitted = std::move(fitted.back());
    fitted.pop_back();
  }
  std::map<std::string, LatencyLaw> laws;
  for (const RecordedRun& run : fitted) {
    for (const auto& [name, unused] : run.own_latency) {
      if (laws.contains(name)) continue;
      const auto law = LawOf(fitted, name);
      if (law.ok()) {
        laws.emplace(name, *law);
      } else {
        context.err << std::string(law.status().message()) << "; left out\n";
      }
    }
  }
  if (!values.out.empty()) {
    const auto scenario =
        ScenarioFromSpans(values.name, spans.trees().Classes(ClassKey::kCanonical), laws, *runs);
    if (!scenario.ok()) return scenario.status();
    const absl::Status written = ReplaceFile(values.out, WriteScenario(*scenario));
    if (!written.ok()) return written;
    context.err << fmt::format("wrote {}\n", values.out);
  }
  const auto check = Check(values, laws, not_fitted ? &*not_fitted : nullptr);
  if (!check.ok()) return check.status();
  const auto hold_out = LeaveEachRunOut(*runs);
  const Table law_table = LawTable(laws);
  if (values.output == OutputFormat::kJson) {
    nlohmann::ordered_json document;
    document["laws"] = law_table.ToJson();
    if (!check->empty()) document["scenario"] = CheckTable(*check).ToJson();
    if (hold_out.ok()) {
      document["medianAbsoluteError"] = hold_out->median_absolute_error;
      document["leftOut"] = HoldOutTable(*hold_out).ToJson();
      document["floor"] = FloorTable(*hold_out).ToJson();
    }
    WriteJson(document, context.out);
    return ExitCode::kSuccess;
  }
  if (values.output == OutputFormat::kTable) context.out << "Own latency at an idle machine\n";
  law_table.Write(values.output, context.color, context.out);
  if (values.output == OutputFormat::kTable && !check->empty()) {
    context.out << (not_fitted
                        ? "\nThe scenario on the simulated cluster against the run not fitted\n"
                        : "\nThe scenario on the simulated cluster against the laws\n");
    CheckTable(*check).WriteText(context.out, context.color);
  }
  if (!hold_out.ok()) {
    context.err << std::string(hold_out.status().message()) << '\n';
    return ExitCode::kSuccess;
  }
  if (values.output == OutputFormat::kTable) {
    context.out << "\nEach run left out and predicted from the others\n";
    HoldOutTable(*hold_out).WriteText(context.out, context.color);
    context.out << fmt::format("median absolute error {:.1f} %\n",
                               100 * hold_out->median_absolute_error);
    context.out << "\nTwo runs at one rate differ by\n";
    FloorTable(*hold_out).WriteText(context.out, context.color);
  }
  return ExitCode::kSuccess;
}

}  // namespace trimtab
