// The table of commands.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/exit_code.h"

namespace trimtab {

// Runs a command whose arguments are parsed. An error becomes a line on stderr and the exit code of
// ExitCodeOf; a result that is no error but has its own code (kInfeasible, kChanges) is returned.
using CommandAction = std::function<absl::StatusOr<ExitCode>(Context&)>;

struct Command {
  std::string_view name;  // "version"; a word more for a command of a group, "experiment run"
  std::string_view description;  // one line, without a full stop
  std::string_view examples;     // shown at the end of --help, one command a line
  // Declares the arguments and returns what runs with them. Does no other work: it is called at
  // every start of the program.
  CommandAction (*declare)(Arguments& arguments);
};

// Each is defined in <name>_command.cc; those of a group in
// <group>_command.cc or <group>_<what>_command.cc.
CommandAction DeclareEvalLatency(Arguments& arguments);
CommandAction DeclareEvalLatencyDistribution(Arguments& arguments);
CommandAction DeclareEvalEndToEnd(Arguments& arguments);
CommandAction DeclareEvalGraphDynamics(Arguments& arguments);
CommandAction DeclareEvalLabels(Arguments& arguments);
CommandAction DeclareGraph(Arguments& arguments);
CommandAction DeclareCalibrate(Arguments& arguments);
CommandAction DeclareProfile(Arguments& arguments);
CommandAction DeclareTrain(Arguments& arguments);
CommandAction DeclareExportAppScaler(Arguments& arguments);
CommandAction DeclareExportWorkloads(Arguments& arguments);
CommandAction DeclareDoctor(Arguments& arguments);
CommandAction DeclareValidate(Arguments& arguments);
CommandAction DeclarePlan(Arguments& arguments);
CommandAction DeclareSimulate(Arguments& arguments);
CommandAction DeclareExperimentRun(Arguments& arguments);
CommandAction DeclareExperimentList(Arguments& arguments);
CommandAction DeclareExportSizes(Arguments& arguments);
CommandAction DeclareRecommend(Arguments& arguments);
CommandAction DeclareApply(Arguments& arguments);
CommandAction DeclareRun(Arguments& arguments);
CommandAction DeclareExplain(Arguments& arguments);
CommandAction DeclareReport(Arguments& arguments);
CommandAction DeclareVersion(Arguments& arguments);

// In the order in which --help lists them.
std::span<const Command> Commands();

}  // namespace trimtab
