#include "trimtab/cli/run_config.h"

#include <unistd.h>

#include <array>
#include <optional>
#include <utility>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "trimtab/appscaler/field_reader.h"
#include "trimtab/appscaler/yaml_fields.h"
#include "trimtab/cli/build_info.h"
#include "trimtab/cli/listener_tls.h"
#include "trimtab/quantity/text.h"
#include "trimtab/yaml/yaml_document.h"
#include "trimtab/yaml/yaml_writer.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

enum class Shape { kOne, kList, kHeaders, kPairs };

struct Setting {
  std::string_view path;         // in the file, "listen.metrics"
  std::string_view flag;         // empty: none
  const char* variable;          // of the environment; nullptr: none
  std::string_view type;         // for --help
  std::string_view description;  // for --help
  Shape shape = Shape::kOne;
};

constexpr Setting kSettings[] = {
    {"mode", "mode", nullptr, "Recommend|Apply",
     "what the process allows; a resource must allow Apply, too"},
    {"dryRun", "dry-run", nullptr, "none|server",
     "server: every write is checked by the API server and none is stored"},
    {"interval", "interval", nullptr, "TIME", "from one decision to the next"},
    {"watchNamespaces", "namespace", nullptr, "NAME", "serve these only; otherwise all",
     Shape::kList},
    {"profiles", "profile", nullptr, "FILE", "trained profiles of applications", Shape::kList},
    {"journal", "journal", nullptr, "DIR", "folder for the decisions of each AppScaler"},
    {"startupTimeout", "", nullptr, "", ""},
    {"leaderElection.enabled", "", nullptr, "", ""},
    {"leaderElection.leaseName", "lease", nullptr, "NAME", "the Lease whose holder writes"},
    {"leaderElection.leaseNamespace", "lease-namespace", "POD_NAMESPACE", "NAME",
     "its namespace; otherwise that of the connection"},
    {"leaderElection.identity", "identity", "POD_NAME", "NAME",
     "of this process; otherwise host and process number"},
    {"leaderElection.leaseDuration", "", nullptr, "", ""},
    {"leaderElection.renewDeadline", "", nullptr, "", ""},
    {"leaderElection.retryPeriod", "", nullptr, "", ""},
    {"listen.metrics", "listen-metrics", nullptr, "ADDRESS", "serve /metrics here", Shape::kList},
    {"listen.health", "listen-health", nullptr, "ADDRESS",
     "serve /healthz, /livez and /readyz here", Shape::kList},
    {"listen.otlp", "listen-otlp", nullptr, "ADDRESS",
     "receive OTLP here, HTTP and gRPC, such as 127.0.0.1:4318", Shape::kList},
    {"log.format", "log-format", "TRIMTAB_LOG_FORMAT", "text|json", "of the log on stderr"},
    {"log.level", "log-level", "TRIMTAB_LOG_LEVEL", "debug|info|warn|error",
     "the least that is logged"},
    {"sources.prometheus.url", "prometheus-url", "TRIMTAB_PROMETHEUS_URL", "URL",
     "where metrics are"},
    {"sources.prometheus.headers", "prometheus-header", nullptr, "'NAME: VALUE'",
     "a header for each request to it", Shape::kHeaders},
    {"sources.prometheus.bearerTokenFile", "prometheus-bearer-token-file", nullptr, "FILE",
     "a token for it, read again when it changes"},
    {"sources.prometheus.tls.caFile", "prometheus-ca-file", nullptr, "FILE",
     "the authority of its certificate"},
    {"sources.prometheus.tls.insecureSkipVerify", "", nullptr, "", ""},
    {"sources.prometheus.timeout", "prometheus-timeout", nullptr, "TIME",
     "of all queries of a decision together"},
    {"sources.prometheus.maxSampleAge", "sample-age", nullptr, "TIME",
     "older samples count as missing"},
    {"sources.prometheus.rateWindow", "rate-window", nullptr, "TIME",
     "rates are means over this; at least three scrapes"},
    {"sources.prometheus.selectors.cadvisor", "", nullptr, "", ""},
    {"sources.prometheus.selectors.nodeExporter", "", nullptr, "", ""},
    {"sources.prometheus.selectors.cluster", "", nullptr, "", ""},
    {"sources.prometheus.queries", "query", nullptr, "NAME=PROMQL",
     "in place of the built-in query of this name", Shape::kPairs},
    {"sources.jaeger.url", "jaeger-url", "TRIMTAB_JAEGER_URL", "URL",
     "ask this Jaeger for traces instead of receiving them"},
    {"sources.otlp.settleDelay", "otlp-settle-delay", nullptr, "TIME",
     "a trace is whole when no span of it came for this long"},
    {"sources.samplingShare", "sampling-share", nullptr, "SHARE",
     "of the requests whose spans are sent; windows in which traces and request counters disagree "
     "lower nothing"},
    {"tls.certificateFile", "tls-certificate", nullptr, "FILE",
     "the certificate of every listener, in PEM; read again when it changes"},
    {"tls.keyFile", "tls-key", nullptr, "FILE", "its key"},
    {"tls.clientCaFile", "tls-client-ca", nullptr, "FILE",
     "clients of metrics and OTLP show a certificate of this authority"},
    {"tls.allowClearText", "", nullptr, "", ""},
};

Json::json_pointer PointerTo(std::string_view path) {
  std::string pointer = "/";
  for (const char c : path) pointer += c == '.' ? '/' : c;
  return Json::json_pointer(pointer);
}

// "NAME: VALUE" or "NAME=VALUE" into an object. The value may be a secret.
absl::Status AddPair(const Setting& setting, const std::string& text, char separator, Json& into) {
  const std::size_t at = text.find(separator);
  if (at == text.npos || at == 0) {
    return absl::InvalidArgumentError(
        fmt::format("--{}: a value without '{}' after a name", setting.flag, separator));
  }
  std::string value = text.substr(at + 1);
  value.erase(0, value.find_first_not_of(' '));
  into[text.substr(0, at)] = value;
  return absl::OkStatus();
}

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
  reader->Text("url", options.prometheus.url);
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
    jaeger->Text("url", options.jaeger_url);
    jaeger->Finish();
  }
  if (auto otlp = sources->Object("otlp")) {
    otlp->Time("settleDelay", options.otlp_settle_delay);
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

void WriteYaml(const Json& value, YamlWriter& writer) {
  for (const auto& [key, inner] : value.items()) {
    if (inner.is_object()) {
      writer.Open(key);
      WriteYaml(inner, writer);
      writer.Close();
    } else if (inner.is_array()) {
      writer.Open(key);
      for (const Json& item : inner) writer.ScalarItem(item.get<std::string>());
      writer.Close();
    } else {
      writer.Text(key, inner.get<std::string>());
    }
  }
}

}  // namespace

void RunSettings::Declare(Arguments& arguments) {
  arguments.Option("config", &file_, "a file of settings; or $TRIMTAB_CONFIG", "FILE");
  arguments.Option("kubeconfig", &kubeconfig_,
                   "the kubeconfig file; otherwise $KUBECONFIG, the cluster around, ~/.kube/config",
                   "FILE");
  arguments.Option("context", &context_, "a context of the kubeconfig");
  arguments.Flag("no-leader-election", &no_leader_election_,
                 "write without holding a Lease: no other process may run");
  arguments.Flag("allow-clear-text", &allow_clear_text_,
                 "listen in clear text on addresses that other machines reach");
  for (const Setting& setting : kSettings) {
    given_.push_back(std::make_unique<Given>());
    if (setting.flag.empty()) continue;
    if (setting.shape == Shape::kOne) {
      arguments.Option(setting.flag, &given_.back()->text, setting.description, setting.type);
    } else {
      arguments.OptionList(setting.flag, &given_.back()->texts, setting.description, setting.type);
    }
  }
}

absl::StatusOr<Json> RunSettings::Merge(const Environment& environment) const {
  Json over = Json::object();
  if (no_leader_election_) over["leaderElection"]["enabled"] = "false";
  if (allow_clear_text_) over["tls"]["allowClearText"] = "true";
  for (std::size_t i = 0; i < std::size(kSettings); ++i) {
    const Setting& setting = kSettings[i];
    Json value;
    if (setting.variable != nullptr) {
      if (std::string text = environment(setting.variable); !text.empty()) value = text;
    }
    if (!given_[i]->text.empty()) value = given_[i]->text;
    for (const std::string& text : given_[i]->texts) {
      if (setting.shape == Shape::kList) {
        value.push_back(text);
      } else if (absl::Status added =
                     AddPair(setting, text, setting.shape == Shape::kHeaders ? ':' : '=', value);
                 !added.ok()) {
        return added;
      }
    }
    if (!value.is_null()) over[PointerTo(setting.path)] = value;
  }
  return over;
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
  options.queries.namespaces = options.namespaces;
  options.loop.control.tails.settle_delay = options.otlp_settle_delay;
  root.Finish();
  const absl::Status bad = file.empty() ? problems.ToStatus() : fields.ToStatus(problems, file);
  if (!bad.ok()) return bad;
  if (!tls.ok()) return tls;
  ControlOptions check = options.loop.control;
  check.effect_poll = std::min(check.effect_poll, check.interval);
  return check.Validate();
}

absl::StatusOr<std::string> RunSettings::ToYaml(const Environment& environment) const {
  const auto config = std::make_unique<RunConfig>();
  if (absl::Status valid = Resolve(environment, *config); !valid.ok()) return valid;
  const std::string file = file_.empty() ? environment("TRIMTAB_CONFIG") : file_;
  Json value = {{"apiVersion", "config.trimtab.dev/v1alpha1"}, {"kind", "ControllerConfig"}};
  if (!file.empty()) {
    const auto text = ReadConfiguration(file);
    if (!text.ok()) return text.status();
    value.merge_patch(YamlFields::Parse(*text, file)->value);
  }
  value.merge_patch(*Merge(environment));
  const Json::json_pointer headers = PointerTo("sources.prometheus.headers");
  if (value.contains(headers)) {
    for (auto& [name, text] : value[headers].items()) text = "(hidden)";
  }
  YamlWriter writer;
  WriteYaml(value, writer);
  return writer.text();
}

}  // namespace trimtab
