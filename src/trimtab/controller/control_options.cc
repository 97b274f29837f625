#include "trimtab/controller/control_options.h"

#include <cmath>
#include <string>

#include "fmt/format.h"
#include "trimtab/quantity/text.h"

namespace trimtab {

absl::Status ControlOptions::Validate() const {
  std::string problems;
  if (!(std::isfinite(sla.latency.count()) && sla.latency.count() > 0)) {
    problems += fmt::format("; SLA is {} ms, must be positive", sla.latency.count());
  }
  if (interval <= Duration(0)) {
    problems += fmt::format("; interval is {}, must be positive", FormatDuration(interval));
  }
  if (effect_poll <= Duration(0) || effect_poll > interval) {
    problems += fmt::format("; effect poll is {}, must lie in (0, interval {}]",
                            FormatDuration(effect_poll), FormatDuration(interval));
  }
  if (tails.quantile != sla.quantile) {
    problems += fmt::format("; quantile of the tails is {}, must be the SLA's {}",
                            tails.quantile.level(), sla.quantile.level());
  }
  for (const absl::Status& part : {monitor.Validate(), tails.Validate(), windows.Validate(),
                                   safety.Validate(), bias.Validate()}) {
    if (!part.ok()) problems += "; " + std::string(part.message());
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("control options: " + problems.substr(2));
}

}  // namespace trimtab
