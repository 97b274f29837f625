// Says now and then how long a job of many parts will still take.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>

#include "trimtab/controller/control_loop.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// By the mean rate so far, in whatever unit the work of the parts is told in. A line is written
// when a twentieth, a quarter, a half and three quarters are done, but none of less than half a
// minute to come. Thread-safety: any thread.
class RemainingTime {
 public:
  // Without a stopwatch it says nothing. `note` must stay callable.
  RemainingTime(std::string name, double total, Stopwatch stopwatch,
                std::function<void(const std::string& line)> note);

  void Add(double work);

 private:
  const std::string name_;
  const double total_;
  const Stopwatch stopwatch_;
  const std::function<void(const std::string&)> note_;
  std::mutex mutex_;
  Duration started_{0};
  double done_ = 0;
  std::size_t said_ = 0;
};

}  // namespace trimtab
