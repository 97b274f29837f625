#include "trimtab/cli/exit_code.h"

#include "absl/status/status.h"

namespace trimtab {

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return ExitCode::kSuccess;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kDataLoss:
      return ExitCode::kUsage;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kUnavailable:
      return ExitCode::kInsufficientData;
    case absl::StatusCode::kResourceExhausted:
      return ExitCode::kInfeasible;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return ExitCode::kRefused;
    default:
      return ExitCode::kFailure;
  }
}

}  // namespace trimtab
