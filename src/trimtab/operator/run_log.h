// What the controller tells of its work, a line each.
#pragma once

#include <initializer_list>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "trimtab/clock/clock.h"

namespace trimtab {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kText, kJson };

// JSON: one object a line with ts, level, msg (a constant text) and the fields; text: the same for
// people, control characters of values as "\x0a". Never a secret, a header or a value of an
// argument. Thread-safety: safe.
class RunLog {
 public:
  using Fields = std::initializer_list<std::pair<std::string_view, std::string>>;

  // Both must outlive it.
  RunLog(std::ostream& out, const Clock& clock, LogFormat format, LogLevel least)
      : out_(out), clock_(clock), format_(format), least_(least) {}

  void Debug(std::string_view message, Fields fields = {}) {
    Write(LogLevel::kDebug, message, fields);
  }
  void Info(std::string_view message, Fields fields = {}) {
    Write(LogLevel::kInfo, message, fields);
  }
  void Warn(std::string_view message, Fields fields = {}) {
    Write(LogLevel::kWarn, message, fields);
  }
  void Error(std::string_view message, Fields fields = {}) {
    Write(LogLevel::kError, message, fields);
  }

 private:
  void Write(LogLevel level, std::string_view message, Fields fields);

  std::ostream& out_;  // guarded by mutex_
  const Clock& clock_;
  const LogFormat format_;
  const LogLevel least_;
  std::mutex mutex_;
};

}  // namespace trimtab
