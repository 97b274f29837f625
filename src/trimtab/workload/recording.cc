#include "trimtab/workload/recording.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/application/interference.h"
#include "trimtab/quantity/text.h"
#include "trimtab/quantity/time.h"
#include "trimtab/workload/csv_table.h"
#include "trimtab/workload/fitted_series.h"

namespace trimtab {
namespace {

constexpr double kMostRate = 1e9;
constexpr double kMostSeconds = 1e10;
constexpr Duration kMinute = std::chrono::minutes(1);

using Cells = std::vector<std::string_view>;

// Values at ascending times, brought to an even grid when all are there.
class TimedValues {
 public:
  TimedValues(std::string name, std::size_t columns) : name_(std::move(name)), values_(columns) {}

  absl::Status AddTime(std::size_t row, double seconds) {
    if (!times_.empty() && !(seconds > times_.back())) {
      return absl::InvalidArgumentError(
          fmt::format("{}:{}: time is {}, must be above that of the row before, {}", name_, row,
                      seconds, times_.back()));
    }
    times_.push_back(seconds);
    return absl::OkStatus();
  }
  void Add(std::size_t column, double value) { values_[column].push_back(value); }

  absl::StatusOr<std::vector<RecordedSeries>> OnGrid() const {
    double gap = times_.size() > 1 ? times_[1] - times_[0] : 1.0;
    for (std::size_t i = 2; i < times_.size(); ++i) gap = std::min(gap, times_[i] - times_[i - 1]);
    const double steps = (times_.back() - times_.front()) / gap + 1.5;
    if (gap < 1e-6 || !(steps < static_cast<double>(kMostSeriesSteps))) {
      return absl::InvalidArgumentError(
          fmt::format("{}: {} s in steps of {} s, the smallest gap, must be at most {} steps of at "
                      "least 1e-6 s",
                      name_, times_.back() - times_.front(), gap, kMostSeriesSteps));
    }
    std::vector<RecordedSeries> series(values_.size(), {SecondsToDuration(gap), {}});
    std::size_t row = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(steps); ++i) {
      // Half a step of tolerance for times that were rounded when written.
      const double at = times_.front() + gap * (static_cast<double>(i) + 0.5);
      while (row + 1 < times_.size() && times_[row + 1] <= at) ++row;
      for (std::size_t c = 0; c < series.size(); ++c) series[c].values.push_back(values_[c][row]);
    }
    return series;
  }

 private:
  std::string name_;
  std::vector<double> times_;
  std::vector<std::vector<double>> values_;
};

absl::StatusOr<RecordedSeries> ParseBareRates(std::string_view text, std::string_view name) {
  RecordedSeries series{std::chrono::seconds(1), {}};
  std::size_t row = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++row;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty() && text.empty()) break;  // the newline at the end
    const auto rate = ParseNumber(line);
    if (!rate.ok() || *rate < 0 || *rate > kMostRate) {
      return absl::InvalidArgumentError(
          fmt::format("{}:{}: '{}' is not a rate between 0 and {} requests per second", name, row,
                      line.substr(0, 64), kMostRate));
    }
    series.values.push_back(*rate);
    if (static_cast<std::int64_t>(series.values.size()) > kMostSeriesSteps) {
      return absl::InvalidArgumentError(
          fmt::format("{}:{}: more than {} rates", name, row, kMostSeriesSteps));
    }
  }
  if (series.values.empty()) {
    return absl::InvalidArgumentError(fmt::format("{}: the file is empty", name));
  }
  return series;
}

absl::StatusOr<InterferenceRecording> ParseShares(const CsvTable& table, std::string_view name) {
  const int time_column = table.Column({"t_s"});
  std::vector<std::pair<int, InterferenceKind>> columns;
  for (const InterferenceKind kind : kInterferenceKinds) {
    const int column = table.Column({InterferenceName(kind)});
    if (column >= 0) columns.emplace_back(column, kind);
  }
  if (time_column < 0 || columns.empty() || columns.size() + 1 != table.header().size()) {
    return absl::InvalidArgumentError(fmt::format(
        "{}:1: the columns must be t_s and any of cpu, memoryCapacity, memoryBandwidth, "
        "networkBandwidth, or those of an Alibaba recording",
        name));
  }
  TimedValues values(std::string(name), columns.size());
  const absl::Status status = table.ForEachRow([&](std::size_t row, const Cells& cells) {
    const auto time = table.Number(row, cells, time_column, 0, kMostSeconds);
    if (!time.ok()) return time.status();
    if (absl::Status added = values.AddTime(row, *time); !added.ok()) return added;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (cells[static_cast<std::size_t>(columns[i].first)].empty()) {
        values.Add(i, std::nan(""));
        continue;
      }
      const auto share = table.Number(row, cells, columns[i].first, 0, 1);
      if (!share.ok()) return share.status();
      values.Add(i, *share);
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  auto series = values.OnGrid();
  if (!series.ok()) return series.status();
  InterferenceRecording recording;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    recording.kinds[static_cast<std::size_t>(columns[i].second)] = std::move((*series)[i]);
  }
  return recording;
}

// Means per minute over whatever rows fall into it.
class MinuteMeans {
 public:
  void Add(InterferenceKind kind, std::size_t minute, double share) {
    auto& cells = kinds_[static_cast<std::size_t>(kind)];
    if (cells.size() <= minute) cells.resize(minute + 1);
    cells[minute].sum += share;
    ++cells[minute].count;
  }
  InterferenceRecording ToRecording(std::size_t first) const {
    InterferenceRecording recording;
    for (const InterferenceKind kind : kInterferenceKinds) {
      const auto& cells = kinds_[static_cast<std::size_t>(kind)];
      if (cells.empty()) continue;
      RecordedSeries series{kMinute, {}};
      for (std::size_t i = first; i < cells.size(); ++i) {
        series.values.push_back(cells[i].count == 0
                                    ? std::nan("")
                                    : cells[i].sum / static_cast<double>(cells[i].count));
      }
      recording.kinds[static_cast<std::size_t>(kind)] = std::move(series);
    }
    return recording;
  }

 private:
  struct Cell {
    double sum = 0;
    std::int64_t count = 0;
  };
  std::array<std::vector<Cell>, 4> kinds_;
};

absl::StatusOr<InterferenceRecording> ParseAlibaba(const CsvTable& table, std::string_view name) {
  struct Wanted {
    InterferenceKind kind;
    std::vector<int> columns;  // the largest counts
  };
  std::vector<Wanted> wanted = {
      {InterferenceKind::kCpu, {table.Column({"cpu_util_percent"})}},
      {InterferenceKind::kMemoryCapacity, {table.Column({"mem_util_percent"})}},
      {InterferenceKind::kMemoryBandwidth, {table.Column({"mem_gps"})}},
      {InterferenceKind::kNetworkBandwidth, {table.Column({"net_in"}), table.Column({"net_out"})}}};
  const int time_column = table.Column({"t_s"});
  const int day_column = table.Column({"day"});
  if (time_column < 0) {
    return absl::InvalidArgumentError(fmt::format("{}:1: there is no column t_s", name));
  }
  MinuteMeans means;
  std::size_t first = static_cast<std::size_t>(kMostSeriesSteps);
  const absl::Status status = table.ForEachRow([&](std::size_t row, const Cells& cells) {
    double day = 0;
    if (day_column >= 0) {
      const auto read = table.Number(row, cells, day_column, 0, 1000);
      if (!read.ok()) return read.status();
      day = *read;
    }
    const auto time = table.Number(row, cells, time_column, 0, 1e8);
    if (!time.ok()) return time.status();
    const auto minute = static_cast<std::size_t>((day * 86400 + *time) / 60);
    first = std::min(first, minute);
    for (const Wanted& w : wanted) {
      double share = -1;
      for (const int column : w.columns) {
        if (column < 0 || cells[static_cast<std::size_t>(column)].empty()) continue;
        const auto percent = table.Number(row, cells, column, 0, 100);
        if (!percent.ok()) return percent.status();
        share = std::max(share, *percent / 100);
      }
      if (share >= 0) means.Add(w.kind, minute, share);
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return means.ToRecording(first);
}

}  // namespace

absl::StatusOr<std::string> ReadRecordingFile(const std::string& path) {
  // zlib reads a plain file as it is.
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), &gzclose);
  if (file == nullptr) return absl::NotFoundError(fmt::format("cannot open '{}'", path));
  std::string text;
  std::array<char, 65536> buffer{};
  for (;;) {
    const int read = gzread(file.get(), buffer.data(), buffer.size());
    if (read < 0) {
      int code = 0;
      return absl::DataLossError(fmt::format("'{}': {}", path, gzerror(file.get(), &code)));
    }
    text.append(buffer.data(), static_cast<std::size_t>(read));
    if (static_cast<std::int64_t>(text.size()) > kLargestRecording.value()) {
      return absl::ResourceExhaustedError(fmt::format("'{}' has more than {} bytes when unpacked",
                                                      path, kLargestRecording.value()));
    }
    if (read < static_cast<int>(buffer.size())) break;
  }
  int code = Z_OK;
  const char* message = gzerror(file.get(), &code);
  if (code != Z_OK && code != Z_STREAM_END) {
    return absl::DataLossError(fmt::format("'{}' is cut or corrupt: {}", path, message));
  }
  return text;
}

absl::StatusOr<RecordedSeries> ParseLoadRecording(std::string_view text, std::string_view name) {
  const std::string_view first = text.substr(0, text.find_first_of(",\r\n"));
  if (text.empty() || first.find_first_not_of("0123456789.eE+-") == std::string_view::npos) {
    return ParseBareRates(text, name);
  }
  const auto table = CsvTable::Create(text, name);
  if (!table.ok()) return table.status();
  const int time_column = table->Column({"t_s", "time_s", "timestamp", "time", "second"});
  const int rate_column =
      table->Column({"rate", "rps", "tps", "qps", "tps_truth", "requests_per_second"});
  if (time_column < 0 || rate_column < 0) {
    return absl::InvalidArgumentError(
        fmt::format("{}:1: the header needs a time column (t_s, time_s, timestamp, time, second) "
                    "and a rate column (rate, rps, tps, qps, tps_truth, requests_per_second)",
                    name));
  }
  TimedValues values(std::string(name), 1);
  const absl::Status status = table->ForEachRow([&](std::size_t row, const Cells& cells) {
    const auto time = table->Number(row, cells, time_column, 0, kMostSeconds);
    if (!time.ok()) return time.status();
    const auto rate = table->Number(row, cells, rate_column, 0, kMostRate);
    if (!rate.ok()) return rate.status();
    values.Add(0, *rate);
    return values.AddTime(row, *time);
  });
  if (!status.ok()) return status;
  auto series = values.OnGrid();
  if (!series.ok()) return series.status();
  return std::move(series->front());
}

absl::StatusOr<InterferenceRecording> ParseInterferenceRecording(std::string_view text,
                                                                 std::string_view name) {
  const auto table = CsvTable::Create(text, name);
  if (!table.ok()) return table.status();
  if (table->Column({"cpu_util_percent"}) >= 0) return ParseAlibaba(*table, name);
  return ParseShares(*table, name);
}

absl::StatusOr<StepSeries> ToSteps(const RecordedSeries& recording) {
  std::vector<double> values = recording.values;
  const auto present =
      std::find_if(values.begin(), values.end(), [](double v) { return !std::isnan(v); });
  if (present == values.end()) {
    return absl::InvalidArgumentError("no value of the recording is present");
  }
  double last = *present;
  for (double& value : values) {
    if (std::isnan(value)) value = last;
    last = value;
  }
  return StepSeries::Create(recording.step, std::move(values));
}

absl::StatusOr<RecordedSeries> PartOf(const RecordedSeries& recording, Duration from,
                                      Duration length, Duration step) {
  RecordedSeries part{step, {}};
  for (Duration at = from; at < from + length; at += step) {
    double sum = 0;
    std::int64_t count = 0;
    const auto first =
        static_cast<std::size_t>((at + recording.step - Duration(1)) / recording.step);
    const auto end =
        static_cast<std::size_t>((at + step + recording.step - Duration(1)) / recording.step);
    if (first >= recording.values.size()) break;
    for (std::size_t i = first; i < std::min(end, recording.values.size()); ++i) {
      if (std::isnan(recording.values[i])) continue;
      sum += recording.values[i];
      ++count;
    }
    part.values.push_back(count == 0 ? std::nan("") : sum / static_cast<double>(count));
  }
  if (part.values.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("nothing is recorded from {} s on; the recording lasts {} s", InSeconds(from),
                    InSeconds(recording.step) * static_cast<double>(recording.values.size())));
  }
  return part;
}

}  // namespace trimtab
