// `ExperimentProgress` that shows nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "trimtab/experiment/experiment.h"

namespace trimtab::testing {

class NoProgress : public ExperimentProgress {
 public:
  std::function<void(std::int64_t)> Start(std::string, std::int64_t) override {
    return [](std::int64_t) {};
  }
};

}  // namespace trimtab::testing
