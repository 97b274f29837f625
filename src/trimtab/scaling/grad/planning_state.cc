#include "trimtab/scaling/grad/planning_state.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "fmt/format.h"
#include "trimtab/application/interference.h"

namespace trimtab {
namespace {

double Cut(const FeatureInterval& range, double value) {
  return std::clamp(value, range.low, std::max(range.low, range.high));
}

bool IsLatency(const std::optional<Latency>& latency) {
  return latency && *latency >= Latency(0) && *latency < Latency(1e9);
}

constexpr std::size_t IndexOf(InterferenceKind kind) { return static_cast<std::size_t>(kind); }

Interference CutInterference(const FeatureRanges& ranges, const Interference& seen) {
  Interference cut;
  for (const InterferenceKind kind : kInterferenceKinds) {
    if ((seen.presence() >> IndexOf(kind) & 1U) == 0) continue;
    cut.Set(kind, Ratio(Cut(ranges.interference[IndexOf(kind)], seen.ValueOr(kind, 0))));
  }
  return cut;
}

// What containers that are yet to come will feel: where they will run is not known, so the mean of
// the ready ones, kind by kind.
Interference MeanInterference(std::span<const Interference> ready) {
  std::array<double, kInterferenceKinds.size()> sums{};
  std::array<int, kInterferenceKinds.size()> counts{};
  for (const Interference& each : ready) {
    for (const InterferenceKind kind : kInterferenceKinds) {
      sums[IndexOf(kind)] += each.ValueOr(kind, 0);
      counts[IndexOf(kind)] += each.presence() >> IndexOf(kind) & 1U;
    }
  }
  Interference mean;
  for (const InterferenceKind kind : kInterferenceKinds) {
    const int count = counts[IndexOf(kind)];
    if (count > 0) mean.Set(kind, Ratio(std::min(1.0, sums[IndexOf(kind)] / count)));
  }
  return mean;
}

ResourcePrice PriceOf(const PlanningInput& input, GradPrices prices) {
  if (prices == GradPrices::kPaper) return ResourcePrice::Paper();
  ClusterCapacity all{};
  if (input.capacity) {
    all = *input.capacity;
  } else {
    for (const HostObservation& host : input.observation.hosts) {
      all.cpu += host.allocatable_cpu;
      all.memory += host.allocatable_memory;
    }
  }
  // A cluster of unknown size has no ratio of its own.
  return ResourcePrice::FromCapacity(all.cpu, all.memory).value_or(ResourcePrice::Paper());
}

}  // namespace

PlanningState::PlanningState(const Application& application, const GradModels& models)
    : application_(application),
      models_(models),
      microservices_(application.size()),
      tail_(models.predictor(), models.simd()),
      token_own_(models.predictor().microservices().size()),
      token_slopes_(token_own_.size()) {}

void PlanningState::Start(const PlanningInput& input, const GradOptions& options) {
  most_utilization_ = options.most_utilization;
  const GradPrices by_fidelity =
      options.fidelity == GradFidelity::kPaper ? GradPrices::kPaper : GradPrices::kCapacity;
  price_ = PriceOf(input, options.prices.value_or(by_fidelity));
  capacity_ = input.capacity;
  total_cpu_ = Millicores(0);
  total_memory_ = Bytes(0);
  rows_.clear();
  gaps_.clear();
  std::size_t most_rows = 1;
  for (std::size_t i = 0; i < size(); ++i) {
    Microservice& m = microservices_[i];
    m.now = input.desired[MicroserviceId(i)];
    total_cpu_ += TotalCpu(m.now);
    total_memory_ += TotalMemory(m.now);
    Observe(i, input.observation.microservices[i]);
    most_rows = std::max(most_rows, m.ready_rows + 1);
  }
  // Room for three candidates of one microservice at once, in whole fours.
  if (features_.size() < 4 * (most_rows + 1)) {
    features_.resize(4 * (most_rows + 1));
    tails_.resize(features_.size());
    predictions_.resize(features_.size());
  }
}

void PlanningState::Observe(std::size_t i, const MicroserviceObservation& seen) {
  Microservice& m = microservices_[i];
  double usage = 0;
  double load = 0;
  m.memory_in_use = seen.memory_peak.value_or(Bytes(0));
  for (const ContainerObservation& container : seen.containers) {
    if (container.memory_usage) {
      m.memory_in_use = std::max(m.memory_in_use, container.memory_usage->value);
    }
    if (!container.ready || !container.cpu_usage || !container.container_load) continue;
    usage += container.cpu_usage->value;
    load += container.container_load->value.value();
  }
  m.cpu_per_request = std::nullopt;
  if (load > 0 && usage >= 0 && std::isfinite(usage / load)) m.cpu_per_request = usage / load;
  const double rate = seen.arrival_rate ? seen.arrival_rate->value() : -1;
  const bool known = std::isfinite(rate) && rate >= 0;
  m.tradable = joined(i).model && joined(i).token && known;
  m.arrival_rate = known ? rate : 0;
  if (joined(i).model && !known) {
    gaps_.push_back(fmt::format("the load of '{}' is not known",
                                application_.microservice(MicroserviceId(i)).name));
  }
  if (m.tradable) {
    AddRows(i, seen);
  } else {
    m.ready_rows = 0;
    m.own = FallbackOwnLatency(i, seen);
  }
}

void PlanningState::AddRows(std::size_t i, const MicroserviceObservation& seen) {
  Microservice& m = microservices_[i];
  m.first_row = rows_.size();
  for (const ContainerObservation& container : seen.containers) {
    if (container.ready) rows_.push_back(CutInterference(joined(i).ranges, container.interference));
  }
  m.ready_rows = rows_.size() - m.first_row;
  const std::span<const Interference> ready(rows_.data() + m.first_row, m.ready_rows);
  const Interference mean = MeanInterference(ready);  // before the rows may move
  rows_.push_back(mean);
}

// A microservice that is not traded still has a token: what was measured of it, else what was
// usual in training.
OwnLatency PlanningState::FallbackOwnLatency(std::size_t i,
                                             const MicroserviceObservation& seen) const {
  OwnLatency own{.mean = Latency(0), .max = Latency(0)};
  double count = 0;
  for (const ContainerObservation& container : seen.containers) {
    if (!IsLatency(container.own_latency_tail)) continue;
    own.mean += *container.own_latency_tail;
    own.max = std::max(own.max, *container.own_latency_tail);
    ++count;
  }
  if (count > 0) return {.mean = own.mean / count, .max = own.max};
  if (IsLatency(seen.own_latency_tail))
    return {.mean = *seen.own_latency_tail, .max = *seen.own_latency_tail};
  if (!joined(i).token) return {.mean = Latency(1), .max = Latency(1)};
  const std::vector<double>& center = models_.predictor().model().input_center;
  const std::size_t at = 2 * *joined(i).token;
  return {.mean = Latency(std::exp(center[at])), .max = Latency(std::exp(center[at + 1]))};
}

void PlanningState::Raise(std::size_t i, const MicroserviceAllocation& to) {
  Microservice& m = microservices_[i];
  total_cpu_ += TotalCpu(to) - TotalCpu(m.now);
  total_memory_ += TotalMemory(to) - TotalMemory(m.now);
  m.now = to;
}

void PlanningState::RecomputeTail() {
  for (std::size_t i = 0; i < size(); ++i) {
    if (joined(i).token) token_own_[*joined(i).token] = microservices_[i].own;
  }
  tail_.Reset(token_own_);
}

std::size_t PlanningState::RowsOf(const Microservice& m, int replicas) const {
  const bool more = static_cast<std::size_t>(replicas) > m.ready_rows;
  return m.ready_rows + (more ? 1 : 0);
}

void PlanningState::FillRows(std::size_t i, const MicroserviceAllocation& allocation,
                             std::span<LatencyFeatures> rows) const {
  const Microservice& m = microservices_[i];
  const FeatureRanges& ranges = joined(i).ranges;
  const double cores = Cut(ranges.cpu_cores, InCores(allocation.container.cpu));
  const double mebibytes = Cut(ranges.memory_mib, InMebibytes(allocation.container.memory));
  const double load = Cut(ranges.container_load, m.arrival_rate / allocation.replicas);
  const ContainerConfig container = {
      .cpu = Millicores(std::llround(cores * 1000)),
      .memory = Bytes(static_cast<std::int64_t>(mebibytes * 1048576.0))};
  for (std::size_t r = 0; r < rows.size(); ++r) {
    rows[r] = {.container = container,
               .container_load = RequestsPerSecond(load),
               .interference = rows_[m.first_row + r]};
  }
}

OwnLatency PlanningState::Reduce(const Microservice& m, int replicas,
                                 std::span<const Latency> tails) const {
  // Fewer replicas than are ready: which of them will go is not known, so all of them count.
  Latency sum{0};
  Latency max{0};
  for (std::size_t r = 0; r < m.ready_rows; ++r) {
    sum += tails[r];
    max = std::max(max, tails[r]);
  }
  double count = static_cast<double>(m.ready_rows);
  if (tails.size() > m.ready_rows) {
    const double more = replicas - count;
    sum += tails[m.ready_rows] * more;
    max = std::max(max, tails[m.ready_rows]);
    count += more;
  }
  return {.mean = sum / count, .max = max};
}

void PlanningState::Expect(std::size_t i, std::span<const MicroserviceAllocation> candidates,
                           std::span<OwnLatency> own) {
  const Microservice& m = microservices_[i];
  std::size_t rows = 0;
  for (const MicroserviceAllocation& candidate : candidates) {
    const std::size_t count = RowsOf(m, candidate.replicas);
    FillRows(i, candidate, std::span(features_).subspan(rows, count));
    rows += count;
  }
  // The kernel serves rows in fours: a rest costs as much as a whole one.
  const std::size_t padded = (rows + 3) / 4 * 4;
  std::fill(features_.begin() + static_cast<std::ptrdiff_t>(rows),
            features_.begin() + static_cast<std::ptrdiff_t>(padded), features_[rows - 1]);
  models_.bank().Predict(*joined(i).model, std::span(features_).first(padded),
                         std::span(tails_).first(padded));
  rows = 0;
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    const std::size_t count = RowsOf(m, candidates[c].replicas);
    own[c] = Reduce(m, candidates[c].replicas, std::span(tails_).subspan(rows, count));
    rows += count;
  }
}

std::span<const LatencyPrediction> PlanningState::ExpectWithSlopes(
    std::size_t i, const MicroserviceAllocation& candidate, OwnLatency& own) {
  const Microservice& m = microservices_[i];
  const std::size_t count = RowsOf(m, candidate.replicas);
  const std::span<LatencyFeatures> rows = std::span(features_).first(count);
  FillRows(i, candidate, rows);
  const std::span<LatencyPrediction> predictions = std::span(predictions_).first(count);
  models_.bank().PredictWithGradient(*joined(i).model, rows, predictions);
  for (std::size_t r = 0; r < count; ++r) tails_[r] = predictions[r].tail;
  own = Reduce(m, candidate.replicas, std::span(tails_).first(count));
  return predictions;
}

Latency PlanningState::TailWith(std::size_t i, const OwnLatency& own) {
  return joined(i).token ? tail_.TailWith(*joined(i).token, own) : tail_.tail();
}

void PlanningState::Apply(std::size_t i, const MicroserviceAllocation& to, const OwnLatency& own) {
  Raise(i, to);
  microservices_[i].own = own;
  if (joined(i).token) tail_.Set(*joined(i).token, own);
}

void PlanningState::TailSlopes(std::span<OwnLatencySlope> slopes) {
  tail_.Gradient(token_slopes_);
  for (std::size_t i = 0; i < size(); ++i) {
    slopes[i] = joined(i).token ? token_slopes_[*joined(i).token] : OwnLatencySlope{};
  }
}

Millicores PlanningState::LeastCpu(std::size_t i, int replicas) const {
  const Microservice& m = microservices_[i];
  const double load = m.arrival_rate / replicas;
  double cores = 0;
  if (m.cpu_per_request) cores = *m.cpu_per_request * load / most_utilization_;
  if (joined(i).model) {
    const double most_per_core = joined(i).ranges.load_per_core.high;
    if (most_per_core > 0) cores = std::max(cores, load / most_per_core);
  }
  // Whole quanta, or a load that wanders would change the size at every decision. Kept finite so
  // that it converts, and beyond any machine.
  constexpr double kQuantum = 50;
  const double quanta = std::ceil(std::min(cores, 1e6) * 1000 / kQuantum - 1e-6);
  return std::max(bounds(i).smallest.cpu, Millicores(std::llround(quanta * kQuantum)));
}

int PlanningState::LeastReplicas(std::size_t i) const {
  const Microservice& m = microservices_[i];
  const int fewest = bounds(i).fewest_replicas;
  if (!joined(i).model) return fewest;
  const double most_load = joined(i).ranges.container_load.high;
  if (!(most_load > 0)) return fewest;
  return std::max(fewest,
                  static_cast<int>(std::ceil(std::min(m.arrival_rate / most_load, 1e6) - 1e-9)));
}

bool PlanningState::Fits(Millicores more_cpu, Bytes more_memory) const {
  if (!capacity_) return true;
  return (more_cpu <= Millicores(0) || total_cpu_ + more_cpu <= capacity_->cpu) &&
         (more_memory <= Bytes(0) || total_memory_ + more_memory <= capacity_->memory);
}

}  // namespace trimtab
