// Any JSON is read as every kind of object, or refused with a reason; what is read as a pod can be
// asked for its resize.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "trimtab/kubernetes/autoscaler_view.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/lease.h"
#include "trimtab/kubernetes/limits_view.h"
#include "trimtab/kubernetes/pod_view.h"
#include "trimtab/kubernetes/workload_view.h"
#include "trimtab/kubernetes/workload_writes.h"

namespace trimtab {
namespace {

template <class View>
void Check(const absl::StatusOr<View>& view) {
  if (!view.ok() && view.status().message().empty()) __builtin_trap();
}

}  // namespace
}  // namespace trimtab

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto json =
      trimtab::JsonFromText(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!json.ok()) return 0;
  const auto pod = trimtab::ReadPod(*json);
  trimtab::Check(pod);
  if (pod.ok()) {
    (void)pod->Resize();
    const auto patch = trimtab::ResizePatch(*pod, {{.container = pod->containers[0].name,
                                                    .requests = {.cpu = trimtab::Millicores(1)}}});
    if (!patch.ok()) __builtin_trap();
  }
  trimtab::Check(trimtab::ReadWorkload(*json));
  trimtab::Check(trimtab::ReadScale(*json));
  trimtab::Check(trimtab::ReadHpa(*json));
  trimtab::Check(trimtab::ReadVpa(*json));
  trimtab::Check(trimtab::ReadScaledObject(*json));
  trimtab::Check(trimtab::ReadNode(*json));
  trimtab::Check(trimtab::ReadQuota(*json));
  trimtab::Check(trimtab::ReadLimitRange(*json));
  trimtab::Check(trimtab::ReadDisruptionBudget(*json));
  trimtab::Check(trimtab::ReadLease(*json));
  return 0;
}
