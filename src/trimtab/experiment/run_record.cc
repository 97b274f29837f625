#include "trimtab/experiment/run_record.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "trimtab/application/interference.h"
#include "trimtab/profile/atomic_file.h"
#include "trimtab/profile/json_fields.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

using Json = nlohmann::ordered_json;

// Recovery is five windows in a row that meet the SLA.
constexpr int kRecoveredWindows = 5;

constexpr std::string_view kColumns =
    "minute,applicationLoadPerSecond,requests,timeouts,requestsAboveSla,p50Seconds,p95Seconds,"
    "p99Seconds,cpuUnits,memoryUnits,cpuInterference,memoryCapacityInterference,"
    "memoryBandwidthInterference,networkBandwidthInterference";
constexpr std::size_t kColumnCount = 14;
constexpr double kMostMinutes = 1e9;
constexpr double kMostSeconds = 1e12;
constexpr double kMostUnits = 1e15;
constexpr double kMostRequests = 9e15;  // whole numbers that a double holds exactly

bool Meets(const WindowRow& row, double sla_seconds) { return !(row.p95_seconds > sla_seconds); }

std::optional<double> RecoverySeconds(const std::vector<WindowRow>& windows, double surge_minute,
                                      double sla_seconds) {
  int in_a_row = 0;
  for (const WindowRow& row : windows) {
    if (row.minute < surge_minute) continue;
    in_a_row = Meets(row, sla_seconds) ? in_a_row + 1 : 0;
    if (in_a_row == kRecoveredWindows) {
      return (row.minute - (kRecoveredWindows - 1) - surge_minute) * 60;
    }
  }
  return std::nullopt;
}

}  // namespace

void SummarizeWindows(const std::vector<WindowRow>& windows, double skip_minutes,
                      std::optional<double> surge_minute, RunSummary& summary) {
  double counted = 0;
  double violated = 0;
  double requests = 0;
  double above = 0;
  ResourceUnits units;
  for (const WindowRow& row : windows) {
    if (row.minute < skip_minutes) continue;
    counted += 1;
    violated += Meets(row, summary.sla_seconds) ? 0 : 1;
    requests += static_cast<double>(row.requests);
    above += row.above_sla;
    units.cpu += row.units.cpu;
    units.memory += row.units.memory;
  }
  summary.sla_violation_share = counted > 0 ? violated / counted : 0;
  summary.request_violation_share = requests > 0 ? above / requests : 0;
  summary.mean_resource_units = {.cpu = counted > 0 ? units.cpu / counted : 0,
                                 .memory = counted > 0 ? units.memory / counted : 0};
  summary.recovery_seconds =
      surge_minute ? RecoverySeconds(windows, *surge_minute, summary.sla_seconds) : std::nullopt;
}

std::string SummaryToJson(const RunSummary& s) {
  Json json;
  json["policy"] = s.policy;
  json["fidelity"] = s.fidelity;
  json["seed"] = s.seed;
  json["simulatedMinutes"] = s.simulated_minutes;
  json["requests"] = s.requests;
  json["events"] = s.events;
  json["slaSeconds"] = s.sla_seconds;
  json["slaViolationShare"] = s.sla_violation_share;
  json["requestViolationShare"] = s.request_violation_share;
  json["p95Seconds"] = s.p95_seconds;
  json["meanResourceUnits"] = s.mean_resource_units.total();
  json["meanCpuUnits"] = s.mean_resource_units.cpu;
  json["meanMemoryUnits"] = s.mean_resource_units.memory;
  json["decisions"] = s.decisions;
  json["reversions"] = s.reversions;
  json["recoverySeconds"] = s.recovery_seconds ? Json(*s.recovery_seconds) : Json(nullptr);
  json["decisionSeconds"] = {{"median", s.decision_seconds_median},
                             {"p99", s.decision_seconds_p99}};
  json["prepareRounds"] = s.prepare_rounds;
  return json.dump(2) + "\n";
}

absl::StatusOr<RunSummary> SummaryFromJson(const std::string& text) {
  const auto json = ParseJsonObject(text);
  if (!json.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("summary: {}", std::string(json.status().message())));
  }
  JsonFields fields(*json, "summary");
  RunSummary s;
  s.policy = fields.Text("policy");
  s.fidelity = fields.Text("fidelity");
  s.seed = fields.Seed("seed");
  s.simulated_minutes = fields.Number("simulatedMinutes", 0, kMostMinutes);
  s.requests = fields.Seed("requests");
  s.events = fields.Seed("events");
  s.sla_seconds = fields.Number("slaSeconds", 0, kMostSeconds);
  s.sla_violation_share = fields.Number("slaViolationShare", 0, 1);
  s.request_violation_share = fields.Number("requestViolationShare", 0, 1);
  s.p95_seconds =
      fields.IsNull("p95Seconds") ? std::nan("") : fields.Number("p95Seconds", 0, kMostSeconds);
  fields.Number("meanResourceUnits", 0, 2 * kMostUnits);  // of the two that follow
  s.mean_resource_units = {.cpu = fields.Number("meanCpuUnits", 0, kMostUnits),
                           .memory = fields.Number("meanMemoryUnits", 0, kMostUnits)};
  s.decisions = fields.Seed("decisions");
  s.reversions = fields.Seed("reversions");
  if (!fields.IsNull("recoverySeconds")) {
    s.recovery_seconds = fields.Number("recoverySeconds", 0, kMostSeconds);
  }
  JsonFields decision(fields.Object("decisionSeconds"), "summary.decisionSeconds");
  s.decision_seconds_median = decision.Number("median", 0, kMostSeconds);
  s.decision_seconds_p99 = decision.Number("p99", 0, kMostSeconds);
  for (const nlohmann::json& round : fields.Array("prepareRounds")) {
    if (!round.is_number_unsigned()) {
      fields.Fail("prepareRounds", "whole numbers");
      break;
    }
    s.prepare_rounds.push_back(round.get<std::uint64_t>());
  }
  if (const absl::Status status = fields.Finish(); !status.ok()) return status;
  if (const absl::Status status = decision.Finish(); !status.ok()) return status;
  return s;
}

std::string WindowsToCsv(const std::vector<WindowRow>& windows) {
  std::string out(kColumns);
  out += '\n';
  const auto sink = std::back_inserter(out);
  for (const WindowRow& w : windows) {
    fmt::format_to(sink, "{},{},{},{},{},{},{},{},{},{}", w.minute, w.application_load, w.requests,
                   w.timeouts, w.above_sla, w.p50_seconds, w.p95_seconds, w.p99_seconds,
                   w.units.cpu, w.units.memory);
    for (const double share : w.interference) fmt::format_to(sink, ",{}", share);
    out += '\n';
  }
  return out;
}

absl::StatusOr<std::vector<WindowRow>> WindowsFromCsv(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  if (!std::getline(lines, line) || line != kColumns) {
    return absl::InvalidArgumentError(fmt::format("windows: header is not '{}'", kColumns));
  }
  std::vector<WindowRow> windows;
  for (std::size_t row = 2; std::getline(lines, line); ++row) {
    std::vector<double> values;
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, ',');) {
      if (field == "nan") {
        values.push_back(std::nan(""));
        continue;
      }
      const auto value = ParseNumber(field);
      if (!value.ok()) {
        return absl::InvalidArgumentError(fmt::format(
            "windows row {}: column {}: '{}' is not a number", row, values.size() + 1, field));
      }
      values.push_back(*value);
    }
    if (values.size() != kColumnCount) {
      return absl::InvalidArgumentError(fmt::format("windows row {}: has {} columns, expected {}",
                                                    row, values.size(), kColumnCount));
    }
    for (const std::size_t count : {2, 3}) {
      if (values[count] >= 0 && values[count] <= kMostRequests) continue;
      return absl::InvalidArgumentError(
          fmt::format("windows row {}: column {}: {} is no count from 0 to {:.0f}", row, count + 1,
                      values[count], kMostRequests));
    }
    WindowRow w;
    w.minute = values[0];
    w.application_load = values[1];
    w.requests = static_cast<std::uint64_t>(values[2]);
    w.timeouts = static_cast<std::uint64_t>(values[3]);
    w.above_sla = values[4];
    w.p50_seconds = values[5];
    w.p95_seconds = values[6];
    w.p99_seconds = values[7];
    w.units = {.cpu = values[8], .memory = values[9]};
    for (std::size_t kind = 0; kind < w.interference.size(); ++kind) {
      w.interference[kind] = values[10 + kind];
    }
    windows.push_back(w);
  }
  return windows;
}

absl::Status PrepareRunFolder(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return absl::UnavailableError(fmt::format("creating '{}': {}", directory, error.message()));
  }
  for (const char* file : {"journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"}) {
    std::filesystem::remove(directory + "/" + file, error);
    if (error) {
      return absl::UnavailableError(
          fmt::format("replacing '{}/{}': {}", directory, file, error.message()));
    }
  }
  return absl::OkStatus();
}

absl::Status WriteRun(const std::string& directory, const RunRecord& run) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return absl::UnavailableError(fmt::format("creating '{}': {}", directory, error.message()));
  }
  if (auto s = ReplaceFile(directory + "/windows.csv", WindowsToCsv(run.windows)); !s.ok()) {
    return s;
  }
  return ReplaceFile(directory + "/summary.json", SummaryToJson(run.summary));
}

absl::StatusOr<RunRecord> ReadRun(const std::string& directory) {
  RunRecord run;
  const auto summary_text = ReadWholeFile(directory + "/summary.json");
  if (!summary_text.ok()) return summary_text.status();
  auto summary = SummaryFromJson(*summary_text);
  if (!summary.ok()) return summary.status();
  const auto windows_text = ReadWholeFile(directory + "/windows.csv");
  if (!windows_text.ok()) return windows_text.status();
  auto windows = WindowsFromCsv(*windows_text);
  if (!windows.ok()) return windows.status();
  run.label = std::filesystem::path(directory).filename().string();
  run.summary = *std::move(summary);
  run.windows = *std::move(windows);
  return run;
}

}  // namespace trimtab
