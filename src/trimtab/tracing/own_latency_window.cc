#include "trimtab/tracing/own_latency_window.h"

#include <algorithm>
#include <cmath>

namespace trimtab {

Duration ExactQuantile(std::vector<Duration>& samples, Quantile q) {
  const auto count = static_cast<double>(samples.size());
  const auto rank = static_cast<std::ptrdiff_t>(std::max(1.0, std::ceil(q.level() * count))) - 1;
  std::nth_element(samples.begin(), samples.begin() + rank, samples.end());
  return samples[static_cast<std::size_t>(rank)];
}

void OwnLatencyWindow::Add(NameId service, NameId pod, Duration own_latency) {
  const std::uint64_t key = std::uint64_t{service.value()} << 32 | pod.value();
  const auto [entry, is_new] = index_.try_emplace(key, static_cast<std::uint32_t>(pods_.size()));
  if (is_new) pods_.push_back({.service = service, .pod = pod, .samples = {}});
  pods_[entry->second].samples.push_back(own_latency);
  ++samples_;
}

std::map<NameId, TailOfMicroservice> OwnLatencyWindow::Tails(Quantile q) const {
  std::map<NameId, std::vector<Duration>> pooled;
  std::map<NameId, Duration> sums;
  std::map<NameId, TailOfMicroservice> tails;
  for (const Pod& pod : pods_) {
    std::vector<Duration> samples = pod.samples;
    const Duration of_pod = ExactQuantile(samples, q);
    TailOfMicroservice& tail = tails[pod.service];
    ++tail.pods;
    tail.max_over_pods = std::max(tail.max_over_pods, of_pod);
    sums[pod.service] += of_pod;
    std::vector<Duration>& all = pooled[pod.service];
    all.insert(all.end(), samples.begin(), samples.end());
  }
  for (auto& [service, tail] : tails) {
    std::vector<Duration>& all = pooled[service];
    tail.samples = all.size();
    tail.mean_over_pods = sums[service] / static_cast<std::int64_t>(tail.pods);
    tail.pooled = ExactQuantile(all, q);
  }
  return tails;
}

void OwnLatencyWindow::Clear() {
  index_.clear();
  pods_.clear();
  samples_ = 0;
}

}  // namespace trimtab
