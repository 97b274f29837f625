// What a command is given to run with.
#pragma once

#include <atomic>
#include <ostream>

#include "trimtab/cli/progress.h"

namespace trimtab {

struct Context {
  std::ostream& out;              // results, nothing else
  std::ostream& err;              // everything that is not a result
  bool color = false;             // `out` is a terminal and NO_COLOR is not set
  Progress& progress;             // quiet when stderr is no terminal
  const std::atomic<bool>& stop;  // set by Ctrl-C or SIGTERM: save what is done, return kCancelled
};

}  // namespace trimtab
