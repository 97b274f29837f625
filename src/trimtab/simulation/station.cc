#include "trimtab/simulation/station.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "trimtab/quantity/quantity.h"

namespace trimtab {
namespace {

SimNanos RoundUp(double nanos) { return static_cast<SimNanos>(std::ceil(nanos)); }

CpuGroupParameters CpuParameters(const ClusterScenario& scenario,
                                 const StationParameters& parameters, std::uint64_t seed) {
  const MicroserviceSpec& spec = scenario.microservices[parameters.microservice];
  CpuGroupParameters cpu;
  cpu.parallelism = spec.parallelism;
  cpu.quota = InCores(parameters.container.cpu);
  cpu.period = scenario.quota_period.count();
  RandomStream stream(seed, fmt::format("{}/station/phase", spec.name));
  cpu.phase = static_cast<SimNanos>(stream.Below(static_cast<std::uint64_t>(cpu.period)));
  return cpu;
}

LatinHypercubeStream Stream(std::uint64_t seed, const std::string& microservice,
                            const std::string& purpose) {
  return {seed, fmt::format("{}/station/{}", microservice, purpose)};
}

}  // namespace

Station::Station(const ClusterScenario& scenario, const CompiledPrograms& programs,
                 const StationParameters& parameters, std::uint64_t seed)
    : scenario_(scenario),
      programs_(programs),
      spec_(scenario.microservices[parameters.microservice]),
      cpu_(CpuParameters(scenario, parameters, seed), 0),
      memory_(spec_.memory,
              std::min(parameters.container.memory.as_double(),
                       parameters.host_memory * (1 - parameters.contention.memory_capacity))),
      speed_(SpeedUnder(spec_.sensitivity, parameters.contention)),
      most_cores_(parameters.host_cores * (1 - parameters.contention.cpu)),
      network_stretch_(NetworkStretch(parameters.contention.network, scenario.network.idle_until)),
      nanos_per_request_(1e9 / parameters.rate),
      quota_cores_(InCores(parameters.container.cpu)),
      gaps_(Stream(seed, spec_.name, "gaps")),
      mix_(Stream(seed, spec_.name, "mix")),
      kind_draws_(Stream(seed, spec_.name, "kinds")) {
  for (std::uint32_t m = 0; m < parameters.microservice; ++m) {
    first_endpoint_ += static_cast<std::uint32_t>(scenario.microservices[m].endpoints.size());
  }
  double sum = 0;
  for (std::size_t e = 0; e < spec_.endpoints.size(); ++e) {
    cumulative_mix_.push_back(sum += parameters.mix[e]);
    const std::string& name = spec_.endpoints[e].name;
    streams_.push_back({Stream(seed, spec_.name, name + "/demand"),
                        Stream(seed, spec_.name, name + "/wait"),
                        Stream(seed, spec_.name, name + "/branch")});
  }
  for (const std::vector<WeightedKind>& of : parameters.kinds) {
    KindMix& mix = kind_mixes_.emplace_back();
    double shares = 0;
    for (const WeightedKind& kind : of) {
      mix.kinds.push_back(kind.kind);
      mix.cumulative.push_back(shares += kind.share);
    }
  }
  unit_exponential_ = SamplerFactory().Make(Exponential{Latency(1)});
  arrival_ = NextArrival();
}

SimNanos Station::NextArrival() {
  return now_ + RoundUp(unit_exponential_.Draw(gaps_) * 1e-6 * nanos_per_request_);
}

void Station::Restart() {
  latencies_.clear();
  since_ = now_;
  used_before_ = cpu_.UsedAt(now_);
  throttled_before_ = cpu_.ThrottledAt(now_);
  full_ = 0;
  if (full_since_ != kNever) full_since_ = now_;
}

double Station::Utilization() const {
  const double elapsed = static_cast<double>(now_ - since_);
  return elapsed > 0 ? (cpu_.UsedAt(now_) - used_before_) / elapsed / quota_cores_ : 0;
}

double Station::PoolFullShare() const {
  const SimNanos full = full_ + (full_since_ == kNever ? 0 : now_ - full_since_);
  return now_ > since_ ? static_cast<double>(full) / static_cast<double>(now_ - since_) : 0;
}

double Station::ThrottledShare() const {
  const double elapsed = static_cast<double>(now_ - since_);
  return elapsed > 0 ? (cpu_.ThrottledAt(now_) - throttled_before_) / elapsed : 0;
}

void Station::Run(std::int64_t requests) {
  const std::size_t until = latencies_.size() + static_cast<std::size_t>(requests);
  SimNanos moment = cpu_.NextMoment();
  while (latencies_.size() < until && !killed_) {
    const SimNanos wait_end = waits_.empty() ? kNever : waits_.top().time;
    now_ = std::min({arrival_, moment, wait_end});
    cpu_.Advance(now_);
    std::uint32_t task = 0;
    while (cpu_.PopFinished(&task)) Go(task);
    while (!waits_.empty() && waits_.top().time == now_) {
      task = waits_.top().task;
      waits_.Pop();
      Go(task);
    }
    if (arrival_ == now_) Arrive();
    cpu_.Throttle();
    cpu_.SetShare(std::min(cpu_.want(), most_cores_), speed_);
    moment = cpu_.NextMoment();
  }
}

std::uint32_t Station::PickEndpoint() {
  if (cumulative_mix_.size() == 1) return 0;
  const double draw = mix_.Uniform() * cumulative_mix_.back();
  const auto chosen = std::upper_bound(cumulative_mix_.begin(), cumulative_mix_.end() - 1, draw);
  return static_cast<std::uint32_t>(chosen - cumulative_mix_.begin());
}

const RequestKind* Station::PickKind(std::uint32_t endpoint) {
  if (kind_mixes_.empty() || kind_mixes_[endpoint].kinds.empty()) return nullptr;
  const auto& [kinds, cumulative] = kind_mixes_[endpoint];
  if (kinds.size() == 1) return kinds.data();
  const double draw = kind_draws_.Uniform() * cumulative.back();
  const auto chosen = std::upper_bound(cumulative.begin(), cumulative.end() - 1, draw);
  return &kinds[static_cast<std::size_t>(chosen - cumulative.begin())];
}

void Station::Arrive() {
  std::uint32_t index = 0;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(tasks_.size());
    tasks_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  const std::uint32_t endpoint = PickEndpoint();
  tasks_[index] = {now_,
                   now_,
                   0,
                   endpoint,
                   programs_.endpoints[first_endpoint_ + endpoint].first_step,
                   PickKind(endpoint),
                   0};
  arrival_ = NextArrival();
  if (spec_.threads > 0 && busy_ == spec_.threads) {
    queue_.push_back(index);
    return;
  }
  Begin(index);
}

// Gives the task a thread and runs it until it blocks.
void Station::Begin(std::uint32_t index) {
  Task& task = tasks_[index];
  task.started = now_;
  if (++busy_ == spec_.threads) full_since_ = now_;
  killed_ |= memory_.Kills(busy_);
  const double missing = memory_.MissingShare(busy_);
  if (missing > 0) {
    const double faults = spec_.memory.pages_per_request * missing;
    task.owed_cpu = faults * static_cast<double>(spec_.memory.fault_cpu.count());
    const double wait = faults * static_cast<double>(spec_.memory.fault_wait.count());
    if (wait > 0) {
      waits_.Push({now_ + RoundUp(wait), index});
      return;
    }
  }
  Go(index);
}

void Station::Go(std::uint32_t index) {
  if (RunSteps(index)) End(index);
}

// True when the program is over.
bool Station::RunSteps(std::uint32_t index) {
  Task& task = tasks_[index];
  EndpointStreams& streams = streams_[task.endpoint];
  for (;;) {
    const Step step = programs_.steps[task.step++];
    switch (step.kind) {
      case StepKind::kCpu: {
        const double demand = programs_.samplers[step.a].Draw(streams.demand) + task.owed_cpu;
        task.owed_cpu = 0;
        if (demand <= 0) break;
        cpu_.Start(demand, index);
        return false;
      }
      case StepKind::kWait: {
        const double wait = programs_.samplers[step.a].Draw(streams.wait);
        if (wait <= 0) break;
        waits_.Push({now_ + RoundUp(wait), index});
        return false;
      }
      case StepKind::kCall:
        break;
      case StepKind::kBranch:
        if (!(streams.branch.Uniform() < programs_.branches[step.a])) task.step = step.b;
        break;
      case StepKind::kWhen:
        if (task.kind == nullptr || (task.kind->conditions >> step.a & 1U) == 0) {
          task.step = step.b;
        }
        break;
      case StepKind::kRepeat:
        task.repeats = task.kind == nullptr ? 0 : task.kind->repeats[step.a];
        if (task.repeats == 0) task.step = step.b;
        break;
      case StepKind::kAgain:
        if (--task.repeats > 0) task.step = step.b;
        break;
      case StepKind::kJump:
        task.step = step.b;
        break;
      case StepKind::kEnd:
        return true;
    }
  }
}

void Station::End(std::uint32_t index) {
  const Task& task = tasks_[index];
  const double transfer =
      programs_.endpoints[first_endpoint_ + task.endpoint].transfer_nanos * network_stretch_;
  const SimNanos from = scenario_.span_start == SpanStart::kArrival ? task.arrived : task.started;
  latencies_.push_back(static_cast<float>(static_cast<double>(now_ - from) + transfer));
  free_.push_back(index);
  --busy_;
  if (full_since_ != kNever) {
    full_ += now_ - full_since_;
    full_since_ = kNever;
  }
  if (queue_first_ == queue_.size()) return;
  const std::uint32_t next = queue_[queue_first_++];
  if (queue_first_ == queue_.size() || queue_first_ >= 1024) {
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(queue_first_));
    queue_first_ = 0;
  }
  Begin(next);
}

}  // namespace trimtab
