// The entries of one kubeconfig file, with the place of every problem.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "trimtab/kubernetes/kubeconfig.h"
#include "trimtab/yaml/yaml_document.h"

namespace trimtab {

// Reads one map of a kubeconfig. After the first problem every answer is empty and status() tells
// it. The node must outlive it. Thread-safety: none.
class KubeconfigFields {
 public:
  // `place` begins every message: "config:12: users[dev]".
  KubeconfigFields(const YamlNode& node, std::string file, std::string field, absl::Status& status);

  bool Has(std::string_view key) const { return Find(key) != nullptr; }
  // Empty when it is missing or null.
  std::string Text(std::string_view key);
  bool Flag(std::string_view key);
  // A path, relative ones to the folder of the file.
  std::string Path(std::string_view key);
  // The decoded text of a base64 value that must be PEM.
  std::string Pem(std::string_view key);
  // A map or a list; nullptr when it is missing or null.
  const YamlNode* Map(std::string_view key);
  const YamlNode* List(std::string_view key);

  void Fail(int line, std::string_view key, std::string_view why);
  void Fail(std::string_view key, std::string_view why);
  bool ok() const { return status_.ok(); }
  std::string PlaceOf(std::string_view key) const;

 private:
  const YamlNode* Find(std::string_view key) const;

  const YamlNode& node_;
  const std::string file_;
  const std::string field_;
  absl::Status& status_;
};

// The exec plugin of a user, with all that kInvalidArgument can say about it.
ExecPlugin ReadExecPlugin(const YamlNode& node, const std::string& file, const std::string& field,
                          absl::Status& status);

}  // namespace trimtab
