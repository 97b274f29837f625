// What the watches and the book of sizes say of one workload.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "trimtab/application/allocation.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/cluster/application_view.h"
#include "trimtab/deployment/actuator.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// A resize of a pod that was given up.
struct StuckResize {
  ContainerConfig wanted{};  // of the pod's scaled containers together
  std::string reason{};      // "ResizeDeferred: ..."
  Instant until{};           // not asked for again before
};
using StuckResizes = std::map<std::string, StuckResize>;  // by the uid of the pod

struct WorkloadReading {
  MicroserviceState state{};
  // What its pods are to have, one entry for each scaled container; empty where nothing is known
  // but the template.
  std::vector<PodSize> sizes{};
  bool is_in_book = false;  // else `sizes` were found on running pods, or are empty
  std::string conflict{};   // the pod that somebody else resized; empty: none
};

// Desired are the replicas of the scale and the size of the book; without a valid entry the largest
// size of a running pod of the current template, so that sizes lost from the book are not lost;
// without such a pod the template's. Where the size must stay as it is: the largest that runs. A
// size that somebody else gave a pod counts as desired where it is larger, until it is planned
// anew: what others raised is never made smaller unawares.
//
// The reason of a state that is not effective begins with a stable word: NotFound, FieldConflict,
// Quota, LimitRange, FailedCreate, NodeCapacity, Unschedulable, CrashLooping, ImagePull,
// ResizeInfeasible, ResizeDeferred, ResizeTimedOut, ResizeFailed, ResizeUnsupported, Resizing,
// RolloutInProgress, NotReady, Creating.
WorkloadReading ReadSight(const ScaledWorkload& scaled, const WorkloadSight& sight,
                          const std::vector<PodSize>& book, const StuckResizes& stuck,
                          std::string_view field_manager);

// A pod of the workload that has not ended and is not being deleted.
bool IsLive(const PodSight& pod);

// The stable word for what keeps pods from being created or resized: "Quota", "LimitRange",
// "NodeCapacity", or `otherwise`.
std::string_view RefusalReason(std::string_view message, std::string_view otherwise);

}  // namespace trimtab
