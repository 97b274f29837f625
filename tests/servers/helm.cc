#include "tests/servers/helm.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "tests/servers/child_process.h"
#include "tests/servers/programs.h"

namespace trimtab::servers {

absl::StatusOr<std::string> Helm(const ControlPlane& plane, std::vector<std::string> arguments) {
  absl::StatusOr<std::string> path = ProgramPath("helm");
  if (!path.ok()) return path.status();
  std::vector<std::string> command = {"/usr/bin/env"};
  for (const char* folder : {"CACHE", "CONFIG", "DATA"}) {
    command.push_back(fmt::format("HELM_{}_HOME={}/helm", folder, plane.folder()));
  }
  command.push_back(*std::move(path));
  command.insert(command.end(), {"--kubeconfig", plane.kubeconfig()});
  command.insert(command.end(), arguments.begin(), arguments.end());
  return RunCommand(std::move(command));
}

absl::StatusOr<std::string> ServiceAccountKubeconfig(const ControlPlane& plane,
                                                     std::string_view name_space,
                                                     std::string_view account,
                                                     std::string_view pod) {
  std::vector<std::string> command = {"create", "token", std::string(account), "-n",
                                      std::string(name_space)};
  if (!pod.empty()) {
    command.insert(command.end(),
                   {"--bound-object-kind", "Pod", "--bound-object-name", std::string(pod)});
  }
  const absl::StatusOr<std::string> token = plane.Kubectl(std::move(command));
  if (!token.ok()) return token.status();
  std::string path =
      fmt::format("{}/{}-{}-{}.kubeconfig", plane.folder(), name_space, account, pod);
  std::ofstream file(path);
  std::error_code error;
  std::filesystem::permissions(
      path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
  file << fmt::format(
      "apiVersion: v1\nkind: Config\ncurrent-context: own\n"
      "clusters: [{{name: test, cluster: {{server: '{}', certificate-authority: '{}'}}}}]\n"
      "users: [{{name: account, user: {{token: '{}'}}}}]\n"
      "contexts: [{{name: own, context: {{cluster: test, user: account, namespace: '{}'}}}}]\n",
      plane.url(), plane.ca_file(), token->substr(0, token->find('\n')), name_space);
  file.close();
  if (!file || error) return absl::InternalError(fmt::format("file '{}' cannot be written", path));
  return path;
}

}  // namespace trimtab::servers
