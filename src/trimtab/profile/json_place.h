// Reading of JSON whose every value is checked where it stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace trimtab {

// What no document of this program comes near, and what a hostile one must not pass: a value nested
// without end would end the stack of whoever walks it.
inline constexpr std::size_t kLargestJsonBytes = std::size_t{64} << 20;
inline constexpr int kDeepestJson = 64;

// kInvalidArgument with value and bound when the text passes one of them, JSON or not. One pass.
absl::Status CheckJsonBounds(std::string_view text);

// The text as JSON with its keys in order. kInvalidArgument, `what` first, for text that is not
// JSON or passes a bound. Never throws.
absl::StatusOr<nlohmann::ordered_json> ParseJson(std::string_view text, std::string_view what);

// One value with the place where it stands, as "plan.steps[3].cost". Nothing here fails at once:
// the first thing that is wrong is kept in the status that all places of a document share, and
// reading goes on with zeros. Keys that are not asked for are let be, unless ExpectKeys() says no.
// The value and the status must outlive the place. Thread-safety: none.
class JsonPlace {
 public:
  JsonPlace(const nlohmann::ordered_json& value, std::string path, absl::Status& status)
      : value_(value), path_(std::move(path)), status_(status) {}

  bool is_null() const;
  // False for what is no object.
  bool Has(std::string_view key) const;

  void ExpectObject() const;
  // Fails for any other key, and for what is no object.
  void ExpectKeys(std::initializer_list<std::string_view> keys) const;
  // The value of a key; fails where there is none.
  JsonPlace At(std::string_view key) const;
  // Of an array; fails for anything else.
  std::vector<JsonPlace> Elements() const;

  // Each fails for a value of another kind or outside [low, high].
  bool Bool() const;
  std::string Text() const;
  double Number(double low, double high) const;
  std::int64_t Integer(std::int64_t low, std::int64_t high) const;
  // The text when it is one of `choices`.
  std::string Choice(const std::vector<std::string_view>& choices) const;

  // The value of a result about this place; fails with its message.
  template <class T>
  T Checked(absl::StatusOr<T> result) const {
    if (result.ok()) return *std::move(result);
    Fail("is wrong: " + std::string(result.status().message()));
    return T{};
  }

  void Fail(std::string_view problem) const;

 private:
  std::string Shown() const;

  const nlohmann::ordered_json& value_;
  std::string path_;
  absl::Status& status_;
};

}  // namespace trimtab
