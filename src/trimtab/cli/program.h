// The command line: from words to a command that ran.
#pragma once

#include <span>
#include <string>

#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"

namespace trimtab {

// Parses `words` (without the program's name) against the commands, runs the one that is named and
// returns its exit code. Help goes to context.out; what is wrong with the line, and the error of a
// command, to context.err with the code of ExitCodeOf.
ExitCode RunProgram(std::span<const Command> commands, std::span<const std::string> words,
                    Context& context);

}  // namespace trimtab
