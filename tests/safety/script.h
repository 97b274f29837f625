// What the tests of safety and the leader that they start agree on.
#pragma once

#include <string>

#include "trimtab/application/allocation.h"

namespace trimtab {

// The application: two Deployments. One commit raises replicas and size of the first and lowers
// both of the second.
inline constexpr char kScalerName[] = "two";
inline constexpr MicroserviceAllocation kFirstBefore{2, {Millicores(200), Mebibytes(128)}};
inline constexpr MicroserviceAllocation kFirstAfter{3, {Millicores(400), Mebibytes(256)}};
inline constexpr MicroserviceAllocation kSecondBefore{3, {Millicores(200), Mebibytes(128)}};
inline constexpr MicroserviceAllocation kSecondAfter{2, {Millicores(150), Mebibytes(100)}};

// The arguments of the leader, each "--name=value".
struct LeaderScript {
  std::string kubeconfig;
  std::string name_space;
  std::string identity;
  std::string journal;  // a folder
  // "commit" asks for the allocation after, in every decision; "keep" for what there is.
  std::string ask = "keep";
  // What happens at which step of the first commit, both empty for nothing. Steps are, from 1 on:
  // before and after the entry in the journal, then before each write to the API server.
  //   "kill"       the process kills itself
  //   "stop"       it stops itself before it asks whether it still may write
  //   "late"       it stops itself after it has asked for the last time, before it sends
  //   "pause", "recommend"   the AppScaler is, and the process has seen it
  std::string fault{};
  int step = 0;
};

}  // namespace trimtab
