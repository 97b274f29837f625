// Closes the windows of the simulated cluster.
#pragma once

#include <cstdint>

#include "trimtab/simulation/event_loop.h"
#include "trimtab/simulation/window.h"

namespace trimtab {

// Reads the statistics of the present window and begins the next one; touches nothing that the
// simulation depends on. Thread-safety: none.
class WindowRecorder {
 public:
  // `loop` must outlive it.
  explicit WindowRecorder(EventLoop& loop) : loop_(loop) {}

  WindowRecord Close();

 private:
  MicroserviceWindow CloseMicroservice(std::uint32_t microservice, SimNanos length);
  PodWindow ClosePod(Container& container, SimNanos length);

  EventLoop& loop_;
  SimNanos start_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t arrivals_ = 0;
};

// "search-3": the fourth replica of search that was ever created.
std::string PodName(const ClusterScenario& scenario, std::uint32_t microservice,
                    std::uint32_t ordinal);

}  // namespace trimtab
