#include "trimtab/monitoring/prometheus_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "trimtab/monitoring/series_fold.h"

namespace trimtab {
namespace {

constexpr Duration kPeaksHold = std::chrono::minutes(5);

using Group = std::vector<const LabeledSeries*>;

template <class Key, class KeyOf>
std::map<Key, Group> GroupBy(const std::vector<LabeledSeries>& series, KeyOf key_of) {
  std::map<Key, Group> groups;
  for (const LabeledSeries& one : series) {
    if (std::optional<Key> key = key_of(one)) groups[*std::move(key)].push_back(&one);
  }
  return groups;
}

std::optional<ScrapedPodName> PodOf(const LabeledSeries& series) {
  ScrapedPodName name{std::string(series.Label("namespace")), std::string(series.Label("pod"))};
  if (name.pod.empty()) return std::nullopt;
  return name;
}

std::optional<ScrapedContainerName> ContainerOf(const LabeledSeries& series) {
  auto pod = PodOf(series);
  const std::string_view container = series.Label("container");
  if (!pod || container.empty()) return std::nullopt;
  return ScrapedContainerName{*std::move(pod), std::string(container)};
}

// "10.0.0.7:9100" and "[::1]:9100" without the port.
std::string_view HostOf(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (address.starts_with('[')) return address.substr(1, address.find(']') - 1);
  if (colon == address.npos || address.find(':') != colon) return address;
  return address.substr(0, colon);
}

std::optional<std::string> NodeOf(const LabeledSeries& series) {
  for (const std::string_view label : {"node", "nodename", "kubernetes_node"}) {
    if (const std::string_view name = series.Label(label); !name.empty()) return std::string(name);
  }
  const std::string_view host = HostOf(series.Label("instance"));
  if (host.empty()) return std::nullopt;
  return std::string(host);
}

std::optional<std::string> ServiceOf(const LabeledSeries& series) {
  for (const std::string_view label : {"service_name", "destination_workload", "service"}) {
    if (const std::string_view name = series.Label(label); !name.empty()) return std::string(name);
  }
  return std::nullopt;
}

MetricSeries SumOf(const Group& group) {
  std::vector<const MetricSeries*> counters;
  for (const LabeledSeries* one : group) counters.push_back(&one->points);
  return SumCounters(counters);
}

// Both ways: each folded by itself, since the two are never one scrape's pieces by label.
void AddCounter(MetricSeries more, MetricSeries& sum) {
  sum = sum.empty() ? std::move(more) : SumCounters({&sum, &more});
}

std::optional<double> NewestOf(const MetricSeries& gauge) {
  if (gauge.empty() || !(gauge.back().value > 0)) return std::nullopt;
  return gauge.back().value;
}

// A range of whole seconds is asked for, and up to version 2 both of its ends belong to it.
void DropUpTo(Instant begin, std::vector<LabeledSeries>& series) {
  for (LabeledSeries& one : series) {
    std::erase_if(one.points, [begin](const MetricPoint& point) { return point.at <= begin; });
  }
  std::erase_if(series, [](const LabeledSeries& one) { return one.points.empty(); });
}

}  // namespace

struct PrometheusReader::Reading {
  Instant now;
  Duration window;
  Instant deadline;
  std::vector<std::string> gaps = {};
  absl::Status first_error = absl::OkStatus();
  int asked = 0;
  int failed = 0;
};

std::vector<LabeledSeries> PrometheusReader::Ask(PrometheusSeries series, Reading& reading) {
  for (const std::string& form : queries_.FormsOf(series, reading.window)) {
    ++reading.asked;
    const Duration left =
        std::chrono::floor<std::chrono::milliseconds>(reading.deadline - clock_->Now());
    auto answer =
        left > Duration(0)
            ? client_.Query(form, reading.now, left)
            : absl::DeadlineExceededError("the time for all queries together has run out");
    if (!answer.ok()) {
      ++reading.failed;
      if (reading.first_error.ok()) reading.first_error = answer.status();
      reading.gaps.push_back(
          fmt::format("query {}: {}", NameOf(series), std::string(answer.status().message())));
      return {};
    }
    for (const std::string& warning : answer->warnings) {
      reading.gaps.push_back(
          fmt::format("query {} was answered in part: {}", NameOf(series), warning));
    }
    DropUpTo(reading.now - reading.window, answer->series);
    if (!answer->series.empty()) return std::move(answer->series);
  }
  return {};
}

void PrometheusReader::ReadContainers(Reading& reading, ScrapedMetrics& metrics) {
  const auto read = [&](PrometheusSeries series, MetricSeries ScrapedContainer::* member) {
    const auto answer = Ask(series, reading);
    for (const auto& [name, group] : GroupBy<ScrapedContainerName>(answer, ContainerOf)) {
      metrics.containers[name].*member = FoldScrapes(group, "cpu", "id");
    }
  };
  read(PrometheusSeries::kContainerCpuSeconds, &ScrapedContainer::cpu_seconds);
  read(PrometheusSeries::kContainerMemoryBytes, &ScrapedContainer::memory_working_set);
  read(PrometheusSeries::kContainerMemoryTraffic, &ScrapedContainer::memory_traffic_bytes);
  const auto read_quota = [&](PrometheusSeries series, MetricSeries QuotaSeries::* member) {
    const auto answer = Ask(series, reading);
    for (const auto& [name, group] : GroupBy<ScrapedContainerName>(answer, ContainerOf)) {
      metrics.containers[name].quota.*member = FoldScrapes(group, "", "id");
    }
  };
  read_quota(PrometheusSeries::kContainerCpuPeriods, &QuotaSeries::periods);
  read_quota(PrometheusSeries::kContainerCpuThrottled, &QuotaSeries::throttled);
  for (const auto series :
       {PrometheusSeries::kPodNetworkReceived, PrometheusSeries::kPodNetworkSent}) {
    const auto answer = Ask(series, reading);
    for (const auto& [name, group] : GroupBy<ScrapedPodName>(answer, PodOf)) {
      AddCounter(FoldScrapes(group, "interface", "id"), metrics.pod_network_bytes[name]);
    }
  }
}

void PrometheusReader::ReadNodes(Reading& reading, ScrapedMetrics& metrics) {
  const auto read = [&](PrometheusSeries series, auto take) {
    const auto answer = Ask(series, reading);
    for (const auto& [name, group] : GroupBy<std::string>(answer, NodeOf)) {
      take(group, metrics.nodes[name]);
    }
  };
  // A node has a series for every processor and mode, or only one for its root control group.
  read(PrometheusSeries::kNodeCpuSeconds, [](const Group& group, ScrapedNode& node) {
    const bool by_mode = !group.front()->Label("mode").empty();
    node.cpu_seconds = by_mode ? SumOf(group) : FoldScrapes(group, "cpu", "");
  });
  read(PrometheusSeries::kNodeMemoryBytes, [](const Group& group, ScrapedNode& node) {
    node.memory_used = FoldScrapes(group, "", "");
  });
  read(PrometheusSeries::kNodeMemoryTraffic, [](const Group& group, ScrapedNode& node) {
    node.memory_traffic_bytes = FoldScrapes(group, "domain", "");
  });
  for (const auto series :
       {PrometheusSeries::kNodeNetworkReceived, PrometheusSeries::kNodeNetworkSent}) {
    read(series, [](const Group& group, ScrapedNode& node) {
      AddCounter(FoldScrapes(group, "device", ""), node.network_bytes);
    });
  }
  read(PrometheusSeries::kNodeNetworkSpeed, [](const Group& group, ScrapedNode& node) {
    node.network_bandwidth = NewestOf(FoldScrapes(group, "device", ""));
  });
}

void PrometheusReader::ReadServices(Reading& reading, ScrapedMetrics& metrics) {
  const auto answer = Ask(PrometheusSeries::kServiceRequests, reading);
  for (const auto& [name, group] : GroupBy<std::string>(answer, ServiceOf)) {
    ScrapedService& service = metrics.services[name];
    service.requests = SumOf(group);
    std::map<std::string, Group> by_pod;
    for (const LabeledSeries* one : group) by_pod[std::string(one->Label("pod"))].push_back(one);
    if (by_pod.contains("")) continue;
    for (const auto& [pod, of_pod] : by_pod) service.requests_by_pod[pod] = SumOf(of_pod);
  }
}

void PrometheusReader::ReadPeaks(Reading& reading, ScrapedMetrics& metrics) {
  // Nothing is not kept: what has just begun to be scraped has a peak in a moment.
  const bool holds = peaks_at_ && !peaks_.empty() && reading.now >= *peaks_at_ &&
                     reading.now - *peaks_at_ < kPeaksHold;
  if (!holds) {
    const std::size_t gaps = reading.gaps.size();
    const auto answer = Ask(PrometheusSeries::kContainerMemoryPeak, reading);
    if (reading.gaps.size() > gaps) return;
    peaks_.clear();
    for (const auto& [name, group] : GroupBy<ScrapedContainerName>(answer, ContainerOf)) {
      for (const LabeledSeries* one : group) {
        const auto peak = NewestOf(one->points);
        if (peak) peaks_[name] = std::max(peaks_[name], *peak);
      }
    }
    peaks_at_ = reading.now;
  }
  for (const auto& [name, peak] : peaks_) metrics.containers[name].memory_peak = peak;
}

absl::StatusOr<ScrapedMetrics> PrometheusReader::Read(Instant now, Duration window,
                                                      Duration timeout) {
  Reading reading{.now = now, .window = window, .deadline = clock_->Now() + timeout};
  ScrapedMetrics metrics;
  metrics.at = now;
  ReadContainers(reading, metrics);
  ReadNodes(reading, metrics);
  ReadServices(reading, metrics);
  ReadPeaks(reading, metrics);
  if (reading.asked > 0 && reading.failed == reading.asked) {
    return absl::UnavailableError(std::string(reading.first_error.message()));
  }
  metrics.gaps = std::move(reading.gaps);
  return metrics;
}

}  // namespace trimtab
