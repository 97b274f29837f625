// Where the real servers are that `make servers` makes.
#pragma once

#include <absl/status/statusor.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace trimtab::servers {

// The path of a program, as build_servers.sh names it: kube-apiserver, etcd and kubectl in the
// folder that KUBEBUILDER_ASSETS names where it is set, all others, and these without it, in
// build/servers of the source tree. Fails with NotFound and what to do when it is not there.
absl::StatusOr<std::string> ProgramPath(std::string_view name);

// For the SetUp of a fixture: when a program is missing, fails the running test where the
// environment variable CI is set, and skips it with the reason elsewhere.
void RequirePrograms(std::initializer_list<std::string_view> names);

// The same for programs that a package of the machine brings, looked for in $PATH.
void RequireInstalled(std::initializer_list<std::string_view> names);

}  // namespace trimtab::servers
