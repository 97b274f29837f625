#include "trimtab/cli/listener_tls.h"

namespace trimtab {

void DeclareListenerTls(Arguments& arguments, ListenerTls* values) {
  arguments.Option(
      "tls-certificate", &values->certificate,
      "listen with TLS: the server's certificate and its chain, PEM; a changed file is "
      "taken up",
      "FILE");
  arguments.Option("tls-key", &values->key, "the certificate's key, PEM", "FILE");
  arguments.Option("tls-client-ca", &values->client_ca,
                   "senders have to show a certificate of these authorities, PEM", "FILE");
  arguments.Flag("allow-clear-text", &values->allow_clear_text,
                 "listen without TLS on addresses that are not loopback");
}

absl::StatusOr<std::optional<ServerTlsFiles>> TlsFilesOf(const ListenerTls& values) {
  if (values.certificate.empty() != values.key.empty()) {
    return absl::InvalidArgumentError("--tls-certificate and --tls-key want each other");
  }
  if (!values.certificate.empty()) {
    return ServerTlsFiles{.certificate_file = values.certificate,
                          .key_file = values.key,
                          .client_ca_file = values.client_ca};
  }
  if (!values.client_ca.empty()) {
    return absl::InvalidArgumentError("--tls-client-ca wants --tls-certificate and --tls-key");
  }
  return std::nullopt;
}

absl::Status CheckListeners(const ListenerTls& values, const std::vector<ListenAddress>& addresses,
                            std::string_view listen_value) {
  return CheckClearText(addresses, {.has_tls = !values.certificate.empty(),
                                    .is_allowed = values.allow_clear_text,
                                    .listen_value = listen_value,
                                    .tls_value = "--tls-certificate and --tls-key",
                                    .allow_value = "--allow-clear-text"});
}

}  // namespace trimtab
