#include "trimtab/appscaler/yaml_fields.h"

#include <utility>

#include "fmt/format.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab {
namespace {

using Json = nlohmann::json;
using LinesByPath = std::map<std::string, int>;

Json ToJson(const YamlNode& node, const std::string& path, LinesByPath& lines) {
  lines.emplace(path, node.line);
  switch (node.kind) {
    case YamlNode::Kind::kScalar:
      return node.text;
    case YamlNode::Kind::kSequence: {
      Json list = Json::array();
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        list.push_back(ToJson(node.items[i], fmt::format("{}[{}]", path, i), lines));
      }
      return list;
    }
    case YamlNode::Kind::kMap:
      break;
  }
  Json object = Json::object();
  for (const YamlNode::Entry& entry : node.entries) {
    const std::string inner = path.empty() ? entry.key : fmt::format("{}.{}", path, entry.key);
    lines.emplace(inner, entry.key_line);
    object[entry.key] = ToJson(entry.value, inner, lines);
  }
  return object;
}

// The line of the path, or of the nearest thing around it that is there.
int LineOf(std::string path, const LinesByPath& lines) {
  while (true) {
    if (const auto found = lines.find(path); found != lines.end()) return found->second;
    const std::size_t end = path.find_last_of(".[");
    if (end == path.npos) return 1;
    path.resize(end);
  }
}

}  // namespace

absl::StatusOr<YamlFields> YamlFields::Parse(std::string_view text, std::string_view file) {
  const auto document = ParseYaml(text, file);
  if (!document.ok()) return document.status();
  YamlFields fields;
  fields.value = ToJson(*document, "", fields.lines);
  return fields;
}

absl::Status YamlFields::ToStatus(const FieldProblems& problems, std::string_view file) const {
  std::string words;
  for (const auto& [path, what] : problems.list) {
    if (!words.empty()) words += '\n';
    words += fmt::format("{}:{}: {}{}{}", file, LineOf(path, lines), path, path.empty() ? "" : ": ",
                         what);
  }
  return words.empty() ? absl::OkStatus() : absl::InvalidArgumentError(words);
}

}  // namespace trimtab
