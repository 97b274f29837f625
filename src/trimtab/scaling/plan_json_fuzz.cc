// Fuzzes the reader of plans: no crash, and what it accepts it writes and reads again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "trimtab/application/application.h"
#include "trimtab/scaling/plan_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const trimtab::Application application = *trimtab::Application::Create(
      "shop", {{.name = "front", .bounds = {}}, {.name = "store", .bounds = {}}}, {});
  const auto plan = trimtab::PlanFromJson(
      std::string_view(reinterpret_cast<const char*>(data), size), application);
  if (!plan.ok()) return 0;
  const std::string text = trimtab::PlanToJson(*plan, application);
  if (!trimtab::PlanFromJson(text, application).ok()) std::abort();
  return 0;
}
