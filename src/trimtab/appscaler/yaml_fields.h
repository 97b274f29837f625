// A YAML file as the JSON that a FieldReader takes, with the line of every field.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/appscaler/field_reader.h"

namespace trimtab {

struct YamlFields {
  nlohmann::json value{};              // every scalar is text: the reader knows which are numbers
  std::map<std::string, int> lines{};  // by the path that a FieldReader gives

  // kInvalidArgument as ParseYaml().
  static absl::StatusOr<YamlFields> Parse(std::string_view text, std::string_view file);

  // The problems, each with `file` and line; OK without any.
  absl::Status ToStatus(const FieldProblems& problems, std::string_view file) const;
};

}  // namespace trimtab
