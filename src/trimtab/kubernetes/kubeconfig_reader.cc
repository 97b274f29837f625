#include "trimtab/kubernetes/kubeconfig_reader.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "fmt/format.h"

namespace trimtab {
namespace {

constexpr std::string_view kExecVersion = "client.authentication.k8s.io/v1";

bool IsNull(const YamlNode& node) {
  return node.kind == YamlNode::Kind::kScalar &&
         (node.text.empty() || node.text == "null" || node.text == "~");
}

std::string RelativeTo(const std::string& file, const std::string& path) {
  return (std::filesystem::path(file).parent_path() / path).string();
}

void ReadEnvironment(const YamlNode& list, const std::string& file, const std::string& field,
                     ExecPlugin& plugin, absl::Status& status) {
  for (const YamlNode& item : list.items) {
    KubeconfigFields entry(item, file, field, status);
    std::string name = entry.Text("name");
    if (name.empty() || name.find('=') != std::string::npos) {
      entry.Fail(item.line, "name", "must be the name of a variable");
    }
    plugin.environment.emplace_back(std::move(name), entry.Text("value"));
  }
}

}  // namespace

KubeconfigFields::KubeconfigFields(const YamlNode& node, std::string file, std::string field,
                                   absl::Status& status)
    : node_(node), file_(std::move(file)), field_(std::move(field)), status_(status) {
  if (node.kind != YamlNode::Kind::kMap && !IsNull(node)) Fail(node.line, "", "must be a map");
}

const YamlNode* KubeconfigFields::Find(std::string_view key) const {
  const auto found = std::find_if(
      node_.entries.begin(), node_.entries.end(),
      [&](const YamlNode::Entry& entry) { return entry.key == key && !IsNull(entry.value); });
  return found == node_.entries.end() ? nullptr : &found->value;
}

void KubeconfigFields::Fail(int line, std::string_view key, std::string_view why) {
  if (!status_.ok()) return;
  const std::string_view dot = field_.empty() || key.empty() ? "" : ".";
  const std::string_view colon = field_.empty() && key.empty() ? "" : ": ";
  status_ = absl::InvalidArgumentError(
      fmt::format("{}:{}: {}{}{}{}{}", file_, line, field_, dot, key, colon, why));
}

void KubeconfigFields::Fail(std::string_view key, std::string_view why) {
  const YamlNode* value = Find(key);
  Fail(value != nullptr ? value->line : node_.line, key, why);
}

std::string KubeconfigFields::PlaceOf(std::string_view key) const {
  const YamlNode* value = Find(key);
  return fmt::format("{}:{}", file_, value != nullptr ? value->line : node_.line);
}

std::string KubeconfigFields::Text(std::string_view key) {
  const YamlNode* value = Find(key);
  if (value == nullptr || !ok()) return "";
  if (value->kind == YamlNode::Kind::kScalar) return value->text;
  Fail(key, "must be text");
  return "";
}

bool KubeconfigFields::Flag(std::string_view key) {
  const std::string text = Text(key);
  if (text.empty() || text == "false") return false;
  if (text != "true") Fail(key, fmt::format("'{}' is neither true nor false", text.substr(0, 64)));
  return ok();
}

std::string KubeconfigFields::Path(std::string_view key) {
  const std::string text = Text(key);
  return text.empty() ? "" : RelativeTo(file_, text);
}

std::string KubeconfigFields::Pem(std::string_view key) {
  const std::string text = Text(key);
  std::string pem;
  if (!absl::Base64Unescape(text, &pem)) {
    Fail(key, fmt::format("{} characters that are not base64", text.size()));
    return "";
  }
  if (!text.empty() && pem.find("-----BEGIN ") == std::string::npos) {
    Fail(key, fmt::format("{} bytes without a PEM block", pem.size()));
  }
  return pem;
}

const YamlNode* KubeconfigFields::Map(std::string_view key) {
  const YamlNode* value = Find(key);
  if (value == nullptr || value->kind == YamlNode::Kind::kMap) return value;
  Fail(key, "must be a map");
  return nullptr;
}

const YamlNode* KubeconfigFields::List(std::string_view key) {
  const YamlNode* value = Find(key);
  if (value == nullptr || value->kind == YamlNode::Kind::kSequence) return value;
  Fail(key, "must be a list");
  return nullptr;
}

ExecPlugin ReadExecPlugin(const YamlNode& node, const std::string& file, const std::string& field,
                          absl::Status& status) {
  KubeconfigFields fields(node, file, field, status);
  ExecPlugin plugin;
  const std::string version = fields.Text("apiVersion");
  if (version != kExecVersion) {
    fields.Fail("apiVersion",
                fmt::format("'{}', must be '{}'", version.substr(0, 64), kExecVersion));
  }
  plugin.command = fields.Text("command");
  if (plugin.command.empty()) fields.Fail("command", "is missing");
  if (plugin.command.find('/') != std::string::npos) plugin.command = fields.Path("command");
  if (const YamlNode* list = fields.List("args")) {
    for (const YamlNode& item : list->items) {
      if (item.kind != YamlNode::Kind::kScalar) fields.Fail(item.line, "args", "must be texts");
      plugin.arguments.push_back(item.text);
    }
  }
  if (const YamlNode* list = fields.List("env")) {
    ReadEnvironment(*list, file, field + ".env", plugin, status);
  }
  plugin.install_hint = fields.Text("installHint");
  plugin.provide_cluster_info = fields.Flag("provideClusterInfo");
  const std::string mode = fields.Text("interactiveMode");
  if (mode == "IfAvailable") {
    plugin.interaction = ExecPlugin::Interaction::kIfAvailable;
  } else if (mode == "Always") {
    plugin.interaction = ExecPlugin::Interaction::kAlways;
  } else if (mode != "Never") {
    fields.Fail("interactiveMode",
                fmt::format("'{}', must be Never, IfAvailable or Always", mode.substr(0, 64)));
  }
  return plugin;
}

}  // namespace trimtab
