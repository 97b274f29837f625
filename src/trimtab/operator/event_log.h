// Events of one AppScaler, few enough to be read.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/clock/clock.h"
#include "trimtab/kubernetes/api_client.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// Tells at most one event a minute and reason; what comes in between is left out. An event that
// cannot be written is lost: nothing depends on it. Thread-safety: one caller at a time.
class EventLog {
 public:
  struct Options {
    std::string instance{};  // the name of our pod
    bool dry_run = false;
    Duration pause = std::chrono::minutes(1);
  };
  // Both must outlive it.
  EventLog(ApiClient& client, const Clock& clock, const ObjectMeta& about, Options options)
      : client_(client), clock_(clock), about_(about), options_(std::move(options)) {}

  void Normal(std::string_view reason, std::string_view action, std::string_view note) {
    Tell(false, reason, action, note);
  }
  void Warn(std::string_view reason, std::string_view action, std::string_view note) {
    Tell(true, reason, action, note);
  }

 private:
  void Tell(bool is_warning, std::string_view reason, std::string_view action,
            std::string_view note);

  ApiClient& client_;
  const Clock& clock_;
  const ObjectMeta about_;
  const Options options_;
  std::map<std::string, Instant, std::less<>> told_;  // by reason
};

}  // namespace trimtab
