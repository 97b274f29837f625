// Time: one integer clock for both worlds, and latencies as floating milliseconds.
#pragma once

#include <chrono>
#include <cstdint>

namespace trimtab {

// The clock of a world. In the simulated cluster it starts at 0; on a real cluster it counts from
// the Unix epoch. Integer nanoseconds: equal times are equal and sums do not drift.
struct WorldClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<WorldClock, duration>;
  static constexpr bool is_steady = true;
};

using Duration = std::chrono::nanoseconds;
using Instant = WorldClock::time_point;

// A latency as statistics and models use it.
using Latency = std::chrono::duration<double, std::milli>;

constexpr double InSeconds(Duration d) { return static_cast<double>(d.count()) * 1e-9; }
constexpr double InSeconds(Latency l) { return l.count() * 1e-3; }
constexpr double InMilliseconds(Latency l) { return l.count(); }
constexpr Latency ToLatency(Duration d) { return Latency(static_cast<double>(d.count()) * 1e-6); }
// Nearest nanosecond. REQUIRES: |seconds| < 9.2e9.
constexpr Duration SecondsToDuration(double seconds) {
  return Duration(static_cast<std::int64_t>(seconds * 1e9 + (seconds >= 0 ? 0.5 : -0.5)));
}

}  // namespace trimtab
