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

// What others say may have any character: a line stays one line.
void Append(std::string_view text, std::string& line) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      line += fmt::format("\\x{:02x}", byte);
    } else {
      line += c;
    }
  }
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
    for (const auto& [key, value] : fields) {
      line += fmt::format(" {}=", key);
      Append(value, line);
    }
  }
  const std::scoped_lock lock(mutex_);
  out_ << line << '\n';
  out_.flush();
}

}  // namespace trimtab
