#include "trimtab/profiling/training_samples.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "trimtab/profiling/sweep.h"

namespace trimtab {
namespace {

LatencyFeatures FeaturesOf(const SampleRow& row) {
  return {row.container, row.container_load, row.interference};
}

// What the labels are off by besides their noise: `bias`, of every time.
void AddBias(double bias, LatencySample& sample) {
  Cumulants& error = sample.cumulants.relative_standard_error;
  sample.relative_standard_error = std::hypot(sample.relative_standard_error, bias);
  error.mean = std::hypot(error.mean, bias);
  error.variance = std::hypot(error.variance, 2 * bias);
  error.third = std::hypot(error.third, 3 * bias);
}

// The run whose rows are `run`; empty when a microservice has no container in it.
std::optional<EndToEndSample> SampleOfRun(std::span<const SampleRow> run,
                                          std::span<const LatencyModel* const> models) {
  std::vector<std::vector<Latency>> tails(models.size());
  for (const SampleRow& row : run) {
    const std::size_t m = row.microservice.value();
    tails[m].push_back(models[m]->Predict(FeaturesOf(row)));
  }
  EndToEndSample sample;
  sample.run = run.front().setting;
  sample.tail = run.front().end_to_end->tail;
  sample.relative_standard_error = run.front().end_to_end->relative_standard_error;
  for (const auto& containers : tails) {
    if (containers.empty()) return std::nullopt;
    sample.own_latency.push_back(OwnLatency::Of(containers));
  }
  return sample;
}

}  // namespace

std::vector<LatencySample> LatencySamplesOf(const SampleTable& table, MicroserviceId microservice,
                                            SampleRole role) {
  const double bias = table.manifest.microservices[microservice.value()].alone_bias.mean;
  std::vector<LatencySample> samples;
  for (const SampleRow& row : table.rows) {
    if (row.microservice != microservice || row.role != role) continue;
    if (row.label.requests < kFewestRequestsOfALabel || row.label.tail.count() <= 0) continue;
    if (role == SampleRole::kTest && row.label.relative_standard_error > kMostErrorOfATestLabel) {
      continue;
    }
    LatencySample sample;
    sample.features = FeaturesOf(row);
    sample.tail = row.label.tail;
    sample.relative_standard_error = row.label.relative_standard_error;
    sample.cumulants = row.label.cumulants;
    if (!row.label.whole_tree && row.label.utilization > kBiasFromUtilization) {
      AddBias(bias, sample);
    }
    sample.pool_full_share = row.label.pool_full_share;
    sample.whole_tree = row.label.whole_tree;
    samples.push_back(sample);
  }
  return samples;
}

std::vector<EndToEndSample> EndToEndSamplesOf(const SampleTable& table, SampleRole role,
                                              std::span<const LatencyModel* const> models) {
  std::vector<EndToEndSample> samples;
  const std::span<const SampleRow> rows(table.rows);
  for (std::size_t first = 0; first < rows.size();) {
    std::size_t end = first + 1;
    while (end < rows.size() && rows[end].setting == rows[first].setting) ++end;
    const auto run = rows.subspan(first, end - first);
    first = end;
    const auto& whole = run.front().end_to_end;
    if (!whole || run.front().role != role || whole->tail.count() <= 0) continue;
    if (auto sample = SampleOfRun(run, models)) samples.push_back(*std::move(sample));
  }
  return samples;
}

}  // namespace trimtab
