// Credentials from a program of the user's, as kubeconfig's `exec` asks.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "trimtab/clock/clock.h"
#include "trimtab/http/credential.h"
#include "trimtab/kubernetes/kubeconfig.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// What a plugin printed: an ExecCredential.
struct ExecAnswer {
  Credential credential;
  std::optional<Instant> expires;  // none: good until it is refused
};

// kInvalidArgument, without any of its secrets: it is not an ExecCredential of
// client.authentication.k8s.io/v1, has neither token nor certificate, half a pair, or a time that
// is none.
absl::StatusOr<ExecAnswer> ParseExecCredential(std::string_view text);

// Runs the plugin when there is no credential, when the last one expires within ten seconds and
// after a refusal; at most one at a time, for at most a minute, and reads at most 1 MiB of what it
// prints. Its standard error goes to ours.
class ExecCredential : public CredentialSource {
 public:
  // kFailedPrecondition: the plugin must ask (interactiveMode Always) and `may_interact` is false.
  static absl::StatusOr<std::shared_ptr<ExecCredential>> Create(const ClusterConnection& connection,
                                                                const Clock& clock,
                                                                bool may_interact);

  // kUnavailable, with the plugin's name and its installHint when it does not exist: it cannot be
  // run, ends with another code than 0, takes too long or prints something else.
  absl::StatusOr<Credential> Get() override;
  void Rejected(const Credential& credential) override;

 private:
  ExecCredential(const ClusterConnection& connection, const Clock& clock, bool may_interact);
  std::string ExecInfo() const;

  const ExecPlugin plugin_;
  const ClusterConnection connection_;
  const Clock& clock_;
  const bool interactive_;
  std::mutex mutex_;
  std::optional<ExecAnswer> last_;  // guarded by mutex_
};

}  // namespace trimtab
