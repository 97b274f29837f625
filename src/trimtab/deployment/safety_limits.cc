#include "trimtab/deployment/safety_limits.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "fmt/format.h"
#include "trimtab/deployment/allocation_diff.h"

namespace trimtab {
namespace {

constexpr std::array<std::string_view, 8> kLimitNames = {
    "bounds",          "raise",         "lower",    "raise-in-window",
    "lower-in-window", "stabilisation", "starting", "missing-metrics"};

MicroserviceAllocation SmallerOf(const MicroserviceAllocation& a, const MicroserviceAllocation& b) {
  return {.replicas = std::min(a.replicas, b.replicas),
          .container = {.cpu = std::min(a.container.cpu, b.container.cpu),
                        .memory = std::min(a.container.memory, b.container.memory)}};
}

MicroserviceAllocation LowerBound(const ScalingBounds& bounds) {
  return {.replicas = bounds.fewest_replicas,
          .container = {.cpu = bounds.smallest.cpu,
                        .memory = std::max(bounds.smallest.memory, bounds.working_set)}};
}
MicroserviceAllocation UpperBound(const ScalingBounds& bounds) {
  return {.replicas = bounds.most_replicas, .container = bounds.largest};
}

std::int64_t Times(std::int64_t value, double factor) {
  return static_cast<std::int64_t>(std::min(static_cast<double>(value) * factor, 9e18));
}
std::int64_t TimesUp(std::int64_t value, double factor) {
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(value) * factor));
}

MicroserviceAllocation RaiseLimit(const MicroserviceAllocation& from, double factor) {
  const std::int64_t replicas =
      std::max<std::int64_t>(Times(from.replicas, factor), from.replicas + 1);
  return {.replicas = static_cast<int>(std::min<std::int64_t>(replicas, 1'000'000'000)),
          .container = {.cpu = Millicores(Times(from.container.cpu.value(), factor)),
                        .memory = Bytes(Times(from.container.memory.value(), factor))}};
}
MicroserviceAllocation LowerLimit(const MicroserviceAllocation& from, double share) {
  const std::int64_t replicas =
      std::min<std::int64_t>(TimesUp(from.replicas, 1 - share), from.replicas - 1);
  return {.replicas = static_cast<int>(replicas),
          .container = {.cpu = Millicores(TimesUp(from.container.cpu.value(), 1 - share)),
                        .memory = Bytes(TimesUp(from.container.memory.value(), 1 - share))}};
}

// One microservice on its way through the limits.
class Passage {
 public:
  Passage(MicroserviceId id, const MicroserviceAllocation& wanted,
          std::vector<AppliedLimit>& limits)
      : id_(id), now_(wanted), limits_(limits) {}

  void Apply(SafetyLimit limit, const MicroserviceAllocation& allowed) {
    if (allowed == now_) return;
    limits_.push_back({id_, limit, now_, allowed});
    now_ = allowed;
  }
  void AtLeast(SafetyLimit limit, const MicroserviceAllocation& floor) {
    Apply(limit, LargerOf(now_, floor));
  }
  void AtMost(SafetyLimit limit, const MicroserviceAllocation& ceiling) {
    Apply(limit, SmallerOf(now_, ceiling));
  }
  const MicroserviceAllocation& now() const { return now_; }

 private:
  MicroserviceId id_;
  MicroserviceAllocation now_;
  std::vector<AppliedLimit>& limits_;
};

absl::Status CheckShape(const SafetyInput& input, const Application& application) {
  if (input.wanted.size() != application.size() || input.desired.size() != application.size() ||
      input.states.size() != application.size()) {
    return absl::InvalidArgumentError(fmt::format(
        "plan for {} microservices, state of {}, application '{}' has {}", input.wanted.size(),
        input.states.size(), application.name(), application.size()));
  }
  for (std::size_t i = 0; i < application.size(); ++i) {
    const MicroserviceAllocation& wanted = input.wanted[MicroserviceId(i)];
    if (wanted.replicas < 0 || wanted.container.cpu <= Millicores(0) ||
        wanted.container.memory <= Bytes(0)) {
      return absl::InvalidArgumentError(fmt::format(
          "plan gives '{}' {} replicas of {} millicores and {} bytes: none may be below 0, sizes "
          "must be positive",
          application.microservice(MicroserviceId(i)).name, wanted.replicas,
          wanted.container.cpu.value(), wanted.container.memory.value()));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view SafetyLimitName(SafetyLimit limit) {
  return kLimitNames[static_cast<std::size_t>(limit)];
}

absl::StatusOr<SafetyLimits> SafetyLimits::Create(const Application& application,
                                                  SafetyOptions options) {
  if (const absl::Status valid = options.Validate(); !valid.ok()) return valid;
  return SafetyLimits(application, options);
}

absl::StatusOr<SafeTarget> SafetyLimits::Check(const SafetyInput& input) {
  if (const auto shape = CheckShape(input, *application_); !shape.ok()) return shape;
  SafeTarget safe{input.wanted, {}};
  Remember(input, input.wanted);
  const bool starting = SomethingStarts(input.now, input.states);
  for (std::size_t i = 0; i < application_->size(); ++i) {
    const MicroserviceId id(i);
    const ScalingBounds& bounds = application_->microservice(id).bounds;
    const MicroserviceAllocation& desired = input.desired[id];
    Passage passage(id, input.wanted[id], safe.limits);
    passage.AtMost(SafetyLimit::kBounds, UpperBound(bounds));
    passage.AtLeast(SafetyLimit::kBounds, LowerBound(bounds));
    passage.AtMost(SafetyLimit::kRaise, RaiseLimit(desired, options_.largest_raise));
    passage.AtLeast(SafetyLimit::kLower, LowerLimit(desired, options_.largest_lower));
    MicroserviceAllocation least = desired;
    MicroserviceAllocation most = desired;
    for (const Past& past : committed_) {
      least = SmallerOf(least, past.allocation[id]);
      most = LargerOf(most, past.allocation[id]);
    }
    // A limit of the window delays what comes next; it does not undo what is in force.
    passage.AtMost(SafetyLimit::kRaiseInWindow,
                   LargerOf(desired, RaiseLimit(least, options_.largest_raise_in_window)));
    passage.AtLeast(SafetyLimit::kLowerInWindow,
                    SmallerOf(desired, LowerLimit(most, options_.largest_lower_in_window)));
    MicroserviceAllocation asked = passage.now();
    for (const Past& past : wanted_) asked = LargerOf(asked, past.allocation[id]);
    passage.AtLeast(SafetyLimit::kStabilisation, SmallerOf(desired, asked));
    if (starting) passage.AtLeast(SafetyLimit::kStarting, desired);
    if (!input.metrics_complete) passage.AtLeast(SafetyLimit::kMissingMetrics, desired);
    passage.AtLeast(SafetyLimit::kBounds, LowerBound(bounds));
    safe.target[id] = passage.now();
  }
  return safe;
}

void SafetyLimits::Remember(const SafetyInput& input, const Allocation& wanted) {
  // Before the first call everything that was there counts as asked for.
  if (wanted_.empty() && committed_.empty()) {
    wanted_.push_back({input.now, input.desired});
    committed_.push_back({input.now, input.desired});
  }
  wanted_.push_back({input.now, wanted});
  while (!wanted_.empty() && wanted_.front().at <= input.now - options_.scale_down_stabilisation) {
    wanted_.pop_front();
  }
  while (committed_.size() > 1 && committed_[1].at <= input.now - options_.rate_window) {
    committed_.pop_front();
  }
}

bool SafetyLimits::SomethingStarts(Instant now, const std::vector<MicroserviceState>& states) {
  starting_since_.resize(states.size());
  bool starts = false;
  for (std::size_t i = 0; i < states.size(); ++i) {
    std::optional<Instant>& since = starting_since_[i];
    if (states[i].pending == 0 && states[i].resizing == 0) {
      since.reset();
      continue;
    }
    if (!since) since = now;
    if (now - *since <= options_.longest_start) starts = true;
  }
  return starts;
}

void SafetyLimits::ChangedByOthers(Instant now, const Allocation& desired) {
  frozen_until_ = now + options_.scale_down_stabilisation;
  wanted_.push_back({now, desired});
  committed_.clear();
  committed_.push_back({now, desired});
}

void SafetyLimits::Committed(Instant now, const Allocation& desired) {
  committed_.push_back({now, desired});
}

}  // namespace trimtab
