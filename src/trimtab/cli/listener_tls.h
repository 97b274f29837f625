// How a command's listeners speak: TLS from files, or clear text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/server/listen_address.h"
#include "trimtab/server/server_tls.h"

namespace trimtab {

struct ListenerTls {
  std::string certificate, key, client_ca;  // files
  bool allow_clear_text = false;
};

// --tls-certificate, --tls-key, --tls-client-ca and --allow-clear-text; `values` must live until
// the command ran.
void DeclareListenerTls(Arguments& arguments, ListenerTls* values);

// None: clear text. kInvalidArgument: certificate or key without the other, or the authority of
// clients without both.
absl::StatusOr<std::optional<ServerTlsFiles>> TlsFilesOf(const ListenerTls& values);

// CheckClearText() for the addresses of the option `listen_value`, such as "--listen".
absl::Status CheckListeners(const ListenerTls& values, const std::vector<ListenAddress>& addresses,
                            std::string_view listen_value);

}  // namespace trimtab
