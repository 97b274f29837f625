#include "trimtab/profiling/sample_csv.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <set>

#include "fmt/format.h"

namespace trimtab {
namespace {

enum Column : std::size_t {
  kSetting,
  kSource,
  kRole,
  kMicroservice,
  kReplica,
  kCpu,
  kMemory,
  kContainerLoad,
  kFirstInterference,
  kTail = kFirstInterference + 4,
  kError,
  kMean,
  kVariance,
  kThird,
  kMeanError,
  kVarianceError,
  kThirdError,
  kUtilization,
  kPoolFull,
  kRequests,
  kApplicationLoad,
  kEndToEndTail,
  kEndToEndError,
  kColumns,
};
constexpr std::array<std::string_view, kColumns> kNames = {"setting",
                                                           "source",
                                                           "role",
                                                           "microservice",
                                                           "replica",
                                                           "cpuCores",
                                                           "memoryBytes",
                                                           "containerLoadPerSecond",
                                                           "interferenceCpu",
                                                           "interferenceMemoryCapacity",
                                                           "interferenceMemoryBandwidth",
                                                           "interferenceNetworkBandwidth",
                                                           "ownLatencyP95Seconds",
                                                           "relativeStandardError",
                                                           "ownLatencyMeanSeconds",
                                                           "ownLatencyVarianceSecondsSquared",
                                                           "ownLatencyThirdCumulantSecondsCubed",
                                                           "meanRelativeStandardError",
                                                           "varianceRelativeStandardError",
                                                           "thirdCumulantRelativeStandardError",
                                                           "utilization",
                                                           "poolFullShare",
                                                           "requests",
                                                           "applicationLoadPerSecond",
                                                           "endToEndP95Seconds",
                                                           "endToEndRelativeStandardError"};
constexpr std::array<std::string_view, 3> kRoles = {"train", "test", "setAside"};

using Fields = std::array<std::string_view, kColumns>;

// Whole nanoseconds as seconds, exactly.
void AppendSeconds(Latency latency, std::string& out) {
  const auto nanoseconds = static_cast<std::int64_t>(std::llround(latency.count() * 1e6));
  fmt::format_to(std::back_inserter(out), ",{}.{:09}", nanoseconds / 1'000'000'000,
                 nanoseconds % 1'000'000'000);
}

class FieldReader {
 public:
  explicit FieldReader(const Fields& fields) : fields_(fields) {}

  template <class T>
  T Number(Column column, T lowest, T highest) {
    const std::string_view text = fields_[column];
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    // The comparison is false for NaN.
    const bool valid = error == std::errc() && end == text.data() + text.size() &&
                       value >= lowest && value <= highest;
    if (valid) return value;
    Fail(column, fmt::format("a number in [{}, {}]", lowest, highest));
    return lowest;
  }
  // Back to the milliseconds that AtTableResolution() leaves.
  Latency Seconds(Column column) {
    const double seconds = Number<double>(column, 0, 1e6);
    return Latency(std::round(seconds * 1e9) / 1e6);
  }
  template <std::size_t kCount>
  std::size_t OneOf(Column column, const std::array<std::string_view, kCount>& words) {
    const auto found = std::ranges::find(words, fields_[column]);
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    Fail(column, fmt::format("one of {}", fmt::join(words, ", ")));
    return 0;
  }
  bool Empty(Column column) const { return fields_[column].empty(); }
  void Fail(Column column, std::string_view expected) {
    if (!status_.ok()) return;
    status_ = absl::InvalidArgumentError(
        fmt::format("column {} is '{}', expected {}", kNames[column], fields_[column], expected));
  }
  const absl::Status& status() const { return status_; }

 private:
  const Fields& fields_;
  absl::Status status_;
};

absl::StatusOr<Fields> Split(std::string_view line) {
  Fields fields;
  std::size_t count = 0;
  for (;;) {
    const std::size_t comma = line.find(',');
    if (count < kColumns) fields[count] = line.substr(0, comma);
    ++count;
    if (comma == std::string_view::npos) break;
    line.remove_prefix(comma + 1);
  }
  if (count != kColumns) {
    return absl::InvalidArgumentError(
        fmt::format("{} columns, expected {}", count, static_cast<std::size_t>(kColumns)));
  }
  return fields;
}

constexpr std::int64_t kLargestCount = 1'000'000'000'000;

// Cumulants are printed and read in single precision, shortest and exact.
void AppendCumulants(const MeasuredCumulants& label, std::string& out) {
  for (const double value : {label.value.mean, label.value.variance, label.value.third}) {
    fmt::format_to(std::back_inserter(out), ",{}", static_cast<float>(value));
  }
  const Cumulants& error = label.relative_standard_error;
  fmt::format_to(std::back_inserter(out), ",{},{},{}", error.mean, error.variance, error.third);
}

MeasuredCumulants ReadCumulants(FieldReader& reader) {
  MeasuredCumulants label;
  label.value.mean = static_cast<double>(reader.Number<float>(kMean, 0, 1e6F));
  label.value.variance = static_cast<double>(reader.Number<float>(kVariance, 0, 1e12F));
  label.value.third = static_cast<double>(reader.Number<float>(kThird, -1e18F, 1e18F));
  label.relative_standard_error.mean = reader.Number<double>(kMeanError, 0, 1e6);
  label.relative_standard_error.variance = reader.Number<double>(kVarianceError, 0, 1e6);
  label.relative_standard_error.third = reader.Number<double>(kThirdError, 0, 1e6);
  return label;
}

LatencyLabel ReadLabel(FieldReader& reader) {
  LatencyLabel label;
  label.tail = reader.Seconds(kTail);
  label.relative_standard_error = reader.Number<double>(kError, 0, 1e6);
  label.cumulants = ReadCumulants(reader);
  label.utilization = reader.Number<double>(kUtilization, 0, 1e6);
  label.pool_full_share = reader.Number<double>(kPoolFull, 0, 1);
  label.requests = reader.Number<std::int64_t>(kRequests, 0, kLargestCount);
  return label;
}

}  // namespace

std::string_view SampleCsvHeader() {
  static const std::string header = fmt::format("{}", fmt::join(kNames, ","));
  return header;
}

absl::Status ValidateSampleNames(const std::vector<std::string>& names) {
  std::set<std::string> seen;
  for (const std::string& name : names) {
    const bool plain = std::ranges::none_of(
        name, [](char c) { return c == ',' || c == '"' || static_cast<unsigned char>(c) < 0x20; });
    if (name.empty() || !plain) {
      return absl::InvalidArgumentError(fmt::format(
          "microservice '{}': a name in a sample table is not empty and has no comma, quote or "
          "control character",
          name));
    }
    if (!seen.insert(name).second) {
      return absl::InvalidArgumentError(fmt::format("microservice '{}' appears twice", name));
    }
  }
  return absl::OkStatus();
}

void AppendSampleCsv(const SampleRow& row, const std::vector<std::string>& names,
                     std::string& out) {
  const SampleRow exact = AtTableResolution(row);
  auto to = std::back_inserter(out);
  fmt::format_to(to, "{},{},{},{},{},{},{},{}", exact.setting,
                 exact.end_to_end ? "tree" : "station",
                 kRoles[static_cast<std::size_t>(exact.role)], names[exact.microservice.value()],
                 exact.replica, InCores(exact.container.cpu), exact.container.memory.value(),
                 exact.container_load.value());
  for (const InterferenceKind kind : kInterferenceKinds) {
    out += ',';
    if (const auto share = exact.interference[kind]) fmt::format_to(to, "{}", share->value());
  }
  AppendSeconds(exact.label.tail, out);
  fmt::format_to(to, ",{}", exact.label.relative_standard_error);
  AppendCumulants(exact.label.cumulants, out);
  fmt::format_to(to, ",{},{},{}", exact.label.utilization, exact.label.pool_full_share,
                 exact.label.requests);
  if (exact.end_to_end) {
    fmt::format_to(to, ",{}", exact.end_to_end->application_load.value());
    AppendSeconds(exact.end_to_end->tail, out);
    fmt::format_to(to, ",{}\n", exact.end_to_end->relative_standard_error);
  } else {
    out += ",,,\n";
  }
}

absl::StatusOr<SampleRow> ParseSampleCsv(std::string_view line,
                                         const std::vector<std::string>& names) {
  const auto fields = Split(line);
  if (!fields.ok()) return fields.status();
  FieldReader reader(*fields);
  SampleRow row;
  row.setting = reader.Number<std::int64_t>(kSetting, 0, kLargestCount);
  constexpr std::array<std::string_view, 2> kSources = {"station", "tree"};
  row.label.whole_tree = reader.OneOf(kSource, kSources) == 1;
  row.role = static_cast<SampleRole>(reader.OneOf(kRole, kRoles));
  const auto name = std::ranges::find(names, (*fields)[kMicroservice]);
  if (name == names.end()) {
    reader.Fail(kMicroservice, "a microservice of the table's description");
  } else {
    row.microservice = MicroserviceId(static_cast<std::size_t>(name - names.begin()));
  }
  row.replica = reader.Number<int>(kReplica, 0, 1'000'000);
  row.container.cpu = Millicores(std::llround(reader.Number<double>(kCpu, 0.001, 1e6) * 1000));
  row.container.memory = Bytes(reader.Number<std::int64_t>(kMemory, 1, std::int64_t{1} << 50));
  row.container_load = RequestsPerSecond(reader.Number<double>(kContainerLoad, 0, 1e9));
  for (std::size_t i = 0; i < kInterferenceKinds.size(); ++i) {
    const auto column = static_cast<Column>(kFirstInterference + i);
    if (reader.Empty(column)) continue;
    row.interference.Set(kInterferenceKinds[i], Ratio(reader.Number<double>(column, 0, 1)));
  }
  const bool whole_tree = row.label.whole_tree;
  row.label = ReadLabel(reader);
  row.label.whole_tree = whole_tree;
  if (whole_tree) {
    EndToEndLabel end;
    end.application_load = RequestsPerSecond(reader.Number<double>(kApplicationLoad, 0, 1e9));
    end.tail = reader.Seconds(kEndToEndTail);
    end.relative_standard_error = reader.Number<double>(kEndToEndError, 0, 1e6);
    row.end_to_end = end;
  } else {
    for (const Column column : {kApplicationLoad, kEndToEndTail, kEndToEndError}) {
      if (!reader.Empty(column)) reader.Fail(column, "nothing in a row measured alone");
    }
  }
  if (!reader.status().ok()) return reader.status();
  return row;
}

}  // namespace trimtab
