#include "demo/demo_report.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <string_view>

#include "trimtab/quantity/text.h"

namespace trimtab::demo {
namespace {

constexpr std::string_view kLine = "{:>5}  {:>7}  {:>9}  {:>9}  {:>8}  {:>7}  {:>9}  {}\n";

std::string ReplicasText(const Sight& sight) {
  return sight.ready == sight.replicas ? fmt::format("{}", sight.replicas)
                                       : fmt::format("{} of {}", sight.ready, sight.replicas);
}

// In cores, to a tenth.
std::string CoresText(Millicores cpu) {
  return fmt::format("{:.1f}", static_cast<double>(cpu.value()) / 1000);
}

// "111 ms" of "111ms100us".
std::string TailText(const std::optional<std::string>& tail) {
  if (!tail) return "-";
  const auto time = ParseDuration(*tail);
  return time.ok()
             ? fmt::format("{:.0f} ms", std::chrono::duration<double, std::milli>(*time).count())
             : *tail;
}

// The first change of several, and how many more there are: "a 1 x .. -> 2 x .., b .., and 8 more".
std::string Shortened(const std::string& decision) {
  const std::size_t first = decision.find(", ");
  if (first == std::string::npos) return decision;
  int more = 0;
  for (std::size_t at = first; at != std::string::npos; at = decision.find(", ", at + 1)) {
    int unnamed = 0;
    // The last of them may stand for several.
    ++more;
    if (std::sscanf(decision.c_str() + at, ", and %d more", &unnamed) == 1) more += unnamed - 1;
  }
  return fmt::format("{}, and {} more", decision.substr(0, first), more);
}

void PrintResources(std::string_view when, const Sight& sight, std::ostream& out) {
  out << fmt::format("  {:<24} {} replicas, {} cores, {}\n", when, sight.replicas,
                     CoresText(sight.cpu), FormatMemory(sight.memory));
}

// The last sight before `at`; REQUIRES: there is a sight.
const Sight& LastBefore(const std::vector<Sight>& sights, std::chrono::seconds at) {
  const Sight* last = &sights.front();
  for (const Sight& sight : sights) {
    if (sight.at < at) last = &sight;
  }
  return *last;
}

}  // namespace

std::string ClockText(std::chrono::seconds time) {
  return fmt::format("{}:{:02}", time.count() / 60, time.count() % 60);
}

void PrintTimelineHeader(std::ostream& out) {
  out << fmt::format(kLine, "time", "load/s", "P95", "predicted", "replicas", "cores", "memory",
                     "decision");
}

void PrintTimelineLine(const Sight& sight, const std::string& shown_decision, std::ostream& out) {
  std::string said = Shortened(shown_decision);
  if (!sight.condition.empty()) {
    said = said.empty() ? sight.condition : fmt::format("{} ({})", said, sight.condition);
  }
  out << fmt::format(kLine, ClockText(sight.at),
                     sight.load ? fmt::format("{:.0f}", *sight.load) : "-",
                     TailText(sight.observed_tail), TailText(sight.predicted_tail),
                     ReplicasText(sight), CoresText(sight.cpu), FormatMemory(sight.memory), said);
  out.flush();
}

void PrintReport(const std::vector<Sight>& sights, const Outcome& outcome,
                 const ReportQuestion& question, std::ostream& out) {
  out << "\nReport\n";
  double requests = 0;
  double failed = 0;
  std::size_t within = 0;
  std::size_t missed_before = 0;
  std::size_t missed_after = 0;
  for (const Window& window : outcome.windows) {
    requests += window.requests;
    failed += window.failed;
    const bool before = window.end_seconds <=
                        outcome.windows.front().end_seconds +
                            static_cast<double>((question.step_after - question.window).count());
    if (window.tail_seconds <= question.target_seconds) {
      ++within;
    } else {
      ++(before ? missed_before : missed_after);
    }
  }
  if (!outcome.windows.empty()) {
    out << fmt::format(
        "  {:<24} {} of {} ({:.0f} %), as the workload itself measured them\n",
        "windows within the SLA", within, outcome.windows.size(),
        100.0 * static_cast<double>(within) / static_cast<double>(outcome.windows.size()));
    out << fmt::format("  {:<24} {} of {} s before the load step, {} after it\n",
                       "windows above it", missed_before, question.window.count(), missed_after);
    out << fmt::format("  {:<24} {:.0f}, of which {:.0f} failed\n", "requests", requests, failed);
  }
  if (!sights.empty()) {
    PrintResources("at the start", sights.front(), out);
    PrintResources("before the load step", LastBefore(sights, question.step_at), out);
    PrintResources("at the end", sights.back(), out);
  }
  out << fmt::format("  {:<24} {} of replicas, {} of sizes, as the API server counted them\n",
                     "writes", outcome.scale_writes, outcome.resize_writes);
}

}  // namespace trimtab::demo
