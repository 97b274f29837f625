#include <optional>
#include <string>

#include "fmt/format.h"
#include "trimtab/application/interference.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/scenario/config_reader.h"
#include "trimtab/scenario/scenario_sections.h"
#include "trimtab/workload/workload.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab {
namespace {

constexpr Bound kAny{-1e15, 1e15};
constexpr Bound kShare{0, 1};

Harmonic ReadHarmonic(const YamlNode& node, const std::string& path, ConfigProblems& problems) {
  Harmonic harmonic;
  MapReader map(node, path, problems);
  map.Require("period");
  map.Time("period", harmonic.period);
  map.Number("amplitude", harmonic.amplitude, kAny);
  map.Number("phase", harmonic.phase, kAny);
  map.Finish();
  return harmonic;
}

StretchedSeries ReadFitted(const YamlNode& node, const std::string& path,
                           ConfigProblems& problems) {
  StretchedSeries series;
  FittedSeries& fitted = series.fitted;
  MapReader map(node, path, problems);
  for (const char* key : {"length", "step", "level", "lowest", "highest"}) map.Require(key);
  map.Number("stretch", series.stretch, {1e-6, 1e6});
  map.Time("length", fitted.length);
  map.Time("step", fitted.step);
  map.Number("level", fitted.level, kAny);
  map.Number("slope", fitted.slope, kAny);
  map.Items("harmonics", [&](const YamlNode& item, const std::string& at) {
    fitted.harmonics.push_back(ReadHarmonic(item, at, problems));
  });
  map.Items("autoregression", [&](const YamlNode& item, const std::string& at) {
    const auto value = NumberOf(item, {-10, 10});
    if (!value.ok()) problems.Add(item.line, at, std::string(value.status().message()));
    fitted.autoregression.push_back(value.value_or(0));
  });
  map.Number("sigma", fitted.sigma, {0, 1e15});
  map.Number("lowest", fitted.lowest, {0, 1e15});
  map.Number("highest", fitted.highest, {0, 1e15});
  map.Finish();
  if (const auto status = ValidateFittedSeries(fitted); !status.ok()) {
    problems.Add(node.line, path, std::string(status.message()));
  }
  return series;
}

SeriesDescription ReadSeries(const YamlNode& node, const std::string& path,
                             ConfigProblems& problems) {
  MapReader map(node, path, problems);
  double constant = 0;
  const YamlNode* fitted = map.Find("fitted");
  if ((fitted == nullptr) == (map.Find("constant") == nullptr)) {
    problems.Add(node.line, path, "must have either 'constant' or 'fitted'");
  }
  map.Number("constant", constant, {0, 1e15});
  map.Finish();
  if (fitted != nullptr) return ReadFitted(*fitted, map.PathOf("fitted"), problems);
  return constant;
}

Surge ReadSurge(const YamlNode& node, const std::string& path, ConfigProblems& problems) {
  Surge surge;
  MapReader map(node, path, problems);
  double interference = surge.interference.value();
  map.Time("start", surge.start);
  map.Time("end", surge.end);
  map.Number("loadFactor", surge.load_factor, {0, 1000});
  map.Number("interference", interference, kShare);
  map.Number("fluctuation", surge.fluctuation, kShare);
  map.Time("step", surge.step);
  map.Finish();
  surge.interference = Ratio(interference);
  return surge;
}

}  // namespace

Workload ReadWorkload(const YamlNode& node, const std::string& path, ConfigProblems& problems) {
  Workload workload;
  MapReader map(node, path, problems);
  if (const YamlNode* load = map.Require("load"); load != nullptr) {
    workload.load = ReadSeries(*load, map.PathOf("load"), problems);
  }
  if (const YamlNode* kinds = map.Find("interference"); kinds != nullptr) {
    MapReader inner(*kinds, map.PathOf("interference"), problems);
    for (const InterferenceKind kind : kInterferenceKinds) {
      const std::string name(InterferenceName(kind));
      if (const YamlNode* series = inner.Find(name); series != nullptr) {
        workload.interference[static_cast<std::size_t>(kind)] =
            ReadSeries(*series, inner.PathOf(name), problems);
      }
    }
    inner.Finish();
  }
  if (const YamlNode* surge = map.Find("surge"); surge != nullptr) {
    workload.surge = ReadSurge(*surge, map.PathOf("surge"), problems);
  }
  map.Finish();
  if (const auto status = ValidateWorkload(workload); !status.ok() && problems.empty()) {
    problems.Add(node.line, path, std::string(status.message()));
  }
  return workload;
}

}  // namespace trimtab
