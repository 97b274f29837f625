#include "trimtab/latency/latency_sample.h"

#include <cstddef>
#include <span>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/quantity/quantity.h"

namespace trimtab {

absl::Status ValidateSamples(std::span<const LatencySample> samples) {
  if (samples.empty()) return absl::InvalidArgumentError("no latency samples to train on");
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const LatencySample& sample = samples[i];
    const auto refuse = [i](const char* what, double value, const char* bound) {
      return absl::InvalidArgumentError(
          fmt::format("latency sample {} {} is {}, expected {}", i, what, value, bound));
    };
    const double tail = sample.tail.count();
    if (!(tail > 1e-9 && tail < 1e9)) return refuse("tail", tail, "1e-9 to 1e9 ms");
    const double error = sample.relative_standard_error;
    if (!(error >= 0 && error < 1e3)) return refuse("relative standard error", error, "0 to 1000");
    const double load = sample.features.container_load.value();
    if (!(load >= 0 && load < 1e9)) return refuse("load", load, "0 to 1e9 requests/s");
    const auto cpu = sample.features.container.cpu;
    if (cpu <= Millicores(0)) return refuse("cpu", cpu.as_double(), "more than 0 millicores");
  }
  return absl::OkStatus();
}

double SampleWeight(double error, double model_error) {
  return model_error * model_error / (model_error * model_error + error * error);
}

}  // namespace trimtab
