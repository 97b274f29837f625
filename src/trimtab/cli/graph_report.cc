#include "trimtab/cli/graph_report.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

#include "trimtab/callgraph/class_clusters.h"
#include "trimtab/callgraph/tree_json.h"
#include "trimtab/tracing/entry_operations.h"

namespace trimtab {
namespace {

constexpr double kToMilliseconds = 1e3;
constexpr double kToPercent = 100;

// In seconds; missing when nothing was counted.
std::optional<double> SecondsAt(const LogHistogram& nanoseconds, Quantile q) {
  if (nanoseconds.total() == 0) return std::nullopt;
  return nanoseconds.ValueAt(q) * 1e-9;
}

nlohmann::ordered_json QuantilesToJson(const LogHistogram& nanoseconds) {
  const auto value = [&nanoseconds](Quantile q) -> nlohmann::ordered_json {
    const std::optional<double> seconds = SecondsAt(nanoseconds, q);
    return seconds ? nlohmann::ordered_json(*seconds) : nlohmann::ordered_json();
  };
  return {{"p50", value(kP50)}, {"p95", value(kP95)}, {"p99", value(kP99)}};
}

Table::Column Count(std::string key, std::string header) {
  return {.key = std::move(key), .header = std::move(header)};
}
Table::Column Percent(std::string key, std::string header) {
  return {.key = std::move(key), .header = std::move(header), .scale = kToPercent, .decimals = 2};
}
Table::Column Milliseconds(std::string key, std::string header) {
  return {
      .key = std::move(key), .header = std::move(header), .scale = kToMilliseconds, .decimals = 3};
}

// A sibling pair of all classes together.
struct PairOfAll {
  std::uint64_t count = 0;
  std::uint64_t parallel = 0;
  std::uint64_t decided_parallel = 0;  // pairs in classes where it was decided to be parallel
};
using PairName = std::tuple<std::string, std::string, std::string>;

std::vector<std::pair<PairName, PairOfAll>> PairsOfAll(const GraphReport& report) {
  std::map<PairName, PairOfAll> pairs;
  for (const InferredClass& of : report.classes) {
    for (const SiblingPair& pair : of.pairs) {
      PairOfAll& all = pairs[{pair.caller, pair.first, pair.second}];
      all.count += pair.count;
      all.parallel += pair.parallel;
      all.decided_parallel += pair.is_parallel ? pair.count : 0;
    }
  }
  std::vector<std::pair<PairName, PairOfAll>> sorted(pairs.begin(), pairs.end());
  std::ranges::stable_sort(sorted, std::greater(),
                           [](const auto& pair) { return pair.second.count; });
  return sorted;
}

template <class T>
std::span<const T> FirstOf(const std::vector<T>& all, std::size_t most) {
  return std::span(all).first(std::min(all.size(), most));
}

// Cut between characters of UTF-8, with dots.
std::string Shortened(std::string text, std::size_t longest) {
  if (text.size() <= longest) return text;
  while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xc0) == 0x80) --longest;
  return text.substr(0, longest) + "...";
}

// One line of a series-parallel tree: a(b, {c | d x2}).
std::string TreeText(const CallTree& tree) {
  std::string text =
      tree.calls == 1 ? tree.microservice : fmt::format("{} x{}", tree.microservice, tree.calls);
  if (tree.steps.empty()) return text;
  text += '(';
  bool is_first_step = true;
  for (const TreeStep& step : tree.steps) {
    if (!std::exchange(is_first_step, false)) text += ", ";
    if (step.parallel) text += '{';
    bool is_first_branch = true;
    for (const CallTree& branch : step.branches) {
      if (!std::exchange(is_first_branch, false)) text += " | ";
      text += TreeText(branch);
    }
    if (step.parallel) text += '}';
  }
  return text + ')';
}

nlohmann::ordered_json ClassToJson(const GraphReport& report, const InferredClass& of) {
  auto pairs = nlohmann::ordered_json::array();
  for (const SiblingPair& pair : of.pairs) {
    pairs.push_back({{"caller", pair.caller},
                     {"first", pair.first},
                     {"second", pair.second},
                     {"count", pair.count},
                     {"parallelShare", pair.parallel_share()},
                     {"parallel", pair.is_parallel}});
  }
  return {{"id", of.id.ToString()},
          {"share", report.ShareOf(of.traces)},
          {"traces", of.traces},
          {"calls", TotalCalls(of.tree)},
          {"depth", Depth(of.tree)},
          {"tree", TreeToJson(of.tree)},
          {"siblingPairs", std::move(pairs)}};
}

nlohmann::ordered_json CountsToJson(const GraphReport& report) {
  const VisitCounts& visits = report.visits;
  return {{"tracesWithSeveralRoots", visits.several_roots},
          {"tracesWithoutRoot", visits.without_root},
          {"tracesTooDeep", visits.too_deep},
          {"tracesClosedEarly", report.assembled.closed_early},
          {"tracesUnclassified", report.unclassified_traces},
          {"spansLate", report.assembled.late_spans},
          {"spansExcess", report.assembled.excess_spans},
          {"spansDuplicate", visits.duplicate_spans},
          {"parentsMissing", visits.missing_parents},
          {"calls", visits.calls},
          {"callsAtClientSpan", visits.calls_at_client},
          {"callsOutlivingCaller", visits.calls_outliving},
          {"callsBeforeCaller", visits.calls_before_caller},
          {"callsAsynchronous", visits.calls_asynchronous}};
}

void WriteSection(std::string_view title, std::size_t rows, std::size_t most_rows,
                  const Table& table, bool color, std::ostream& out) {
  fmt::print(out, "\n{}{} ({}){}\n", color ? "\033[1m" : "", title, rows, color ? "\033[0m" : "");
  table.WriteText(out, color);
  if (rows > most_rows) fmt::print(out, "... {} more: --top {}\n", rows - most_rows, rows);
}

}  // namespace

namespace {

// Rare classes out of `classes`, their traces added to those that they are counted as.
ClassClusters MergeRare(double rare_share, GraphReport& report) {
  std::vector<WeightedClass> weighted;
  for (const InferredClass& of : report.classes) weighted.push_back({of.id, of.traces, of.tree});
  ClassClusters clusters(std::move(weighted), {.rare_share = rare_share});
  report.rare_classes = report.classes.size() - clusters.frequent().size();
  report.other_traces = clusters.other_traces();
  std::erase_if(report.classes,
                [&](const InferredClass& of) { return clusters.TracesOf(of.id) == 0; });
  for (InferredClass& of : report.classes) of.traces = clusters.TracesOf(of.id);
  return clusters;
}

void AddWindows(const TraceAnalysis& analysis, const NameTable& names, ClassKey key,
                const ClassClusters& clusters, GraphReport& report) {
  std::map<ClassId, std::size_t> place;
  for (std::size_t i = 0; i < report.classes.size(); ++i) place[report.classes[i].id] = i;
  const std::vector<ClassId> class_of = analysis.trees().ClassOfTrees(key);
  report.window = analysis.class_windows().window();
  for (const auto& [start, count] : analysis.class_windows().counts()) {
    GraphReport::Window& window = report.windows.emplace_back();
    window.start = start;
    window.traces = count.traces;
    window.by_class.resize(report.classes.size());
    for (const auto& [tree, traces] : count.by_tree) {
      const std::optional<ClassId> cluster = clusters.ClusterOf(class_of[tree]);
      (cluster ? window.by_class[place.at(*cluster)] : window.other) += traces;
    }
    for (const auto& [arguments, traces] : count.by_arguments) {
      if (arguments != 0) window.by_arguments[names.ArgumentClasses(arguments)] += traces;
    }
  }
}

double Share(std::uint64_t part, std::uint64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

nlohmann::ordered_json WindowsToJson(const GraphReport& report) {
  auto windows = nlohmann::ordered_json::array();
  for (const GraphReport::Window& of : report.windows) {
    auto shares = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < of.by_class.size(); ++i) {
      if (of.by_class[i] == 0) continue;
      shares[report.classes[i].id.ToString()] = Share(of.by_class[i], of.traces);
    }
    auto arguments = nlohmann::ordered_json::object();
    for (const auto& [name, traces] : of.by_arguments) arguments[name] = Share(traces, of.traces);
    windows.push_back({{"startSeconds", InSeconds(of.start.time_since_epoch())},
                       {"traces", of.traces},
                       {"classShares", std::move(shares)},
                       {"otherShare", Share(of.other, of.traces)},
                       {"argumentShares", std::move(arguments)}});
  }
  return windows;
}

}  // namespace

GraphReport::GraphReport(const TraceAnalysis& analysis, const NameTable& names, SkipLog skip_log,
                         ClassKey key, double rare_share)
    : traces(analysis.visit_counts().whole_traces),
      spans(analysis.spans()),
      sibling_pairs(analysis.trees().sibling_pairs()),
      parallel_pairs(analysis.trees().parallel_pairs()),
      unclassified_traces(analysis.trees().unclassified_traces()),
      end_to_end(analysis.end_to_end()),
      operations(analysis.operations()),
      classes(analysis.trees().Classes(key)),
      microservices(analysis.microservices()),
      assembled(analysis.assembler_counts()),
      visits(analysis.visit_counts()),
      skipped(std::move(skip_log)) {
  AddWindows(analysis, names, key, MergeRare(rare_share, *this), *this);
}

Table OperationTable(const GraphReport& report, std::size_t most_rows) {
  Table table({{.key = "microservice", .header = "ENTRY"},
               {.key = "operation", .header = "OPERATION"},
               Percent("share", "SHARE %"),
               Count("traces", "TRACES"),
               Milliseconds("p50Seconds", "P50 ms"),
               Milliseconds("p95Seconds", "P95 ms"),
               Milliseconds("p99Seconds", "P99 ms")});
  for (const EntryOperation& operation : FirstOf(report.operations, most_rows)) {
    table.AddRow({operation.microservice, operation.operation, report.ShareOf(operation.traces),
                  static_cast<std::int64_t>(operation.traces),
                  CellOf(SecondsAt(operation.end_to_end, kP50)),
                  CellOf(SecondsAt(operation.end_to_end, kP95)),
                  CellOf(SecondsAt(operation.end_to_end, kP99))});
  }
  return table;
}

Table ClassTable(const GraphReport& report, std::size_t most_rows, std::size_t longest_tree) {
  Table table({{.key = "id", .header = "CLASS"},
               Percent("share", "SHARE %"),
               Count("traces", "TRACES"),
               Count("calls", "CALLS"),
               Count("depth", "DEPTH"),
               {.key = "tree", .header = "TREE"}});
  for (const InferredClass& of : FirstOf(report.classes, most_rows)) {
    table.AddRow({of.id.ToString(), report.ShareOf(of.traces), static_cast<std::int64_t>(of.traces),
                  TotalCalls(of.tree), std::int64_t{Depth(of.tree)},
                  Shortened(TreeText(of.tree), longest_tree)});
  }
  return table;
}

Table WindowTable(const GraphReport& report, std::size_t most_rows) {
  Table table({{.key = "startSeconds", .header = "WINDOW s", .decimals = 0},
               {.key = "id", .header = "CLASS"},
               Percent("share", "SHARE %"),
               Count("traces", "TRACES")});
  std::size_t rows = 0;
  for (const GraphReport::Window& of : report.windows) {
    const auto add = [&](std::string id, std::uint64_t traces) {
      if (traces == 0 || rows++ >= most_rows) return;
      table.AddRow({InSeconds(of.start.time_since_epoch()), std::move(id), Share(traces, of.traces),
                    static_cast<std::int64_t>(traces)});
    };
    for (std::size_t i = 0; i < of.by_class.size(); ++i) {
      add(report.classes[i].id.ToString(), of.by_class[i]);
    }
    add("other", of.other);
  }
  return table;
}

Table ArgumentTable(const GraphReport& report, std::size_t most_rows) {
  Table table({{.key = "argumentClasses", .header = "ARGUMENT CLASSES"},
               Percent("share", "SHARE %"),
               Count("traces", "TRACES")});
  std::map<std::string, std::uint64_t> all;
  for (const GraphReport::Window& of : report.windows) {
    for (const auto& [name, traces] : of.by_arguments) all[name] += traces;
  }
  std::size_t rows = 0;
  for (const auto& [name, traces] : all) {
    if (rows++ >= most_rows) break;
    table.AddRow({name, report.ShareOf(traces), static_cast<std::int64_t>(traces)});
  }
  return table;
}

Table MicroserviceTable(const GraphReport& report, std::size_t most_rows) {
  Table table({{.key = "name", .header = "MICROSERVICE"},
               Count("spans", "SPANS"),
               Count("visits", "VISITS"),
               Milliseconds("ownLatencyP50Seconds", "OWN P50 ms"),
               Milliseconds("ownLatencyP95Seconds", "P95 ms"),
               Milliseconds("ownLatencyP99Seconds", "P99 ms"),
               Milliseconds("p95MeanOverPodsSeconds", "P95 OVER PODS ms")});
  for (const MicroserviceLatency& of : FirstOf(report.microservices, most_rows)) {
    table.AddRow({of.name, static_cast<std::int64_t>(of.spans),
                  static_cast<std::int64_t>(of.visits), CellOf(SecondsAt(of.own_latency, kP50)),
                  CellOf(SecondsAt(of.own_latency, kP95)), CellOf(SecondsAt(of.own_latency, kP99)),
                  InSeconds(of.p95_mean_over_pods)});
  }
  return table;
}

Table SiblingTable(const GraphReport& report, std::size_t most_rows) {
  Table table({{.key = "caller", .header = "CALLER"},
               {.key = "first", .header = "FIRST"},
               {.key = "second", .header = "SECOND"},
               Count("pairs", "PAIRS"),
               Count("parallelPairs", "PARALLEL"),
               Percent("parallelShare", "PARALLEL %"),
               Percent("decidedParallelShare", "DECIDED %")});
  const auto pairs = PairsOfAll(report);
  for (const auto& [name, pair] : FirstOf(pairs, most_rows)) {
    const auto count = static_cast<double>(pair.count);
    table.AddRow({std::get<0>(name), std::get<1>(name), std::get<2>(name),
                  static_cast<std::int64_t>(pair.count), static_cast<std::int64_t>(pair.parallel),
                  static_cast<double>(pair.parallel) / count,
                  static_cast<double>(pair.decided_parallel) / count});
  }
  return table;
}

nlohmann::ordered_json GraphToJson(const GraphReport& report) {
  nlohmann::ordered_json json{
      {"traces", report.traces},
      {"spans", report.spans},
      {"skippedRows", report.skipped.total()},
      {"parallelSiblingShare", report.sibling_pairs == 0
                                   ? 0.0
                                   : static_cast<double>(report.parallel_pairs) /
                                         static_cast<double>(report.sibling_pairs)},
      {"siblingPairs", report.sibling_pairs},
      {"parallelSiblingPairs", report.parallel_pairs}};
  auto& classes = json["classes"] = nlohmann::ordered_json::array();
  for (const InferredClass& of : report.classes) classes.push_back(ClassToJson(report, of));
  auto& operations = json["operations"] = nlohmann::ordered_json::array();
  for (const EntryOperation& operation : report.operations) {
    operations.push_back({{"microservice", operation.microservice},
                          {"operation", operation.operation},
                          {"share", report.ShareOf(operation.traces)},
                          {"traces", operation.traces},
                          {"endToEndSeconds", QuantilesToJson(operation.end_to_end)}});
  }
  json["entryRule"] = kEntryRule;
  json["rareClasses"] = report.rare_classes;
  json["otherTraces"] = report.other_traces;
  json["windowSeconds"] = InSeconds(report.window);
  json["windows"] = WindowsToJson(report);
  auto& microservices = json["microservices"] = nlohmann::ordered_json::array();
  for (const MicroserviceLatency& of : report.microservices) {
    microservices.push_back({{"name", of.name},
                             {"spans", of.spans},
                             {"visits", of.visits},
                             {"ownLatencySeconds", QuantilesToJson(of.own_latency)},
                             {"p95MeanOverPodsSeconds", InSeconds(of.p95_mean_over_pods)}});
  }
  json["endToEndSeconds"] = QuantilesToJson(report.end_to_end);
  json["counts"] = CountsToJson(report);
  auto& reasons = json["skippedByReason"] = nlohmann::ordered_json::object();
  for (const auto& [reason, count] : report.skipped.by_reason()) reasons[reason] = count;
  return json;
}

void WriteGraphText(const GraphReport& report, std::size_t most_rows, bool color,
                    std::ostream& out) {
  fmt::print(out, "{} traces, {} spans, {} skipped rows, {} of {} sibling pairs parallel\n",
             report.traces, report.spans, report.skipped.total(), report.parallel_pairs,
             report.sibling_pairs);
  const std::optional<double> p95 = SecondsAt(report.end_to_end, kP95);
  if (p95) {
    fmt::print(out, "end to end: P50 {:.3f} ms, P95 {:.3f} ms, P99 {:.3f} ms\n",
               *SecondsAt(report.end_to_end, kP50) * kToMilliseconds, *p95 * kToMilliseconds,
               *SecondsAt(report.end_to_end, kP99) * kToMilliseconds);
  }
  constexpr std::size_t kLongestTree = 100;
  WriteSection("Operations", report.operations.size(), most_rows, OperationTable(report, most_rows),
               color, out);
  fmt::print(out, "{}\n", kEntryRule);
  WriteSection("Classes", report.classes.size(), most_rows,
               ClassTable(report, most_rows, kLongestTree), color, out);
  if (report.rare_classes > 0) {
    fmt::print(out, "{} rare classes are counted as those most like them, {} traces as none\n",
               report.rare_classes, report.other_traces);
  }
  if (report.window > Duration(0)) {
    WriteSection("Shares per window", WindowTable(report).row_count(), most_rows,
                 WindowTable(report, most_rows), color, out);
  }
  if (const Table arguments = ArgumentTable(report); arguments.row_count() > 0) {
    WriteSection("Argument classes", arguments.row_count(), most_rows,
                 ArgumentTable(report, most_rows), color, out);
  }
  WriteSection("Microservices", report.microservices.size(), most_rows,
               MicroserviceTable(report, most_rows), color, out);
  WriteSection("Sibling pairs", PairsOfAll(report).size(), most_rows,
               SiblingTable(report, most_rows), color, out);
}

void WriteGraphNotes(const GraphReport& report, std::ostream& err) {
  for (const SkipLog::Example& example : report.skipped.examples()) {
    fmt::print(err, "{}: row {}: {}\n", example.file, example.row, example.reason);
  }
  for (const auto& [reason, count] : report.skipped.by_reason()) {
    fmt::print(err, "skipped {}: {}\n", count, reason);
  }
  const VisitCounts& visits = report.visits;
  const std::pair<std::uint64_t, std::string_view> counts[] = {
      {visits.several_roots, "traces left out: several roots (spans are missing)"},
      {visits.without_root, "traces left out: parents form a circle"},
      {visits.too_deep, "traces left out: too many visits above one another"},
      {report.unclassified_traces, "traces without class: too many different trees"},
      {report.assembled.closed_early, "traces closed early for the memory bound"},
      {report.assembled.late_spans, "spans dropped: their trace was closed before"},
      {report.assembled.excess_spans, "spans dropped: their trace alone fills the memory bound"},
      {visits.duplicate_spans, "duplicate spans dropped"},
      {visits.missing_parents, "entries whose parent is missing"},
      {visits.calls_outliving, "calls that outlive their caller, clipped"},
      {visits.calls_before_caller, "calls that start before their caller (clock skew), put right"},
      {visits.calls_asynchronous, "asynchronous calls, not subtracted"}};
  for (const auto& [count, what] : counts) {
    if (count > 0) fmt::print(err, "{} {}\n", count, what);
  }
}

}  // namespace trimtab
