#include "trimtab/yaml/yaml_document.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/exceptions.h"
#include "yaml-cpp/parser.h"

namespace trimtab {
namespace {

constexpr std::size_t kDeepest = 64;
constexpr std::size_t kMostNodes = 1'000'000;

// Carries a refusal out of yaml-cpp's parser, which reports by exceptions; caught below.
struct Refused {
  int line;
  std::string reason;
};

int LineOf(const YAML::Mark& mark) { return mark.line + 1; }

// Builds the tree from the parser's events, so that what would be lost in yaml-cpp's own nodes
// (double keys, aliases) is seen.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(YamlNode& root) : root_(root) {}
  bool empty() const { return nodes_ == 0; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    OnScalar(mark, "", anchor, "");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused{LineOf(mark), "an alias ('*name') is not allowed"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Check(mark, tag, anchor);
    if (!open_.empty() && open_.back().node->kind == YamlNode::Kind::kMap &&
        !open_.back().key.has_value) {
      SetKey(mark, value);
      return;
    }
    YamlNode& node = Add(mark);
    node.text = value;
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, YamlNode::Kind::kSequence);
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  struct Key {
    bool has_value = false;  // a key was read and waits for its value
    std::string text;
    int line = 1;
  };
  struct Level {
    YamlNode* node;
    Key key;
  };

  void Check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) throw Refused{LineOf(mark), "an anchor ('&name') is not allowed"};
    // "?" is a plain scalar, "!" a quoted one; anything else was written in the file.
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw Refused{LineOf(mark), fmt::format("a tag ('{}') is not allowed", tag)};
    }
    if (++nodes_ > kMostNodes) {
      throw Refused{LineOf(mark), fmt::format("more than {} values", kMostNodes)};
    }
  }
  void SetKey(const YAML::Mark& mark, const std::string& text) {
    const auto& entries = open_.back().node->entries;
    const auto same = std::find_if(entries.begin(), entries.end(),
                                   [&](const auto& entry) { return entry.key == text; });
    if (same != entries.end()) {
      throw Refused{LineOf(mark),
                    fmt::format("key '{}' stands already in line {}", text, same->key_line)};
    }
    if (entries.size() >= 1000) {
      throw Refused{LineOf(mark), "more than 1000 keys in one map"};
    }
    open_.back().key = {true, text, LineOf(mark)};
  }
  YamlNode& Add(const YAML::Mark& mark) {
    YamlNode* node = &root_;
    if (!open_.empty()) {
      Level& level = open_.back();
      if (level.node->kind == YamlNode::Kind::kSequence) {
        node = &level.node->items.emplace_back();
      } else {
        level.node->entries.push_back({std::move(level.key.text), level.key.line, {}});
        level.key = {};
        node = &level.node->entries.back().value;
      }
    }
    node->line = LineOf(mark);
    return *node;
  }
  void Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::Kind kind) {
    Check(mark, tag, anchor);
    if (open_.size() >= kDeepest) {
      throw Refused{LineOf(mark), fmt::format("more than {} levels", kDeepest)};
    }
    if (!open_.empty() && open_.back().node->kind == YamlNode::Kind::kMap &&
        !open_.back().key.has_value) {
      throw Refused{LineOf(mark), "a key must be text"};
    }
    YamlNode& node = Add(mark);
    node.kind = kind;
    // The parents' vectors do not grow while a child is open, so the pointer stays.
    open_.push_back({&node, {}});
  }

  YamlNode& root_;
  std::vector<Level> open_;
  std::size_t nodes_ = 0;
};

}  // namespace

absl::StatusOr<YamlNode> ParseYaml(std::string_view text, std::string_view name) {
  if (text.size() > static_cast<std::size_t>(kLargestConfiguration.value())) {
    return absl::ResourceExhaustedError(fmt::format("{}: {} bytes, must be at most {}", name,
                                                    text.size(), kLargestConfiguration.value()));
  }
  YamlNode root;
  const auto invalid = [&](int line, std::string_view reason) {
    return absl::InvalidArgumentError(fmt::format("{}:{}: {}", name, line, reason));
  };
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder(root);
    if (!parser.HandleNextDocument(builder) || builder.empty()) {
      return invalid(1, "the file is empty");
    }
    YamlNode ignored;
    TreeBuilder second(ignored);
    if (parser.HandleNextDocument(second)) return invalid(1, "more than one document");
  } catch (const Refused& refused) {
    return invalid(refused.line, refused.reason);
  } catch (const YAML::Exception& error) {
    return invalid(LineOf(error.mark), error.msg);
  }
  return root;
}

absl::StatusOr<std::string> ReadConfiguration(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) {
    return absl::NotFoundError(fmt::format("cannot open '{}': {}", path, std::strerror(errno)));
  }
  const auto size = static_cast<std::int64_t>(file.tellg());
  if (size > kLargestConfiguration.value()) {
    return absl::ResourceExhaustedError(fmt::format("'{}' has {} bytes, must be at most {}", path,
                                                    size, kLargestConfiguration.value()));
  }
  if (size < 0) return absl::NotFoundError(fmt::format("cannot read '{}'", path));
  std::string text(static_cast<std::size_t>(size), '\0');
  file.seekg(0);
  if (!file.read(text.data(), size)) {
    return absl::NotFoundError(fmt::format("cannot read '{}': {}", path, std::strerror(errno)));
  }
  return text;
}

}  // namespace trimtab
