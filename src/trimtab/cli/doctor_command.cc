#include <algorithm>
#include <cstdlib>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/cli/arguments.h"
#include "trimtab/cli/cluster_access.h"
#include "trimtab/cli/commands.h"
#include "trimtab/cli/context.h"
#include "trimtab/cli/doctor_cluster.h"
#include "trimtab/cli/doctor_finding.h"
#include "trimtab/cli/doctor_sources.h"
#include "trimtab/cli/exit_code.h"
#include "trimtab/cli/output.h"
#include "trimtab/clock/system_clock.h"
#include "trimtab/http/credential.h"
#include "trimtab/http/url.h"
#include "trimtab/monitoring/prometheus_queries.h"

namespace trimtab {
namespace {

struct Values {
  ClusterArguments cluster;
  std::string name_space;
  bool all_namespaces = false;
  bool no_cluster = false;
  std::string prometheus_url;
  std::vector<std::string> prometheus_headers;
  std::string prometheus_token_file;
  std::string prometheus_ca_file;
  std::vector<std::string> queries;
  std::vector<std::string> selectors;
  std::string jaeger_url;
  std::string service;
  Duration timeout = std::chrono::seconds(10);
  OutputFormat output = OutputFormat::kTable;
};

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

// "NAME=VALUE" or "NAME: VALUE", taken apart at the first `separator`.
absl::StatusOr<std::pair<std::string, std::string>> TakenApart(std::string_view option,
                                                               std::string_view text,
                                                               char separator) {
  const std::size_t at = text.find(separator);
  if (at == text.npos || at == 0) {
    // The value may be a secret.
    return absl::InvalidArgumentError(fmt::format("--{}: '{}...' has no '{}' after a name", option,
                                                  text.substr(0, 12), separator));
  }
  std::string_view value = text.substr(at + 1);
  while (value.starts_with(' ')) value.remove_prefix(1);
  return std::pair(std::string(text.substr(0, at)), std::string(value));
}

absl::StatusOr<PrometheusQuestion> PrometheusOf(const Values& values, const Clock& clock) {
  PrometheusQuestion question;
  question.server.url = values.prometheus_url;
  question.timeout = values.timeout;
  if (!values.all_namespaces && !values.name_space.empty()) {
    question.queries.namespaces = {values.name_space};
  }
  for (const std::string& text : values.prometheus_headers) {
    auto header = TakenApart("prometheus-header", text, ':');
    if (!header.ok()) return header.status();
    question.server.headers.push_back({header->first, header->second});
  }
  question.server.http.tls.ca_file = values.prometheus_ca_file;
  if (!values.prometheus_token_file.empty()) {
    question.server.http.credentials =
        std::make_shared<TokenFile>(values.prometheus_token_file, clock);
  }
  for (const std::string& text : values.queries) {
    auto query = TakenApart("query", text, '=');
    if (!query.ok()) return query.status();
    question.queries.replaced.insert(*std::move(query));
  }
  for (const std::string& text : values.selectors) {
    auto selector = TakenApart("selector", text, '=');
    if (!selector.ok()) return selector.status();
    PrometheusSelectors& selectors = question.queries.selectors;
    if (selector->first == "cadvisor") {
      selectors.cadvisor = selector->second;
    } else if (selector->first == "node-exporter") {
      selectors.node_exporter = selector->second;
    } else if (selector->first == "cluster") {
      selectors.cluster = selector->second;
    } else {
      return absl::InvalidArgumentError(fmt::format(
          "--selector: '{}' is none of cadvisor, node-exporter and cluster", selector->first));
    }
  }
  // What is wrong with the command line is no finding.
  if (const auto queries = PrometheusQueries::Create(question.queries); !queries.ok()) {
    return queries.status();
  }
  return question;
}

absl::Status CheckUrl(std::string_view option, const std::string& url) {
  if (url.empty() || ParseUrl(url).ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("--{}: {}", option, std::string(ParseUrl(url).status().message())));
}

std::string_view StateName(FindingState state) {
  switch (state) {
    case FindingState::kOk:
      return "ok";
    case FindingState::kNote:
      return "note";
    case FindingState::kProblem:
      break;
  }
  return "problem";
}

// Remedies are commands to copy: each on a line of its own.
void WriteText(const std::vector<Finding>& findings, std::ostream& out) {
  std::string_view area;
  for (const Finding& finding : findings) {
    if (finding.area != area) out << fmt::format("{}{}\n", area.empty() ? "" : "\n", finding.area);
    area = finding.area;
    out << fmt::format("  {:<8} {}: {}\n", StateName(finding.state), finding.check, finding.detail);
    if (!finding.remedy.empty()) out << fmt::format("           mend: {}\n", finding.remedy);
  }
}

void WriteData(const std::vector<Finding>& findings, OutputFormat format, Context& context) {
  Table table(
      {{.key = "area"}, {.key = "check"}, {.key = "state"}, {.key = "detail"}, {.key = "remedy"}});
  for (const Finding& finding : findings) {
    const Table::Cell remedy = finding.remedy.empty() ? Table::Cell{} : Table::Cell{finding.remedy};
    table.AddRow({finding.area, finding.check, std::string(StateName(finding.state)),
                  finding.detail, remedy});
  }
  table.Write(format, context.color, context.out);
}

ExitCode Print(const std::vector<Finding>& findings, OutputFormat format, Context& context) {
  const auto count = [&](FindingState state) {
    return std::count_if(findings.begin(), findings.end(),
                         [state](const Finding& finding) { return finding.state == state; });
  };
  if (format == OutputFormat::kTable) {
    WriteText(findings, context.out);
  } else {
    WriteData(findings, format, context);
  }
  context.err << fmt::format("{} ok, {} to note, {} to mend\n", count(FindingState::kOk),
                             count(FindingState::kNote), count(FindingState::kProblem));
  return count(FindingState::kProblem) == 0 ? ExitCode::kSuccess : ExitCode::kInsufficientData;
}

absl::StatusOr<ExitCode> RunDoctor(const Values& values, Context& context) {
  if (values.no_cluster && values.prometheus_url.empty() && values.jaeger_url.empty()) {
    return absl::InvalidArgumentError(
        "nothing to look at: give --prometheus-url or --jaeger-url, or leave --no-cluster out");
  }
  if (auto url = CheckUrl("prometheus-url", values.prometheus_url); !url.ok()) return url;
  if (auto url = CheckUrl("jaeger-url", values.jaeger_url); !url.ok()) return url;
  const SystemClock clock;
  auto prometheus = PrometheusOf(values, clock);
  if (!prometheus.ok()) return prometheus.status();
  std::vector<Finding> findings;
  const auto add = [&findings](std::vector<Finding> more) {
    for (Finding& finding : more) findings.push_back(std::move(finding));
  };
  if (!values.no_cluster) {
    add(ExamineCluster({.rules = ConnectionRulesOf(values.cluster),
                        .name_space = values.name_space,
                        .all_namespaces = values.all_namespaces,
                        .timeout = values.timeout},
                       clock));
  }
  if (!values.prometheus_url.empty()) add(ExaminePrometheus(*prometheus, clock));
  if (!values.jaeger_url.empty()) {
    add(ExamineJaeger(
        {.url = values.jaeger_url, .service = values.service, .timeout = values.timeout}));
  }
  return Print(findings, values.output, context);
}

}  // namespace

CommandAction DeclareDoctor(Arguments& arguments) {
  const auto values = std::make_shared<Values>();
  values->prometheus_url = Environment("TRIMTAB_PROMETHEUS_URL");
  values->jaeger_url = Environment("TRIMTAB_JAEGER_URL");
  DeclareCluster(arguments, &values->cluster);
  arguments.Option("namespace", &values->name_space,
                   "the namespace to look at; otherwise that of the context");
  arguments.Flag("all-namespaces", &values->all_namespaces, "look at all namespaces");
  arguments.Flag("no-cluster", &values->no_cluster, "leave Kubernetes out");
  arguments.Option("prometheus-url", &values->prometheus_url,
                   "also look at this Prometheus; or $TRIMTAB_PROMETHEUS_URL", "URL");
  arguments.OptionList("prometheus-header", &values->prometheus_headers,
                       "a header for each of its requests", "'NAME: VALUE'");
  arguments.Option("prometheus-bearer-token-file", &values->prometheus_token_file, "a token for it",
                   "FILE");
  arguments.Option("prometheus-ca-file", &values->prometheus_ca_file,
                   "the authority of its certificate", "FILE");
  arguments.OptionList("query", &values->queries,
                       "a PromQL in place of the built-in query of this name; empty: not measured",
                       "NAME=PROMQL");
  arguments.OptionList("selector", &values->selectors,
                       "label matchers of cadvisor, node-exporter or cluster", "NAME=MATCHERS");
  arguments.Option("jaeger-url", &values->jaeger_url,
                   "also look at this Jaeger; or $TRIMTAB_JAEGER_URL", "URL");
  arguments.Option("service", &values->service, "the entry of the application, as Jaeger knows it");
  arguments.Option("timeout", &values->timeout,
                   {.min = std::chrono::seconds(1), .max = std::chrono::minutes(5)},
                   "of each request");
  arguments.Output(&values->output);
  return [values](Context& context) { return RunDoctor(*values, context); };
}

}  // namespace trimtab
