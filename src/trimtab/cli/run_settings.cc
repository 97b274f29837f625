// The table of settings, and how file, environment and line go over one another.
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "trimtab/appscaler/yaml_fields.h"
#include "trimtab/cli/run_config.h"
#include "trimtab/http/url.h"
#include "trimtab/yaml/yaml_document.h"
#include "trimtab/yaml/yaml_writer.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;

enum class Shape { kOne, kList, kHeaders, kPairs };

// Sums of SettingsOf.
constexpr unsigned Bit(SettingsOf command) { return static_cast<unsigned>(command); }
constexpr unsigned kController = Bit(SettingsOf::kRun);
constexpr unsigned kWrites = kController | Bit(SettingsOf::kApply);
constexpr unsigned kDecides = kController | Bit(SettingsOf::kRecommend) | Bit(SettingsOf::kPlan);

struct Setting {
  std::string_view path;         // in the file, "listen.metrics"
  unsigned commands;             // whose lines take it
  std::string_view flag;         // empty: none
  const char* variable;          // of the environment; nullptr: none
  std::string_view type;         // for --help
  std::string_view description;  // for --help
  Shape shape = Shape::kOne;
};

constexpr std::string_view kProfileFlag = "profile";

constexpr Setting kSettings[] = {
    {"mode", kController, "mode", nullptr, "Recommend|Apply",
     "what the process allows; a resource must allow Apply, too"},
    {"dryRun", kWrites, "dry-run", nullptr, "none|server",
     "server: every write is checked by the API server and none is stored"},
    {"interval", kDecides, "interval", nullptr, "TIME", "from one decision to the next"},
    {"watchNamespaces", kDecides, "namespace", nullptr, "NAME",
     "only the AppScalers of this namespace; otherwise of all", Shape::kList},
    {"profiles", kDecides, kProfileFlag, nullptr, "FILE", "trained profiles of applications",
     Shape::kList},
    {"journal", kController, "journal", nullptr, "DIR",
     "folder for the decisions of each AppScaler"},
    {"startupTimeout", kController, "", nullptr, "", ""},
    {"leaderElection.enabled", kController, "", nullptr, "", ""},
    {"leaderElection.leaseName", kController, "lease", nullptr, "NAME",
     "the Lease whose holder writes"},
    {"leaderElection.leaseNamespace", kController, "lease-namespace", "POD_NAMESPACE", "NAME",
     "its namespace; otherwise that of the connection"},
    {"leaderElection.identity", kController, "identity", "POD_NAME", "NAME",
     "of this process; otherwise host and process number"},
    {"leaderElection.leaseDuration", kController, "", nullptr, "", ""},
    {"leaderElection.renewDeadline", kController, "", nullptr, "", ""},
    {"leaderElection.retryPeriod", kController, "", nullptr, "", ""},
    {"listen.metrics", kController, "listen-metrics", nullptr, "ADDRESS", "serve /metrics here",
     Shape::kList},
    {"listen.health", kController, "listen-health", nullptr, "ADDRESS",
     "serve /healthz, /livez and /readyz here", Shape::kList},
    {"listen.otlp", kDecides, "listen-otlp", nullptr, "ADDRESS",
     "receive OTLP here, HTTP and gRPC, such as 127.0.0.1:4318", Shape::kList},
    {"log.format", kController, "log-format", "TRIMTAB_LOG_FORMAT", "text|json",
     "of the log on stderr"},
    {"log.level", kController, "log-level", "TRIMTAB_LOG_LEVEL", "debug|info|warn|error",
     "the least that is logged"},
    {"sources.prometheus.url", kDecides, "prometheus-url", "TRIMTAB_PROMETHEUS_URL", "URL",
     "where metrics are"},
    {"sources.prometheus.headers", kDecides, "prometheus-header", nullptr, "'NAME: VALUE'",
     "a header for each request to it", Shape::kHeaders},
    {"sources.prometheus.bearerTokenFile", kDecides, "prometheus-bearer-token-file", nullptr,
     "FILE", "a token for it, read again when it changes"},
    {"sources.prometheus.tls.caFile", kDecides, "prometheus-ca-file", nullptr, "FILE",
     "the authority of its certificate"},
    {"sources.prometheus.tls.insecureSkipVerify", kDecides, "", nullptr, "", ""},
    {"sources.prometheus.timeout", kDecides, "prometheus-timeout", nullptr, "TIME",
     "of all queries of a decision together"},
    {"sources.prometheus.maxSampleAge", kDecides, "sample-age", nullptr, "TIME",
     "older samples count as missing"},
    {"sources.prometheus.rateWindow", kDecides, "rate-window", nullptr, "TIME",
     "rates are means over this; at least three scrapes"},
    {"sources.prometheus.selectors.cadvisor", kDecides, "", nullptr, "", ""},
    {"sources.prometheus.selectors.nodeExporter", kDecides, "", nullptr, "", ""},
    {"sources.prometheus.selectors.cluster", kDecides, "", nullptr, "", ""},
    {"sources.prometheus.queries", kDecides, "query", nullptr, "NAME=PROMQL",
     "in place of the built-in query of this name", Shape::kPairs},
    {"sources.jaeger.url", kDecides, "jaeger-url", "TRIMTAB_JAEGER_URL", "URL",
     "ask this Jaeger for traces instead of receiving them"},
    {"sources.otlp.settleDelay", kDecides, "otlp-settle-delay", nullptr, "TIME",
     "a trace is whole when no span of it came for this long"},
    {"sources.otlp.peerUrl", kController, "peer-otlp-url", nullptr, "URL",
     "a standby sends its spans here, {holder} being the leader's identity"},
    {"sources.otlp.peerCaFile", kController, "peer-ca-file", nullptr, "FILE",
     "the authority of the leader's certificate; that of --tls-client-ca without"},
    {"sources.samplingShare", kDecides, "sampling-share", nullptr, "SHARE",
     "of the requests whose spans are sent; windows in which traces and request counters disagree "
     "lower nothing"},
    {"tls.certificateFile", kDecides, "tls-certificate", nullptr, "FILE",
     "the certificate of every listener, in PEM; read again when it changes"},
    {"tls.keyFile", kDecides, "tls-key", nullptr, "FILE", "its key"},
    {"tls.clientCaFile", kDecides, "tls-client-ca", nullptr, "FILE",
     "clients of metrics and OTLP show a certificate of this authority"},
    {"tls.allowClearText", kDecides, "", nullptr, "", ""},
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

void RunSettings::Declare(Arguments& arguments, SettingsOf command) {
  const auto takes = [command](unsigned commands) { return (commands & Bit(command)) != 0; };
  const std::string_view when = command == SettingsOf::kPlan ? "with --on-kubernetes: " : "";
  arguments.Option("config", &file_, fmt::format("{}a file of settings; or $TRIMTAB_CONFIG", when),
                   "FILE");
  arguments.Option(
      "kubeconfig", &kubeconfig_,
      fmt::format(
          "{}the kubeconfig file; otherwise $KUBECONFIG, the cluster around, ~/.kube/config", when),
      "FILE");
  arguments.Option("context", &context_, fmt::format("{}a context of the kubeconfig", when));
  if (takes(kController)) {
    arguments.Flag("no-leader-election", &no_leader_election_,
                   "write without holding a Lease: no other process may run");
  }
  if (takes(kDecides)) {
    arguments.Flag(
        "allow-clear-text", &allow_clear_text_,
        fmt::format("{}listen in clear text on addresses that other machines reach", when));
  }
  for (const Setting& setting : kSettings) {
    given_.push_back(std::make_unique<Given>());
    if (setting.flag.empty() || !takes(setting.commands)) continue;
    if (command == SettingsOf::kPlan && setting.flag == kProfileFlag) continue;
    const std::string description = fmt::format("{}{}", when, setting.description);
    if (setting.shape == Shape::kOne) {
      arguments.Option(setting.flag, &given_.back()->text, description, setting.type);
    } else {
      arguments.OptionList(setting.flag, &given_.back()->texts, description, setting.type);
    }
  }
}

void RunSettings::AddProfile(std::string file) {
  for (std::size_t i = 0; i < given_.size(); ++i) {
    if (kSettings[i].flag == kProfileFlag) given_[i]->texts.push_back(std::move(file));
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
  for (const std::string_view path :
       {"sources.prometheus.url", "sources.jaeger.url", "sources.otlp.peerUrl"}) {
    const Json::json_pointer url = PointerTo(path);
    if (value.contains(url)) value[url] = PrintableUrl(value[url].get<std::string>());
  }
  YamlWriter writer;
  WriteYaml(value, writer);
  return writer.text();
}

}  // namespace trimtab
