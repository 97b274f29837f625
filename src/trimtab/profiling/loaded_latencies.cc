#include "trimtab/profiling/loaded_latencies.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"

namespace trimtab {
namespace {

// Windows of neighbouring rates that are taken for one load.
struct LoadGroup {
  std::int64_t traces = 0;
  double seconds = 0;
  std::vector<std::size_t> windows;
  double rate() const { return static_cast<double>(traces) / seconds; }
};

void Merge(std::vector<LoadGroup>& groups, std::size_t left) {
  LoadGroup& into = groups[left];
  LoadGroup& from = groups[left + 1];
  into.traces += from.traces;
  into.seconds += from.seconds;
  into.windows.insert(into.windows.end(), from.windows.begin(), from.windows.end());
  groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(left) + 1);
}

// Of the neighbours (i, i + 1) with i in [first, last), those of the nearest rates.
std::size_t MostAlike(const std::vector<LoadGroup>& groups, std::size_t first, std::size_t last) {
  std::size_t best = first;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = first; i < last; ++i) {
    const double ratio = groups[i + 1].rate() / groups[i].rate();
    if (ratio < least) {
      least = ratio;
      best = i;
    }
  }
  return best;
}

// Not a number for what the rule drops.
float OwnMilliseconds(const Visit& visit, OwnLatencyRule rule) {
  Duration own = visit.own_latency;
  if (rule == OwnLatencyRule::kPlain) {
    own = visit.plain_own_latency();
    if (own <= Duration(0)) return std::numeric_limits<float>::quiet_NaN();
  }
  return static_cast<float>(ToLatency(own).count());
}

}  // namespace

void LoadCollector::AcceptTrace(const TraceId& /*trace*/, std::span<const SpanRecord> spans) {
  const TraceVisits* trace = visits_.Build(spans, names_);
  if (trace == nullptr || trace->visits.empty()) return;
  if (samples_.size() + trace->visits.size() > options_.most_visits) {
    overflow_ = true;
    return;
  }
  const auto index = static_cast<std::uint32_t>(starts_.size());
  starts_.push_back(trace->visits.front().start);
  for (const Visit& visit : trace->visits) {
    samples_.push_back(
        {index, visit.service, visit.pod, OwnMilliseconds(visit, options_.own_latency)});
  }
}

std::vector<LoadCollector::Window> LoadCollector::CutWindows(
    std::vector<std::uint32_t>& window_of) const {
  std::vector<std::uint32_t> order(starts_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](std::uint32_t trace) { return starts_[trace]; });
  window_of.assign(starts_.size(), 0);
  std::vector<Window> windows;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && starts_[order[end]] - starts_[order[end - 1]] <= options_.pause) {
      ++end;
    }
    const double length = InSeconds(starts_[order[end - 1]] - starts_[order[begin]]);
    const auto parts =
        static_cast<std::size_t>(std::max(1.0, std::round(length / InSeconds(options_.window))));
    const std::size_t first = windows.size();
    for (std::size_t part = 0; part < parts; ++part) {
      windows.push_back({.seconds = length / static_cast<double>(parts)});
    }
    for (std::size_t i = begin; i < end; ++i) {
      const double since = InSeconds(starts_[order[i]] - starts_[order[begin]]);
      const auto part =
          length > 0 ? static_cast<std::size_t>(since / length * static_cast<double>(parts)) : 0;
      const std::size_t window = first + std::min(part, parts - 1);
      window_of[order[i]] = static_cast<std::uint32_t>(window);
      ++windows[window].traces;
    }
    // The stretch begins and ends with a trace: one more than it has intervals.
    if (windows.back().traces > 1) --windows.back().traces;
    begin = end;
  }
  return windows;
}

std::vector<RecordedLoad> LoadCollector::GroupWindows(std::vector<Window>& windows) const {
  std::vector<LoadGroup> groups;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    if (windows[i].traces == 0 || !(windows[i].seconds > 0)) continue;
    groups.push_back({windows[i].traces, windows[i].seconds, {i}});
  }
  std::ranges::stable_sort(groups, {}, &LoadGroup::rate);
  while (groups.size() > 1) {
    const std::size_t alike = MostAlike(groups, 0, groups.size() - 1);
    if (groups[alike + 1].rate() < options_.same_load * groups[alike].rate() ||
        groups.size() > options_.most_loads) {
      Merge(groups, alike);
      continue;
    }
    const auto small = std::ranges::find_if(
        groups, [&](const LoadGroup& group) { return group.traces < options_.fewest_traces; });
    if (small == groups.end()) break;
    const auto place = static_cast<std::size_t>(small - groups.begin());
    Merge(groups,
          MostAlike(groups, place == 0 ? 0 : place - 1, std::min(place + 1, groups.size() - 1)));
  }
  std::vector<RecordedLoad> loads;
  for (const LoadGroup& group : groups) {
    for (const std::size_t window : group.windows) windows[window].load = loads.size();
    loads.push_back({group.rate() / options_.sampling, group.seconds, group.traces});
  }
  return loads;
}

absl::StatusOr<LoadedLatencies> LoadCollector::Collect() const {
  if (overflow_) {
    return absl::InvalidArgumentError(
        fmt::format("more than {} visits; take a part of the recording", options_.most_visits));
  }
  if (starts_.empty()) return absl::InvalidArgumentError("there is no whole trace");
  std::vector<std::uint32_t> window_of;
  std::vector<Window> windows = CutWindows(window_of);
  LoadedLatencies result;
  result.loads = GroupWindows(windows);
  if (result.loads.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("all {} traces start at one instant, a load needs time", starts_.size()));
  }
  for (const std::uint32_t window : window_of) {
    const bool has_rate = windows[window].traces > 0 && windows[window].seconds > 0;
    result.load_of_trace.push_back(has_rate ? std::optional(windows[window].load) : std::nullopt);
  }
  struct AtLoad {
    std::size_t visits = 0;
    std::vector<std::pair<Instant, double>> samples;
    std::set<std::pair<std::uint32_t, std::size_t>> pods;  // window and pod
  };
  std::map<std::string, std::vector<AtLoad>> by_name;
  for (const Sample& sample : samples_) {
    const std::uint32_t window = window_of[sample.trace];
    if (windows[window].traces == 0 || !(windows[window].seconds > 0)) continue;
    std::vector<AtLoad>& of = by_name[names_.Name(sample.service)];
    of.resize(result.loads.size());
    AtLoad& at = of[windows[window].load];
    ++at.visits;
    if (!std::isnan(sample.own_milliseconds)) {
      at.samples.emplace_back(starts_[sample.trace],
                              1e-3 * static_cast<double>(sample.own_milliseconds));
    }
    at.pods.emplace(window, sample.pod.value());
  }
  for (auto& [name, of] : by_name) {
    LoadedLatencies::OfMicroservice& microservice = result.microservices.emplace_back();
    microservice.name = name;
    for (AtLoad& at : of) {
      if (at.samples.empty()) continue;
      std::ranges::stable_sort(at.samples, {}, &std::pair<Instant, double>::first);
      double container_seconds = 0;
      for (const auto& [window, pod] : at.pods) container_seconds += windows[window].seconds;
      LatenciesAtLoad& latencies = microservice.loads.emplace_back();
      latencies.container_load =
          static_cast<double>(at.visits) / container_seconds / options_.sampling;
      for (const auto& [start, seconds] : at.samples) latencies.seconds.push_back(seconds);
    }
    std::ranges::stable_sort(microservice.loads, {}, &LatenciesAtLoad::container_load);
  }
  return result;
}

}  // namespace trimtab
