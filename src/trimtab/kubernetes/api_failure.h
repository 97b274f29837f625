// What an API server answers when it refuses.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/http/http_message.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// One reason of several: 'FieldValueInvalid' of 'spec.replicas', 'NodeCapacity',
// 'DisruptionBudget'.
struct ApiCause {
  std::string reason{};
  std::string field{};
  std::string message{};
};

// A metav1.Status, or an answer of another kind: a proxy's page, or the plain text of an unknown
// path or a full queue.
struct ApiFailure {
  int code = 0;
  std::string reason{};   // "Conflict", "AlreadyExists", "Expired"; empty when it is no Status
  std::string message{};  // at most 1 KiB
  std::vector<ApiCause> causes{};
  std::optional<Duration> retry_after{};

  bool HasCause(std::string_view cause) const;
};

// The failure as a status; `what` begins its message: "PATCH /api/v1/...".
//   400, 422 kInvalidArgument   401 kUnauthenticated     403 kPermissionDenied   404 kNotFound
//   409 kAlreadyExists, or kAborted: read again and decide anew
//   410 kOutOfRange: the version is gone, list again      413, 429 kResourceExhausted
//   405, 406, 415 kUnimplemented   500 kInternal   504 kDeadlineExceeded   502, 503 kUnavailable
absl::Status ToStatus(std::string_view what, const ApiFailure& failure);

// Reads an answer that is not 2xx.
ApiFailure ReadApiFailure(const HttpResponse& response);

// What ToStatus() was given; none for any other status.
std::optional<ApiFailure> ApiFailureOf(const absl::Status& status);

}  // namespace trimtab
