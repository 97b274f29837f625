#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/interrupt.h"
#include "trimtab/cli/program.h"
#include "trimtab/cli/progress.h"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  const bool out_is_terminal = isatty(STDOUT_FILENO) == 1;
  const char* no_color = std::getenv("NO_COLOR");
  trimtab::Progress progress(std::cerr, isatty(STDERR_FILENO) == 1);
  trimtab::Context context{
      .out = std::cout,
      .err = std::cerr,
      // https://no-color.org: any value but the empty one.
      .color = out_is_terminal && (no_color == nullptr || *no_color == '\0'),
      .progress = progress,
      .stop = trimtab::CatchInterrupts(),
  };
  const std::vector<std::string> words(argv + 1, argv + argc);
  const trimtab::ExitCode code = trimtab::RunProgram(trimtab::Commands(), words, context);
  if (trimtab::InterruptSignal() != 0 && code == trimtab::ExitCode::kFailure) {
    return 128 + trimtab::InterruptSignal();
  }
  return static_cast<int>(code);
}
