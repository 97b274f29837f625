#include "trimtab/kubernetes/exec_credential.h"

#include <chrono>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "fmt/format.h"
#include "trimtab/kubernetes/child_process.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/timestamp.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kVersion = "client.authentication.k8s.io/v1";
constexpr Duration kRenewBeforeEnd = std::chrono::seconds(10);

absl::Status Invalid(std::string_view field, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("ExecCredential: {}: {}", field, why));
}

}  // namespace

absl::StatusOr<ExecAnswer> ParseExecCredential(std::string_view text) {
  auto document = JsonFromText(text);
  if (!document.ok()) return Invalid("output", "is not JSON");
  if (TextAt(*document, {"kind"}) != "ExecCredential") {
    return Invalid("kind", "must be 'ExecCredential'");
  }
  if (TextAt(*document, {"apiVersion"}) != kVersion) {
    return Invalid("apiVersion", fmt::format("must be '{}'", kVersion));
  }
  ExecAnswer answer;
  const std::string token = TextAt(*document, {"status", "token"});
  if (!token.empty()) {
    auto authorization = BearerAuthorization(token);
    if (!authorization.ok()) {
      return Invalid("status", std::string(authorization.status().message()));
    }
    answer.credential.authorization = *std::move(authorization);
  }
  answer.credential.certificate_pem = TextAt(*document, {"status", "clientCertificateData"});
  answer.credential.key_pem = TextAt(*document, {"status", "clientKeyData"});
  if (answer.credential.certificate_pem.empty() != answer.credential.key_pem.empty()) {
    return Invalid("status", "has only one of clientCertificateData and clientKeyData");
  }
  if (answer.credential == Credential{}) {
    return Invalid("status", "has neither token nor clientCertificateData");
  }
  const std::string expires = TextAt(*document, {"status", "expirationTimestamp"});
  if (!expires.empty()) {
    auto instant = ParseTimestamp(expires);
    if (!instant.ok()) {
      return Invalid("status.expirationTimestamp", std::string(instant.status().message()));
    }
    answer.expires = *instant;
  }
  return answer;
}

ExecCredential::ExecCredential(const ClusterConnection& connection, const Clock& clock,
                               bool may_interact)
    : plugin_(*connection.exec),
      connection_(connection),
      clock_(clock),
      interactive_(may_interact && plugin_.interaction != ExecPlugin::Interaction::kNeverAsk) {}

absl::StatusOr<std::shared_ptr<ExecCredential>> ExecCredential::Create(
    const ClusterConnection& connection, const Clock& clock, bool may_interact) {
  if (connection.exec->interaction == ExecPlugin::Interaction::kAlways && !may_interact) {
    return absl::FailedPreconditionError(
        fmt::format("{}: exec plugin '{}' has interactiveMode Always, and there is no terminal",
                    connection.source, connection.exec->command));
  }
  return std::shared_ptr<ExecCredential>(new ExecCredential(connection, clock, may_interact));
}

std::string ExecCredential::ExecInfo() const {
  Json info = {{"apiVersion", kVersion}, {"kind", "ExecCredential"}};
  info["spec"]["interactive"] = interactive_;
  if (plugin_.provide_cluster_info) {
    Json& cluster = info["spec"]["cluster"];
    cluster["server"] = connection_.server;
    if (!connection_.tls.server_name.empty()) {
      cluster["tls-server-name"] = connection_.tls.server_name;
    }
    if (connection_.tls.insecure_skip_verify) cluster["insecure-skip-tls-verify"] = true;
    std::string authority = connection_.tls.ca_pem;
    if (authority.empty() && !connection_.tls.ca_file.empty()) {
      authority = ReadSmallFile(connection_.tls.ca_file).value_or("");
    }
    if (!authority.empty()) {
      cluster["certificate-authority-data"] = absl::Base64Escape(authority);
    }
    if (!connection_.proxy.https.empty()) cluster["proxy-url"] = connection_.proxy.https;
  }
  return DumpJson(info);
}

absl::StatusOr<Credential> ExecCredential::Get() {
  const std::scoped_lock lock(mutex_);
  const bool is_good =
      last_ && (!last_->expires || clock_.Now() + kRenewBeforeEnd < *last_->expires);
  if (is_good) return last_->credential;
  ChildProcess child{.command = plugin_.command,
                     .arguments = plugin_.arguments,
                     .environment = plugin_.environment,
                     .may_read_terminal = interactive_};
  child.environment.emplace_back("KUBERNETES_EXEC_INFO", ExecInfo());
  const auto unavailable = [&](const absl::Status& status) {
    const bool hint = status.code() == absl::StatusCode::kNotFound && !plugin_.install_hint.empty();
    return absl::UnavailableError(fmt::format("{}: exec plugin {}{}{}", connection_.source,
                                              std::string(status.message()), hint ? "; " : "",
                                              hint ? plugin_.install_hint : ""));
  };
  auto printed = RunChild(child, clock_);
  if (!printed.ok()) return unavailable(printed.status());
  auto answer = ParseExecCredential(*printed);
  if (!answer.ok()) {
    return unavailable(absl::InvalidArgumentError(
        fmt::format("'{}': {}", plugin_.command, std::string(answer.status().message()))));
  }
  last_ = *std::move(answer);
  return last_->credential;
}

void ExecCredential::Rejected(const Credential& credential) {
  const std::scoped_lock lock(mutex_);
  if (last_ && last_->credential == credential) last_.reset();
}

}  // namespace trimtab
