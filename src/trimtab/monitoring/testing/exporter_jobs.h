// How a Prometheus scrapes one exporter that plays all that a cluster has.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace trimtab {

// The configuration of jobs "kubelet", "node-exporter" and "collector" of one port, scraped every
// `interval`, such as "200ms".
inline std::string ExporterJobs(int port, std::string_view interval) {
  constexpr std::string_view kJob = R"(
  - job_name: {}
    metrics_path: {}
    relabel_configs: [{{source_labels: [__metrics_path__], target_label: metrics_path}}]
    static_configs: [{{targets: ["127.0.0.1:{}"]}}]
)";
  return fmt::format("global: {{scrape_interval: {0}, scrape_timeout: {0}}}\nscrape_configs:",
                     interval) +
         fmt::format(kJob, "kubelet", "/metrics/cadvisor", port) +
         fmt::format(kJob, "node-exporter", "/metrics", port) +
         fmt::format(kJob, "collector", "/metrics/spans", port);
}

}  // namespace trimtab
