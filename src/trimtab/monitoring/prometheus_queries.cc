#include "trimtab/monitoring/prometheus_queries.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "absl/strings/str_replace.h"

namespace trimtab {
namespace {

struct BuiltIn {
  std::string_view name;
  std::vector<std::string_view> forms;
};

// Selectors come last: PromQL takes a comma before the brace, so that an empty one leaves a query
// whole. Of series that are of no container cAdvisor leaves `container` empty; "POD" is the pause.
const std::array<BuiltIn, kPrometheusSeriesKinds>& BuiltIns() {
  static const std::array<BuiltIn, kPrometheusSeriesKinds> queries = {{
      {"container-cpu-seconds", {"container_cpu_usage_seconds_total{$CONTAINERS}[$WINDOW]"}},
      {"container-memory-bytes", {"container_memory_working_set_bytes{$CONTAINERS}[$WINDOW]"}},
      {"container-memory-traffic-bytes",
       {"container_memory_bandwidth_bytes{$CONTAINERS}[$WINDOW]"}},
      {"pod-network-received-bytes", {"container_network_receive_bytes_total{$PODS}[$WINDOW]"}},
      {"pod-network-sent-bytes", {"container_network_transmit_bytes_total{$PODS}[$WINDOW]"}},
      {"node-cpu-seconds",
       {R"(container_cpu_usage_seconds_total{id="/",$CADVISOR}[$WINDOW])",
        R"(node_cpu_seconds_total{mode!~"idle|iowait|steal",$NODE_EXPORTER}[$WINDOW])"}},
      {"node-memory-bytes", {R"(container_memory_working_set_bytes{id="/",$CADVISOR}[$WINDOW])"}},
      {"node-memory-traffic-bytes",
       {R"(node_resctrl_memory_bandwidth_bytes_total{scope="total",$NODE_EXPORTER}[$WINDOW])",
        R"(container_memory_bandwidth_bytes{id="/",$CADVISOR}[$WINDOW])"}},
      {"node-network-received-bytes", {"node_network_receive_bytes_total{$LINKS}[$WINDOW]"}},
      {"node-network-sent-bytes", {"node_network_transmit_bytes_total{$LINKS}[$WINDOW]"}},
      {"node-network-speed", {"node_network_speed_bytes{$LINKS}[$WINDOW]"}},
      // The span metrics connector as it is, as it was, Tempo's generator, Istio, OpenTelemetry
      // SDKs.
      {"service-requests",
       {R"(traces_span_metrics_calls_total{span_kind="SPAN_KIND_SERVER",$SERVICES}[$WINDOW])",
        R"(calls_total{span_kind="SPAN_KIND_SERVER",$SERVICES}[$WINDOW])",
        R"(traces_spanmetrics_calls_total{span_kind="SPAN_KIND_SERVER",$SERVICES}[$WINDOW])",
        R"(istio_requests_total{reporter="destination",destination_workload_namespace=~"$NAMESPACES",$CLUSTER}[$WINDOW])",
        R"(http_server_request_duration_seconds_count{service_name!="",$SERVICES}[$WINDOW])"}},
      {"container-cpu-periods", {"container_cpu_cfs_periods_total{$CONTAINERS}[$WINDOW]"}},
      {"container-cpu-throttled-periods",
       {"container_cpu_cfs_throttled_periods_total{$CONTAINERS}[$WINDOW]"}},
      {"container-memory-peak-bytes",
       {"max_over_time(container_memory_working_set_bytes{$CONTAINERS}[1d])"}},
  }};
  return queries;
}

// What a $WORD stands for; others may stand in it. Innermost last. $WINDOW is filled in later.
std::vector<std::pair<std::string, std::string>> Words(const PrometheusQueryOptions& options) {
  const PrometheusSelectors& selectors = options.selectors;
  return {
      {"$CONTAINERS",
       R"(namespace=~"$NAMESPACES",container!="",container!="POD",image!="",$CADVISOR)"},
      {"$PODS", R"(namespace=~"$NAMESPACES",pod!="",$CADVISOR)"},
      // Interfaces that carry what others carry as well are left out.
      {"$LINKS",
       R"(device!~"lo|veth.*|cali.*|cni.*|flannel.*|docker.*|br-.*|tunl.*|lxc.*|cilium.*|vxlan.*",$NODE_EXPORTER)"},
      // A counter that says of no namespace counts, too.
      {"$SERVICES", R"(k8s_namespace_name=~"$NAMESPACES|",$CLUSTER)"},
      {"$CADVISOR",
       fmt::format("{}{}$CLUSTER", selectors.cadvisor, selectors.cadvisor.empty() ? "" : ",")},
      {"$NODE_EXPORTER", fmt::format("{}{}$CLUSTER", selectors.node_exporter,
                                     selectors.node_exporter.empty() ? "" : ",")},
      {"$CLUSTER", selectors.cluster},
      {"$NAMESPACES",
       options.namespaces.empty() ? ".+" : fmt::format("{}", fmt::join(options.namespaces, "|"))},
  };
}

bool IsDnsLabel(std::string_view text) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), good);
}

// The first $WORD that stands for nothing, or empty. A $ before anything else is text.
std::string_view UnknownWord(std::string_view query, const PrometheusQueryOptions& options) {
  const auto words = Words(options);
  for (std::size_t at = query.find('$'); at != query.npos; at = query.find('$', at + 1)) {
    std::size_t end = at + 1;
    while (end < query.size() && ((query[end] >= 'A' && query[end] <= 'Z') || query[end] == '_')) {
      ++end;
    }
    const std::string_view word = query.substr(at, end - at);
    const auto is_it = [word](const auto& known) { return known.first == word; };
    if (word.size() > 1 && word != "$WINDOW" && std::none_of(words.begin(), words.end(), is_it)) {
      return word;
    }
  }
  return {};
}

std::string Filled(std::string_view form, const PrometheusQueryOptions& options) {
  std::string text(form);
  for (const auto& [word, meaning] : Words(options)) {
    text = absl::StrReplaceAll(text, {{word, meaning}});
  }
  return text;
}

}  // namespace

std::string_view NameOf(PrometheusSeries series) {
  return BuiltIns()[static_cast<std::size_t>(series)].name;
}

absl::StatusOr<PrometheusQueries> PrometheusQueries::Create(const PrometheusQueryOptions& options) {
  for (const std::string& name : options.namespaces) {
    if (!IsDnsLabel(name)) {
      return absl::InvalidArgumentError(fmt::format("namespace '{}' is no DNS label", name));
    }
  }
  for (const auto& [name, text] : options.replaced) {
    const auto is_it = [&name = name](const BuiltIn& query) { return query.name == name; };
    if (std::none_of(BuiltIns().begin(), BuiltIns().end(), is_it)) {
      std::vector<std::string_view> names;
      for (const BuiltIn& query : BuiltIns()) names.push_back(query.name);
      return absl::InvalidArgumentError(fmt::format(
          "query '{}': no query of Trimtab has this name: {}", name, fmt::join(names, ", ")));
    }
    if (const std::string_view word = UnknownWord(text, options); !word.empty()) {
      return absl::InvalidArgumentError(fmt::format(
          "query '{}': {} stands for nothing: $WINDOW, $NAMESPACES, $CONTAINERS, $PODS, "
          "$SERVICES, $LINKS, $CADVISOR, $NODE_EXPORTER or $CLUSTER",
          name, word));
    }
  }
  std::vector<std::vector<std::string>> forms;
  for (const BuiltIn& query : BuiltIns()) {
    std::vector<std::string>& filled = forms.emplace_back();
    const auto replaced = options.replaced.find(std::string(query.name));
    if (replaced == options.replaced.end()) {
      for (const std::string_view form : query.forms) filled.push_back(Filled(form, options));
    } else if (!replaced->second.empty()) {
      filled.push_back(Filled(replaced->second, options));
    }
  }
  return PrometheusQueries(std::move(forms));
}

std::vector<std::string> PrometheusQueries::FormsOf(PrometheusSeries series,
                                                    Duration window) const {
  const std::string text =
      fmt::format("{}s", std::chrono::ceil<std::chrono::seconds>(window).count());
  std::vector<std::string> forms = forms_[static_cast<std::size_t>(series)];
  for (std::string& form : forms) form = absl::StrReplaceAll(form, {{"$WINDOW", text}});
  return forms;
}

}  // namespace trimtab
