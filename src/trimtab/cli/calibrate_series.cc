#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/application/interference.h"
#include "trimtab/cli/calibrate.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/output.h"
#include "trimtab/quantity/time.h"
#include "trimtab/scenario/scenario.h"
#include "trimtab/workload/recording.h"
#include "trimtab/workload/series_fit.h"

namespace trimtab {
namespace {

constexpr int kDigits = 6;

absl::StatusOr<RecordedSeries> ReadSeries(const CalibrateValues& values) {
  const std::string& path = values.files.front();
  const auto text = ReadRecordingFile(path);
  if (!text.ok()) return text.status();
  if (values.of == "load") return ParseLoadRecording(*text, path);
  const auto recording = ParseInterferenceRecording(*text, path);
  if (!recording.ok()) return recording.status();
  const auto kind = ParseInterferenceKind(values.kind);
  if (!kind.ok()) return kind.status();
  const auto& series = recording->kinds[static_cast<std::size_t>(*kind)];
  if (!series) {
    return absl::InvalidArgumentError(fmt::format("{}: there is no {} in it", path, values.kind));
  }
  return *series;
}

}  // namespace

absl::StatusOr<ExitCode> CalibrateSeries(const CalibrateValues& values, Context& context) {
  if (values.files.size() != 1) {
    return absl::InvalidArgumentError(
        fmt::format("{} files, must be 1 with --of {}", values.files.size(), values.of));
  }
  const auto recording = ReadSeries(values);
  if (!recording.ok()) return recording.status();
  const Duration whole = recording->step * static_cast<std::int64_t>(recording->values.size());
  const Duration length = values.length > Duration(0) ? values.length : whole - values.from;
  const auto part = PartOf(*recording, values.from, length, std::max(values.step, recording->step));
  if (!part.ok()) return part.status();
  const auto fit = FitSeries(*part, {.most_harmonics = static_cast<int>(values.harmonics)});
  if (!fit.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", values.files.front(), std::string(fit.status().message())));
  }
  StretchedSeries series;
  series.fitted = RoundedTo(Rescaled(fit->description, values.factor, values.offset), kDigits);
  if (values.play > Duration(0)) {
    series.stretch = InSeconds(values.play) / InSeconds(fit->description.length);
  }
  const std::string key = values.of == "load" ? "load" : values.kind;
  if (values.output == OutputFormat::kTable) {
    context.out << WriteSeriesDescription(key, series);
  }
  Table table({{.key = "series", .header = "SERIES"},
               {.key = "values", .header = "VALUES"},
               {.key = "missing", .header = "MISSING"},
               {.key = "harmonics", .header = "HARMONICS"},
               {.key = "explainedVariance", .header = "EXPLAINED %", .scale = 100, .decimals = 1},
               {.key = "relativeError", .header = "RMSE/MEAN %", .scale = 100, .decimals = 2},
               {.key = "meanError", .header = "MEAN %", .scale = 100, .decimals = 2},
               {.key = "deviationError", .header = "SD %", .scale = 100, .decimals = 2},
               {.key = "p5Error", .header = "P5 %", .scale = 100, .decimals = 2},
               {.key = "p95Error", .header = "P95 %", .scale = 100, .decimals = 2}});
  table.AddRow(
      {key, static_cast<std::int64_t>(fit->values), static_cast<std::int64_t>(fit->missing),
       static_cast<std::int64_t>(fit->description.harmonics.size()), fit->explained_variance,
       fit->relative_error, fit->mean_error, fit->deviation_error, fit->p5_error, fit->p95_error});
  table.Write(values.output, context.color, context.out);
  return ExitCode::kSuccess;
}

}  // namespace trimtab
