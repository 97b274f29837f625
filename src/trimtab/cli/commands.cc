#include "trimtab/cli/commands.h"

#include <array>
#include <span>

namespace trimtab {

namespace {

constexpr std::array kCommands = {
    Command{.name = "graph",
            .description = "Print the operations, call graphs and own latencies found in spans",
            .examples = "trimtab graph spans.csv.gz\n"
                        "trimtab graph -o json --class-by multiplicity traces.json\n"
                        "trimtab graph --svg 1 spans.csv.gz > class.svg",
            .declare = DeclareGraph},
    Command{.name = "calibrate",
            .description = "Fit a scenario's parameters to recordings, and say how far they are off",
            .examples = "trimtab calibrate --of load rates.txt --play 400m\n"
                        "trimtab calibrate --of interference --kind cpu machines.csv.gz --length 60m",
            .declare = DeclareCalibrate},
    Command{.name = "validate",
            .description = "Check scenario files offline",
            .examples = "trimtab validate hotel-reservation\n"
                        "trimtab validate -o json ./app.yaml",
            .declare = DeclareValidate},
    Command{.name = "version",
            .description = "Print the version, the commit, the build type and the SIMD targets",
            .examples = "trimtab version\n"
                        "trimtab version -o json",
            .declare = DeclareVersion},
};

}  // namespace

std::span<const Command> Commands() { return kCommands; }

}  // namespace trimtab
