#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "trimtab/application/interference.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/calibrate.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"

namespace trimtab {
namespace {

constexpr Arguments::Bounds<Duration> kAnyLength{.min = Duration(0),
                                                 .max = std::chrono::hours(100'000)};

}  // namespace

CommandAction DeclareCalibrate(Arguments& arguments) {
  const auto values = std::make_shared<CalibrateValues>();
  arguments.PositionalList("file", &values->files,
                           "recordings, plain or gzip; scenarios with --of scenario");
  arguments.Choice("of", &values->of, {"spans", "load", "interference", "surface", "scenario"},
                   "what the files are");
  arguments.Choice("kind", &values->kind,
                   {"cpu", "memoryCapacity", "memoryBandwidth", "networkBandwidth"},
                   "--of interference: which one");
  arguments.Option("from", &values->from, kAnyLength,
                   "--of load, interference: skip this much of the recording");
  arguments.Option("length", &values->length, kAnyLength,
                   "--of load, interference: take this much of it; 0: to the end");
  arguments.Option("step", &values->step, kAnyLength,
                   "--of load, interference: average over this; 0: as recorded");
  arguments.Option("play", &values->play, kAnyLength,
                   "--of load, interference: stretch it over this; 0: as recorded");
  arguments.Option("factor", &values->factor, {.min = 1e-9, .max = 1e9},
                   "--of load, interference: multiply by this");
  arguments.Option("offset", &values->offset, {.min = -1e9, .max = 1e9},
                   "--of load, interference: then add this");
  arguments.Option("harmonics", &values->harmonics, {.min = 0, .max = 30},
                   "--of load, interference: at most so many");
  arguments.Output(&values->output);
  arguments.Option("sampling", &values->sampling, {.min = 1e-6, .max = 1},
                   "--of spans: share of the requests that was traced");
  arguments.Option("out", &values->out, "--of spans: write a scenario to this file", "FILE");
  arguments.Option("name", &values->name, "--of spans: the name of that scenario");
  arguments.Option("scenario", &values->scenario,
                   "--of spans: compare this scenario's own latencies with the laws", "SCENARIO");
  arguments.Option("operation", &values->operation,
                   "--of spans: the operation recorded; 'all' for all of them");
  arguments.Option("faults", &values->faults,
                   "--of spans: list of injected faults; the pod hit gives no sample", "FILE");
  arguments.Option("pools", &values->pools, {.min = 0, .max = 100},
                   "--of spans: put the runs together in turn to so many, the last not fitted; 0: "
                   "as recorded");
  arguments.Option("application", &values->application, "--of surface: rows of this app");
  arguments.Seed(&values->seed);
  return [values](Context& context) {
    if (values->of == "surface") return CalibrateSurface(*values, context);
    if (values->of == "scenario") return CalibrateScenario(*values, context);
    if (values->of == "spans") return CalibrateSpans(*values, context);
    return CalibrateSeries(*values, context);
  };
}

}  // namespace trimtab
