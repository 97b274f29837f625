#include "trimtab/telemetry/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

namespace trimtab {
namespace {

// The fields of /proc/self/stat behind the name of the program, which may hold anything: the first
// is the state, field 3 of proc(5).
std::vector<std::string> StatFields() {
  std::ifstream file("/proc/self/stat");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(text.substr(name_end + 1));
  return {std::istream_iterator<std::string>(fields), {}};
}

std::optional<double> BootTime() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return std::nullopt;
}

std::optional<double> OpenDescriptors() {
  std::error_code error;
  double count = 0;
  std::filesystem::directory_iterator at("/proc/self/fd", error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) ++count;
  if (error) return std::nullopt;
  return count;
}

void Write(MetricTextWriter& writer, std::string_view name, MetricKind kind, std::string_view help,
           std::optional<double> value) {
  if (!value) return;
  writer.Family(name, kind, help);
  writer.Sample({}, *value);
}

}  // namespace

void WriteProcessMetrics(MetricTextWriter& writer) {
  constexpr std::size_t kFirst = 3;  // field of proc(5) that is the first of `fields`
  const std::vector<std::string> fields = StatFields();
  const auto field = [&fields](std::size_t number) -> std::optional<double> {
    if (number - kFirst >= fields.size()) return std::nullopt;
    return std::strtod(fields[number - kFirst].c_str(), nullptr);
  };
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  if (fields.size() + kFirst > 24) {
    Write(writer, "process_cpu_seconds_total", MetricKind::kCounter,
          "CPU time of the process, user and system", (*field(14) + *field(15)) / ticks);
    Write(writer, "process_virtual_memory_bytes", MetricKind::kGauge, "Address space in use",
          field(23));
    Write(writer, "process_resident_memory_bytes", MetricKind::kGauge, "Memory in use",
          *field(24) * page);
    if (const auto boot = BootTime()) {
      Write(writer, "process_start_time_seconds", MetricKind::kGauge,
            "When the process was started, in seconds since 1970", *boot + *field(22) / ticks);
    }
  }
  Write(writer, "process_open_fds", MetricKind::kGauge, "File descriptors in use",
        OpenDescriptors());
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    Write(writer, "process_max_fds", MetricKind::kGauge, "Most file descriptors",
          static_cast<double>(limit.rlim_cur));
  }
}

}  // namespace trimtab
