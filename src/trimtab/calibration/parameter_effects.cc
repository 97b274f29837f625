#include "trimtab/calibration/parameter_effects.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/application/interference.h"
#include "trimtab/interference/anomaly_injector.h"
#include "trimtab/probability/log_histogram.h"
#include "trimtab/scenario/provenance.h"
#include "trimtab/scenario/scenario.h"
#include "trimtab/simulation/simulated_cluster.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab {
namespace {

std::optional<double> Effect(const YamlNode& tree, std::string_view name,
                             const std::vector<Provenance>& rows, std::size_t row, double factor,
                             Latency unchanged, const ReferenceRun& run) {
  YamlNode scaled = tree;
  if (ScaleParameters(scaled, rows, row, factor) == 0) return std::nullopt;
  const auto scenario = ScenarioFrom(scaled, name);
  if (!scenario.ok()) return std::nullopt;
  const auto tail = TailOf(*scenario, run);
  if (!tail.ok()) return std::nullopt;
  return *tail / unchanged - 1;
}

}  // namespace

absl::StatusOr<Latency> TailOf(const Scenario& scenario, const ReferenceRun& run) {
  ClusterScenario cluster = scenario.cluster;
  for (MicroserviceSpec& m : cluster.microservices) m.initial = run.each;
  LogHistogram end_to_end;
  SimulatedClusterOptions options;
  options.seed = run.seed;
  options.load = StepSeries::Constant(run.load);
  options.span_share = 0;
  options.scrape_interval = Duration(0);
  options.window = std::chrono::seconds(10);
  options.on_window = [&](const WindowRecord& window) {
    if (window.start.time_since_epoch() >= run.warm_up) end_to_end.Merge(window.end_to_end);
  };
  auto world = SimulatedCluster::Create(std::move(cluster), std::move(options));
  if (!world.ok()) return world.status();
  const Instant end = Instant(run.warm_up + run.length);
  for (std::size_t host = 0; host < scenario.cluster.hosts.size(); ++host) {
    for (const InterferenceKind kind : kInterferenceKinds) {
      const auto injected = (*world)->anomalies().Inject(
          {HostId(host), kind, Ratio(run.interference), Instant(), end + std::chrono::hours(1)});
      if (!injected.ok()) return injected.status();
    }
  }
  (*world)->clock().WaitUntil(end);
  return Latency(end_to_end.ValueAt(kP95) * 1e-6);
}

absl::StatusOr<std::vector<ParameterEffect>> EffectsOfAssumptions(
    std::string_view text, std::string_view name, const ReferenceRun& run,
    const std::function<bool()>& done) {
  const auto tree = ParseYaml(text, name);
  if (!tree.ok()) return tree.status();
  const auto scenario = ScenarioFrom(*tree, name);
  if (!scenario.ok()) return scenario.status();
  const auto unchanged = TailOf(*scenario, run);
  if (!unchanged.ok()) return unchanged.status();
  std::vector<ParameterEffect> effects;
  for (std::size_t row = 0; row < scenario->provenance.size(); ++row) {
    if (scenario->provenance[row].status == Provenance::Status::kAssumed) {
      const auto effect = [&](double factor) {
        return Effect(*tree, name, scenario->provenance, row, factor, *unchanged, run);
      };
      effects.push_back({scenario->provenance[row].parameter, effect(0.5), effect(2)});
    }
    if (!done()) return absl::CancelledError("the effects of assumptions");
  }
  return effects;
}

}  // namespace trimtab
