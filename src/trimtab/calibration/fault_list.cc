#include "trimtab/calibration/fault_list.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"

namespace trimtab {
namespace {

// "2023-01-29 08:43:04" in UTC; nothing for anything else.
std::optional<Instant> TimeOfDay(const std::string& text) {
  constexpr std::string_view kForm = "dddd-dd-dd dd:dd:dd";
  if (text.size() != kForm.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == 'd' ? !is_digit : text[i] != kForm[i]) return std::nullopt;
  }
  const auto number = [&](std::size_t from, std::size_t digits) {
    int value = 0;
    for (std::size_t i = from; i < from + digits; ++i) value = 10 * value + (text[i] - '0');
    return value;
  };
  const std::chrono::year_month_day day(std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2))));
  if (!day.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 59) {
    return std::nullopt;
  }
  return Instant(std::chrono::sys_days(day).time_since_epoch() + std::chrono::hours(number(11, 2)) +
                 std::chrono::minutes(number(14, 2)) + std::chrono::seconds(number(17, 2)));
}

}  // namespace

absl::StatusOr<std::vector<FaultWindow>> ParseFaultList(std::string_view text,
                                                        std::string_view name, Duration before,
                                                        Duration after) {
  const auto document = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) {
    return absl::InvalidArgumentError(fmt::format("'{}': is no JSON object", name));
  }
  std::vector<FaultWindow> windows;
  for (const auto& [key, list] : document.items()) {
    if (!list.is_array()) {
      return absl::InvalidArgumentError(fmt::format("'{}': '{}' is no list", name, key));
    }
    for (const auto& fault : list) {
      const bool is_fault = fault.is_object() && fault.contains("inject_time") &&
                            fault["inject_time"].is_string() && fault.contains("inject_pod") &&
                            fault["inject_pod"].is_string();
      const auto at = is_fault ? TimeOfDay(fault["inject_time"].get<std::string>()) : std::nullopt;
      if (!at) {
        return absl::InvalidArgumentError(fmt::format(
            "'{}': '{}' holds '{}', must have inject_time as in 2023-01-29 08:43:04 and inject_pod",
            name, key, fault.dump().substr(0, 200)));
      }
      windows.push_back({fault["inject_pod"].get<std::string>(), *at - before, *at + after});
    }
  }
  return windows;
}

}  // namespace trimtab
