// Any text is read as a kubeconfig or refused with its file; what is read merges with itself and
// answers for any context.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "trimtab/kubernetes/exec_credential.h"
#include "trimtab/kubernetes/kubeconfig.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto config = trimtab::Kubeconfig::Parse(text, "/nonexistent/config");
  if (config.ok()) {
    config->Merge(*config);
    const auto connection = config->Connection("");
    if (connection.ok() && connection->server.empty()) __builtin_trap();
    if (!connection.ok() && connection.status().message().empty()) __builtin_trap();
  } else if (std::string(config.status().message()).rfind("/nonexistent/config", 0) != 0) {
    __builtin_trap();
  }
  (void)trimtab::ParseExecCredential(text);
  return 0;
}
