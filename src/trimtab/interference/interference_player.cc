#include "trimtab/interference/interference_player.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "trimtab/application/ids.h"
#include "trimtab/application/interference.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

InterferencePlayer::InterferencePlayer(Clock& clock, AnomalyInjector& injector,
                                       const Series& series, Options options)
    : clock_(clock),
      injector_(injector),
      series_(series),
      options_(std::move(options)),
      origin_(clock.Now()),
      next_(clock.Now()) {}

bool InterferencePlayer::WaitUntil(Instant instant) {
  while (next_ <= instant) {
    if (options_.stopped && options_.stopped()) return false;
    if (!clock_.WaitUntil(next_)) return false;
    status_ = InjectStep(next_);
    if (!status_.ok()) return false;
    next_ += options_.step;
  }
  return clock_.WaitUntil(instant);
}

absl::Status InterferencePlayer::InjectStep(Instant start) {
  for (const InterferenceKind kind : kInterferenceKinds) {
    const auto& series = series_[static_cast<std::size_t>(kind)];
    if (!series) continue;
    const double intensity = std::clamp(series->At(start - origin_), 0.0, 1.0);
    if (intensity == 0) continue;
    for (std::size_t host = 0; host < options_.hosts; ++host) {
      const auto id = injector_.Inject({.host = HostId(host),
                                        .kind = kind,
                                        .intensity = Ratio(intensity),
                                        .start = start,
                                        .end = start + options_.step});
      if (!id.ok()) return id.status();
    }
  }
  return absl::OkStatus();
}

}  // namespace trimtab
