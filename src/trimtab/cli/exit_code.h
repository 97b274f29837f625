// The exit codes of the program and which error leads to which.
#pragma once

#include "absl/status/status.h"

namespace trimtab {

// Documented in docs/command-line.md; scripts rely on these numbers.
enum class ExitCode {
  kSuccess = 0,
  kFailure = 1,           // something broke while running
  kUsage = 2,             // the command line or an input file is wrong: fix it and run again
  kInsufficientData = 3,  // a source is down or a profile is missing or of another version
  kInfeasible = 4,        // the SLA cannot be met inside the given bounds
  kRefused = 5,           // another controller owns the target, or the plan is stale
  kChanges = 10,          // with --exit-code: there are changes
};

// The code of an error, by what the caller can do about it:
//   OK                                                     0
//   kInvalidArgument, kOutOfRange, kNotFound, kDataLoss    2  fix the input
//   kFailedPrecondition, kUnavailable                      3  get the data or the model first
//   kResourceExhausted                                     4  relax the SLA or the bounds
//   kPermissionDenied, kAlreadyExists, kAborted            5  settle who owns the target
//   kCancelled                                             1, or 128 + the signal that caused it
//   any other                                              1
ExitCode ExitCodeOf(const absl::Status& status);

}  // namespace trimtab
