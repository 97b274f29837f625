// Any text is read as an AppScaler, leniently as JSON and strictly as YAML, or refused with a
// reason; what is read has an application or a reason too, and its status is written back as read.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/kubernetes/json_view.h"

namespace trimtab {
namespace {

void Check(const absl::StatusOr<AppScaler>& scaler) {
  if (!scaler.ok()) {
    if (scaler.status().message().empty()) __builtin_trap();
    return;
  }
  const auto application = ApplicationOf(*scaler);
  if (!application.ok() && application.status().message().empty()) __builtin_trap();
  const auto json = ScalerStatusToJson(scaler->status);
  if (ScalerStatusToJson(ReadScalerStatus(json, nullptr)) != json) __builtin_trap();
}

}  // namespace
}  // namespace trimtab

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto json = trimtab::JsonFromText(text); json.ok()) {
    trimtab::Check(trimtab::ReadAppScaler(*json));
  }
  trimtab::Check(trimtab::ReadAppScalerYaml(text, "fuzz.yaml"));
  return 0;
}
