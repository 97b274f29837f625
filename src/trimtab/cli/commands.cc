#include "trimtab/cli/commands.h"

#include <array>
#include <span>

namespace trimtab {

namespace {

constexpr std::array kCommands = {
    Command{.name = "version",
            .description = "Print the version, the commit, the build type and the SIMD targets",
            .examples = "trimtab version\n"
                        "trimtab version -o json",
            .declare = DeclareVersion},
};

}  // namespace

std::span<const Command> Commands() { return kCommands; }

}  // namespace trimtab
