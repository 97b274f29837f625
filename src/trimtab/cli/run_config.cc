#include "trimtab/cli/run_config.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <optional>
#include <utility>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "trimtab/appscaler/field_reader.h"
#include "trimtab/appscaler/yaml_fields.h"
#include "trimtab/cli/build_info.h"
#include "trimtab/cli/listener_tls.h"
#include "trimtab/http/url.h"
#include "trimtab/quantity/text.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

void ReadAddresses(FieldReader& reader, std::string_view key,
                   std::vector<ListenAddress>& addresses) {
  std::vector<std::string> texts;
  reader.Texts(key, texts);
  for (const std::string& text : texts) {
    const auto address = ListenAddress::Parse(text);
    if (address.ok()) {
      addresses.push_back(*address);
    } else {
      reader.Problem(key, std::string(address.status().message()));
    }
  }
}

void ReadUrl(FieldReader& reader, std::string& url) {
  reader.Text("url", url);
  if (url.empty()) return;
  const auto parsed = ParseUrl(url);
  if (!parsed.ok()) reader.Problem("url", std::string(parsed.status().message()));
}

void ReadElection(FieldReader& root, const RunSettings::Environment& environment,
                  OperatorOptions& options) {
  LeaderElectionOptions election;
  election.claim.name = "trimtab";
  std::optional<bool> enabled = true;
  if (auto reader = root.Object("leaderElection")) {
    reader->Flag("enabled", enabled);
    reader->Text("leaseName", election.claim.name);
    reader->Text("leaseNamespace", election.claim.name_space);
    reader->Text("identity", election.claim.identity);
    reader->Time("leaseDuration", election.claim.duration);
    reader->Time("renewDeadline", election.renew_deadline);
    reader->Time("retryPeriod", election.retry_period);
    reader->Finish();
  }
  if (election.claim.identity.empty()) {
    std::array<char, 256> host{};
    if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
    election.claim.identity = fmt::format("{}_{}", host.data(), getpid());
  }
  if (election.claim.name_space.empty()) {
    options.connection.home = environment("HOME");
    const auto connection = FindConnection(options.connection);
    election.claim.name_space = connection.ok() ? connection->default_namespace : "default";
  }
  options.loop.instance = election.claim.identity;
  options.election = enabled.value_or(true) ? std::optional(election) : std::nullopt;
}

void ReadPairs(FieldReader& reader, std::string_view key,
               const std::function<void(std::string, std::string)>& add) {
  auto object = reader.Object(key);
  if (!object) return;
  for (const std::string& name : object->Keys()) {
    std::string value;
    object->Text(name, value);
    add(name, value);
  }
}

void ReadPrometheus(FieldReader& sources, OperatorOptions& options) {
  auto reader = sources.Object("prometheus");
  if (!reader) return;
  ReadUrl(*reader, options.prometheus.url);
  ReadPairs(*reader, "headers", [&options](std::string name, std::string value) {
    options.prometheus.headers.push_back({std::move(name), std::move(value)});
  });
  reader->Text("bearerTokenFile", options.prometheus_token_file);
  if (auto tls = reader->Object("tls")) {
    tls->Text("caFile", options.prometheus.http.tls.ca_file);
    std::optional<bool> insecure;
    tls->Flag("insecureSkipVerify", insecure);
    options.prometheus.http.tls.insecure_skip_verify = insecure.value_or(false);
    tls->Finish();
  }
  reader->Time("timeout", options.prometheus_timeout);
  reader->Time("maxSampleAge", options.loop.control.monitor.most_age);
  reader->Time("rateWindow", options.loop.control.monitor.rate_window);
  if (auto selectors = reader->Object("selectors")) {
    selectors->Text("cadvisor", options.queries.selectors.cadvisor);
    selectors->Text("nodeExporter", options.queries.selectors.node_exporter);
    selectors->Text("cluster", options.queries.selectors.cluster);
    selectors->Finish();
  }
  ReadPairs(*reader, "queries", [&options](const std::string& name, std::string query) {
    options.queries.replaced[name] = std::move(query);
  });
  reader->Finish();
}

void ReadSources(FieldReader& root, OperatorOptions& options) {
  auto sources = root.Object("sources");
  if (!sources) return;
  ReadPrometheus(*sources, options);
  if (auto jaeger = sources->Object("jaeger")) {
    ReadUrl(*jaeger, options.jaeger_url);
    jaeger->Finish();
  }
  if (auto otlp = sources->Object("otlp")) {
    otlp->Time("settleDelay", options.otlp_settle_delay);
    otlp->Text("peerUrl", options.peer_otlp_url);
    otlp->Text("peerCaFile", options.peer_ca_file);
    otlp->Finish();
  }
  sources->Number("samplingShare", options.sampling_share);
  if (!(options.sampling_share > 0 && options.sampling_share <= 1)) {
    sources->Problem("samplingShare",
                     fmt::format("is {}, must be above 0 and at most 1", options.sampling_share));
  }
  sources->Finish();
}

void ReadListeners(FieldReader& root, OperatorOptions& options) {
  auto listen = root.Object("listen");
  if (!listen) return;
  ReadAddresses(*listen, "metrics", options.metrics);
  ReadAddresses(*listen, "health", options.health);
  ReadAddresses(*listen, "otlp", options.otlp);
  listen->Finish();
}

absl::Status ReadTls(FieldReader& root, OperatorOptions& options) {
  ListenerTls tls;
  if (auto reader = root.Object("tls")) {
    reader->Text("certificateFile", tls.certificate);
    reader->Text("keyFile", tls.key);
    reader->Text("clientCaFile", tls.client_ca);
    std::optional<bool> allowed;
    reader->Flag("allowClearText", allowed);
    tls.allow_clear_text = allowed.value_or(false);
    reader->Finish();
  }
  auto files = TlsFilesOf(tls);
  if (!files.ok()) return files.status();
  options.tls = *std::move(files);
  for (const auto& [addresses, name] :
       {std::pair(&options.metrics, "--listen-metrics"),
        std::pair(&options.health, "--listen-health"), std::pair(&options.otlp, "--listen-otlp")}) {
    if (absl::Status safe = CheckListeners(tls, *addresses, name); !safe.ok()) return safe;
  }
  return absl::OkStatus();
}

void ReadLog(FieldReader& root, RunConfig& config) {
  auto log = root.Object("log");
  if (!log) return;
  if (const auto format = log->Choice("format", {"text", "json"})) {
    config.log_format = static_cast<LogFormat>(*format);
  }
  if (const auto level = log->Choice("level", {"debug", "info", "warn", "error"})) {
    config.log_level = static_cast<LogLevel>(*level);
  }
  log->Finish();
}

void ReadKind(FieldReader& root) {
  for (const auto& [key, expected] : {std::pair("apiVersion", "config.trimtab.dev/v1alpha1"),
                                      std::pair("kind", "ControllerConfig")}) {
    std::string text = expected;
    root.Text(key, text);
    if (text != expected) root.Problem(key, fmt::format("is '{}', must be '{}'", text, expected));
  }
}

}  // namespace

std::string EnvironmentVariable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

absl::Status RunSettings::Resolve(const Environment& environment, RunConfig& config) const {
  const std::string file = file_.empty() ? environment("TRIMTAB_CONFIG") : file_;
  YamlFields fields{.value = Json::object()};
  if (!file.empty()) {
    const auto text = ReadConfiguration(file);
    if (!text.ok()) return text.status();
    auto parsed = YamlFields::Parse(*text, file);
    if (!parsed.ok()) return parsed.status();
    fields = *std::move(parsed);
  }
  const auto over = Merge(environment);
  if (!over.ok()) return over.status();
  fields.value.merge_patch(*over);

  OperatorOptions& options = config.options;
  options.version = std::string(GetBuildInfo().version);
  options.commit = std::string(GetBuildInfo().commit);
  ConnectionRules& rules = options.connection;
  rules.kubeconfig_flag = kubeconfig_;
  rules.context = context_;
  rules.kubeconfig_files = environment("KUBECONFIG");
  rules.service_host = environment("KUBERNETES_SERVICE_HOST");
  rules.service_port = environment("KUBERNETES_SERVICE_PORT");
  rules.home = environment("HOME");
  rules.proxy = {.https = environment("HTTPS_PROXY"), .exceptions = environment("NO_PROXY")};

  FieldProblems problems{.is_strict = true};
  FieldReader root(fields.value, "", problems);
  ReadKind(root);
  if (const auto mode = root.Choice("mode", {"Recommend", "Apply"})) {
    options.loop.may_apply = *mode == 1;
  }
  if (const auto dry = root.Choice("dryRun", {"none", "server"})) options.loop.dry_run = *dry == 1;
  root.Time("interval", options.loop.control.interval);
  root.Time("startupTimeout", options.loop.control.safety.longest_start);
  root.Texts("watchNamespaces", options.namespaces);
  root.Texts("profiles", options.profiles);
  root.Text("journal", options.journal);
  ReadElection(root, environment, options);
  ReadListeners(root, options);
  ReadLog(root, config);
  ReadSources(root, options);
  const absl::Status tls = ReadTls(root, options);
  options.loop.control.tails.settle_delay = options.otlp_settle_delay;
  root.Finish();
  const absl::Status bad = file.empty() ? problems.ToStatus() : fields.ToStatus(problems, file);
  if (!bad.ok()) return bad;
  if (!tls.ok()) return tls;
  ControlOptions check = options.loop.control;
  check.effect_poll = std::min(check.effect_poll, check.interval);
  return check.Validate();
}

}  // namespace trimtab
