#include "trimtab/operator/run_log.h"

#include <array>
#include <chrono>
#include <nlohmann/json.hpp>

#include "fmt/format.h"
#include "trimtab/kubernetes/timestamp.h"

namespace trimtab {
namespace {

constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warn", "error"};

// "2026-01-01T00:00:00.123Z"
std::string Milliseconds(Instant at) {
  std::string text = FormatMicroTimestamp(at);
  text.erase(text.size() - 4, 3);
  return text;
}

}  // namespace

void RunLog::Write(LogLevel level, std::string_view message, Fields fields) {
  if (level < least_) return;
  const std::string at = Milliseconds(clock_.Now());
  const std::string_view name = kLevels[static_cast<std::size_t>(level)];
  std::string line;
  if (format_ == LogFormat::kJson) {
    nlohmann::ordered_json json = {{"ts", at}, {"level", name}, {"msg", message}};
    for (const auto& [key, value] : fields) json[std::string(key)] = value;
    line = json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  } else {
    line = fmt::format("{} {:<5} {}", at, name, message);
    for (const auto& [key, value] : fields) line += fmt::format(" {}={}", key, value);
  }
  const std::scoped_lock lock(mutex_);
  out_ << line << '\n';
  out_.flush();
}

}  // namespace trimtab
