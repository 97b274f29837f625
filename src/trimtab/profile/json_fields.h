// Strict reading of a JSON object: every key is known, present and in its bound.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace trimtab {

// The text as JSON, its top an object. kInvalidArgument when it is not; never throws.
absl::StatusOr<nlohmann::json> ParseJsonObject(std::string_view text);

// Reads the fields of one object. After the first fault every answer is a harmless default and
// Finish() tells what was wrong; keys that nobody asked for are a fault too.
// The object must outlive the reader. Thread-safety: none.
class JsonFields {
 public:
  // `place` starts every message: "microservices[3]".
  JsonFields(const nlohmann::json& value, std::string place);

  double Number(std::string_view key, double lowest, double highest);
  std::int64_t Integer(std::string_view key, std::int64_t lowest, std::int64_t highest);
  std::uint64_t Seed(std::string_view key);
  bool Flag(std::string_view key);
  std::string Text(std::string_view key);
  // Whether it is null; a null counts as asked for.
  bool IsNull(std::string_view key);
  // An empty value of the right kind when it is missing or of another kind.
  const nlohmann::json& Object(std::string_view key);
  const nlohmann::json& Array(std::string_view key);

  void Fail(std::string_view key, std::string_view expected);
  absl::Status Finish() const;

 private:
  const nlohmann::json* Take(std::string_view key);

  const nlohmann::json& object_;
  std::string place_;
  std::set<std::string, std::less<>> taken_;
  absl::Status status_;
};

}  // namespace trimtab
