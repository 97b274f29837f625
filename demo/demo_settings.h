// What the demonstration shows, and what is shorter in it than in a cluster of yours.
#pragma once

#include <chrono>
#include <string_view>

namespace trimtab::demo {

inline constexpr std::string_view kScenario = "hotel-reservation";
inline constexpr std::string_view kNamespace = "hotel";
inline constexpr std::string_view kOwnNamespace = "trimtab-system";
inline constexpr std::string_view kRelease = "trimtab";

// Of every container at the start, and the most that the AppScaler allows: one size that fits all,
// as a template gives it. What is too much for one container then takes further replicas.
inline constexpr std::string_view kContainerCpu = "300m";
inline constexpr std::string_view kContainerMemory = "256Mi";

struct DemoSettings {
  double load_before = 80;  // requests per second
  double load_after = 160;
  std::chrono::minutes load_length{6};
  std::chrono::seconds step_after{130};  // from the beginning of the load
  std::chrono::seconds length{240};      // of what is shown
  double target_seconds = 0.3;           // the scenario's SLA

  // Shorter than their defaults, so that minutes show what otherwise takes hours.
  std::chrono::seconds scrape_interval{1};    // 15 s to 60 s in most clusters
  std::chrono::seconds rate_window{10};       // 2 min
  std::chrono::seconds decision_interval{5};  // 15 s
  std::chrono::seconds objective_window{10};  // 1 min
  std::chrono::seconds trace_settle{3};       // 60 s
  std::chrono::seconds scale_down_pause{20};  // stabilisation, 5 min
  std::chrono::seconds timeline_interval{
      10};  // a line of the timeline, beside one for each decision
};

}  // namespace trimtab::demo
