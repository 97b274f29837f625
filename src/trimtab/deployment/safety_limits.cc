#include "trimtab/deployment/safety_limits.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "fmt/format.h"
#include "trimtab/deployment/allocation_diff.h"

namespace trimtab {
namespace {

constexpr std::array<std::string_view, 11> kLimitNames = {
    "bounds",    "raise",     "lower",       "raise-in-window", "lower-in-window", "stabilisation",
    "tolerance", "throttled", "memory-peak", "starting",        "missing-metrics"};

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

bool IsBelow(const MicroserviceAllocation& a, const MicroserviceAllocation& b) {
  return a != LargerOf(a, b);
}

// `wanted`, with what of `desired` it changes too little in one direction.
template <class Amount>
Amount Tolerated(Amount desired, Amount wanted, double from, double to, double tolerance,
                 bool raises) {
  const double change = raises ? to - from : from - to;
  return change > 0 && change <= tolerance * from ? desired : wanted;
}
MicroserviceAllocation Tolerated(const MicroserviceAllocation& desired,
                                 const MicroserviceAllocation& wanted, double tolerance,
                                 bool raises) {
  const ContainerConfig& is = desired.container;
  const ContainerConfig& to = wanted.container;
  return {.replicas = Tolerated(desired.replicas, wanted.replicas, desired.replicas,
                                wanted.replicas, tolerance, raises),
          .container = {.cpu = Tolerated(is.cpu, to.cpu, is.cpu.as_double(), to.cpu.as_double(),
                                         tolerance, raises),
                        .memory = Tolerated(is.memory, to.memory, is.memory.as_double(),
                                            to.memory.as_double(), tolerance, raises)}};
}

// The least that is left of `desired` by what was seen of it.
MicroserviceAllocation GuardedFloor(const MicroserviceAllocation& desired,
                                    const LowerGuards& guards, SafetyLimit guard,
                                    const SafetyOptions& options) {
  MicroserviceAllocation floor{};
  if (guard == SafetyLimit::kThrottled && guards.throttled > options.most_throttled) {
    floor = {.replicas = desired.replicas, .container = {.cpu = desired.container.cpu}};
  }
  if (guard == SafetyLimit::kMemoryPeak && guards.memory_peak) {
    const double least = std::ceil(InMebibytes(*guards.memory_peak) * (1 + options.memory_margin));
    floor.container.memory = std::min(desired.container.memory,
                                      Mebibytes(static_cast<std::int64_t>(std::min(least, 1e12))));
  }
  return floor;
}

absl::Status CheckShape(const SafetyInput& input, const Application& application) {
  if (input.wanted.size() != application.size() || input.desired.size() != application.size() ||
      input.states.size() != application.size() ||
      (!input.guards.empty() && input.guards.size() != application.size())) {
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

// One microservice on its way through the limits.
class SafetyLimits::Passage {
 public:
  Passage(MicroserviceId id, const MicroserviceAllocation& wanted) : id_(id), now_(wanted) {}

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
  const std::vector<AppliedLimit>& limits() const { return limits_; }

 private:
  MicroserviceId id_;
  MicroserviceAllocation now_;
  std::vector<AppliedLimit> limits_;
};

std::string_view SafetyLimitName(SafetyLimit limit) {
  return kLimitNames[static_cast<std::size_t>(limit)];
}

absl::StatusOr<SafetyLimits> SafetyLimits::Create(const Application& application,
                                                  SafetyOptions options,
                                                  std::vector<SafetyOptions> each) {
  if (const absl::Status valid = options.Validate(); !valid.ok()) return valid;
  if (!each.empty() && each.size() != application.size()) {
    return absl::InvalidArgumentError(
        fmt::format("safety options for {} microservices of {}", each.size(), application.size()));
  }
  for (const SafetyOptions& one : each) {
    if (const absl::Status valid = one.Validate(); !valid.ok()) return valid;
  }
  return SafetyLimits(application, options, std::move(each));
}

absl::StatusOr<SafeTarget> SafetyLimits::Check(const SafetyInput& input) {
  if (const auto shape = CheckShape(input, *application_); !shape.ok()) return shape;
  SafeTarget safe{input.wanted, {}};
  Remember(input, input.wanted);
  const bool starting = SomethingStarts(input.now, input.states) || input.warms_up;
  std::vector<Passage> passages;
  bool raise_waits = false;
  bool lowers = false;
  for (std::size_t i = 0; i < application_->size(); ++i) {
    const MicroserviceId id(i);
    passages.push_back(Limited(input, id, raise_waits));
    lowers = lowers || IsBelow(passages[i].now(), input.desired[id]);
  }
  for (std::size_t i = 0; i < application_->size(); ++i) {
    const MicroserviceId id(i);
    const MicroserviceAllocation& desired = input.desired[id];
    Passage& passage = passages[i];
    if (raise_waits) passage.AtLeast(SafetyLimit::kStabilisation, desired);
    if (!lowers) {
      passage.Apply(SafetyLimit::kTolerance,
                    Tolerated(desired, passage.now(), Of(id).raise_tolerance, true));
    }
    if (starting) passage.AtLeast(SafetyLimit::kStarting, desired);
    if (!input.metrics_complete) passage.AtLeast(SafetyLimit::kMissingMetrics, desired);
    passage.AtLeast(SafetyLimit::kBounds, LowerBound(application_->microservice(id).bounds));
    safe.target[id] = passage.now();
    safe.limits.insert(safe.limits.end(), passage.limits().begin(), passage.limits().end());
  }
  return safe;
}

// Through the limits that ask for nothing but this microservice.
SafetyLimits::Passage SafetyLimits::Limited(const SafetyInput& input, MicroserviceId id,
                                            bool& raise_waits) const {
  const SafetyOptions& options = Of(id);
  const ScalingBounds& bounds = application_->microservice(id).bounds;
  const MicroserviceAllocation& desired = input.desired[id];
  Passage passage(id, input.wanted[id]);
  passage.AtMost(SafetyLimit::kBounds, UpperBound(bounds));
  passage.AtLeast(SafetyLimit::kBounds, LowerBound(bounds));
  passage.AtMost(SafetyLimit::kRaise, RaiseLimit(desired, options.largest_raise));
  passage.AtLeast(SafetyLimit::kLower, LowerLimit(desired, options.largest_lower));
  MicroserviceAllocation least = desired;
  MicroserviceAllocation most = desired;
  for (const Past& past : committed_) {
    least = SmallerOf(least, past.allocation[id]);
    most = LargerOf(most, past.allocation[id]);
  }
  // A limit of the window delays what comes next; it does not undo what is in force.
  passage.AtMost(SafetyLimit::kRaiseInWindow,
                 LargerOf(desired, RaiseLimit(least, options.largest_raise_in_window)));
  passage.AtLeast(SafetyLimit::kLowerInWindow,
                  SmallerOf(desired, LowerLimit(most, options.largest_lower_in_window)));
  MicroserviceAllocation largest = passage.now();
  MicroserviceAllocation smallest = passage.now();
  for (const Past& past : wanted_) {
    const MicroserviceAllocation& asked = past.allocation[id];
    if (past.at > input.now - options.scale_down_stabilisation) largest = LargerOf(largest, asked);
    if (past.at > input.now - options.scale_up_stabilisation) smallest = SmallerOf(smallest, asked);
  }
  passage.AtLeast(SafetyLimit::kStabilisation, SmallerOf(desired, largest));
  const MicroserviceAllocation before = passage.now();
  passage.AtMost(SafetyLimit::kStabilisation, LargerOf(desired, smallest));
  raise_waits = raise_waits || passage.now() != before;
  passage.Apply(SafetyLimit::kTolerance,
                Tolerated(desired, passage.now(), options.lower_tolerance, false));
  if (input.guards.empty()) return passage;
  for (const SafetyLimit guard : {SafetyLimit::kThrottled, SafetyLimit::kMemoryPeak}) {
    passage.AtLeast(guard, GuardedFloor(desired, input.guards[id.value()], guard, options));
  }
  return passage;
}

Duration SafetyLimits::LongestStabilisation() const {
  Duration longest = std::max(options_.scale_down_stabilisation, options_.scale_up_stabilisation);
  for (const SafetyOptions& one : each_) {
    longest = std::max({longest, one.scale_down_stabilisation, one.scale_up_stabilisation});
  }
  return longest;
}

void SafetyLimits::Remember(const SafetyInput& input, const Allocation& wanted) {
  // Before the first call everything that was there counts as asked for.
  if (wanted_.empty() && committed_.empty()) {
    wanted_.push_back({input.now, input.desired});
    committed_.push_back({input.now, input.desired});
  }
  wanted_.push_back({input.now, wanted});
  while (!wanted_.empty() && wanted_.front().at <= input.now - LongestStabilisation()) {
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
  Duration frozen = options_.scale_down_stabilisation;
  for (const SafetyOptions& one : each_) frozen = std::max(frozen, one.scale_down_stabilisation);
  frozen_until_ = now + frozen;
  wanted_.push_back({now, desired});
  committed_.clear();
  committed_.push_back({now, desired});
}

void SafetyLimits::Committed(Instant now, const Allocation& desired) {
  committed_.push_back({now, desired});
}

}  // namespace trimtab
