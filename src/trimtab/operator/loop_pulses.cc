#include "trimtab/operator/loop_pulses.h"

#include "fmt/format.h"

namespace trimtab {
namespace {

thread_local Heartbeat* heartbeat_here = nullptr;

}  // namespace

LoopPulses::Pulse::Pulse(LoopPulses& pulses, std::string name)
    : pulses_(pulses), name_(std::move(name)), heartbeat_(pulses.clock_, pulses.longest_) {
  heartbeat_here = &heartbeat_;
  const std::scoped_lock lock(pulses_.mutex_);
  pulses_.running_.push_back(this);
}

LoopPulses::Pulse::~Pulse() {
  heartbeat_here = nullptr;
  const std::scoped_lock lock(pulses_.mutex_);
  std::erase(pulses_.running_, this);
}

void LoopPulses::Beat() {
  if (heartbeat_here != nullptr) heartbeat_here->Beat();
}

absl::Status LoopPulses::Check() const {
  std::string stuck;
  const std::scoped_lock lock(mutex_);
  for (const Pulse* pulse : running_) {
    const absl::Status status = pulse->heartbeat_.Check();
    if (!status.ok()) stuck += fmt::format("; {}: {}", pulse->name_, std::string(status.message()));
  }
  return stuck.empty() ? absl::OkStatus() : absl::DeadlineExceededError(stuck.substr(2));
}

}  // namespace trimtab
