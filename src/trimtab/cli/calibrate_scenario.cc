#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/calibration/parameter_effects.h"
#include "trimtab/calibration/surface_fit.h"
#include "trimtab/cli/calibrate.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/output.h"
#include "trimtab/cli/scenarios.h"
#include "trimtab/workload/recording.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab {

absl::StatusOr<ExitCode> CalibrateSurface(const CalibrateValues& values, Context& context) {
  Table table({{.key = "microservice", .header = "MICROSERVICE"},
               {.key = "points", .header = "POINTS"},
               {.key = "baseP95Seconds", .header = "BASE P95 ms", .scale = 1000, .decimals = 3},
               {.key = "kneeRequestsPerSecond", .header = "KNEE req/s", .decimals = 1},
               {.key = "cpuSlope", .header = "CPU SLOPE", .decimals = 2},
               {.key = "cpuFloor", .header = "CPU FLOOR", .decimals = 2},
               {.key = "memoryCapacitySlope", .header = "MEMORY SLOPE", .decimals = 3},
               {.key = "relativeError", .header = "RMSE %", .scale = 100, .decimals = 1}});
  for (const std::string& path : values.files) {
    const auto text = ReadRecordingFile(path);
    if (!text.ok()) return text.status();
    SurfaceFitOptions options;
    options.application = values.application;
    const auto fits = FitSurface(*text, path, options);
    if (!fits.ok()) return fits.status();
    for (const SurfaceFit& fit : *fits) {
      table.AddRow({fit.microservice, static_cast<std::int64_t>(fit.points),
                    fit.mean_latency * 1e-3, fit.knee, fit.cpu.slope, fit.cpu.floor,
                    fit.memory_capacity.slope, fit.relative_error});
    }
  }
  table.Write(values.output, context.color, context.out);
  return ExitCode::kSuccess;
}

absl::StatusOr<ExitCode> CalibrateScenario(const CalibrateValues& values, Context& context) {
  Table table({{.key = "parameter", .header = "ASSUMED"},
               {.key = "halfP95Change", .header = "P95 AT HALF %", .scale = 100, .decimals = 1},
               {.key = "twiceP95Change", .header = "AT TWICE %", .scale = 100, .decimals = 1}});
  for (const std::string& name : values.files) {
    const auto path = FindScenario(name);
    if (!path.ok()) return path.status();
    const auto text = ReadConfiguration(*path);
    if (!text.ok()) return text.status();
    const auto scenario = ParseScenario(*text, *path);
    if (!scenario.ok()) return scenario.status();
    ReferenceRun run;
    run.seed = values.seed;
    auto bar =
        context.progress.Start(name, static_cast<std::int64_t>(scenario->provenance.size()) + 1);
    const auto effects = EffectsOfAssumptions(*text, *path, run, [&] {
      bar.Add(1);
      return !context.stop;
    });
    if (!effects.ok()) return effects.status();
    for (const ParameterEffect& effect : *effects) {
      table.AddRow({effect.parameter, CellOf(effect.half), CellOf(effect.twice)});
    }
  }
  table.Write(values.output, context.color, context.out);
  return ExitCode::kSuccess;
}

}  // namespace trimtab
