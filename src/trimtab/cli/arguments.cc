#include "trimtab/cli/arguments.h"

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include "trimtab/cli/output.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/text.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

template <class T>
absl::StatusOr<T> ParseInteger(std::string_view text) {
  T value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc::result_out_of_range) {
    return absl::InvalidArgumentError(fmt::format("'{}' is outside {} to {}", text,
                                                  std::numeric_limits<T>::min(),
                                                  std::numeric_limits<T>::max()));
  }
  if (error != std::errc() || rest != end) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is not a whole number", text.substr(0, 64)));
  }
  return value;
}

template <class T>
absl::Status Assign(const absl::StatusOr<T>& parsed, T* value) {
  if (parsed.ok()) *value = *parsed;
  return parsed.status();
}

// Assigns what lies within the bounds; `print` makes a bound readable.
template <class T, class Print>
absl::Status AssignWithin(const absl::StatusOr<T>& parsed, Arguments::Bounds<T> bounds, T* value,
                          std::string_view text, Print print) {
  if (!parsed.ok()) return parsed.status();
  if (*parsed < bounds.min) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is below the minimum {}", text, print(bounds.min)));
  }
  if (*parsed > bounds.max) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is above the maximum {}", text, print(bounds.max)));
  }
  *value = *parsed;
  return absl::OkStatus();
}

absl::Status AssignChoice(std::string_view text, const std::vector<std::string>& choices,
                          std::string* value) {
  for (const std::string& choice : choices) {
    if (text != choice) continue;
    *value = choice;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("'{}' is none of {}", text.substr(0, 64), absl::StrJoin(choices, ", ")));
}

}  // namespace

Arguments::Declared& Arguments::Add(Declared::Kind kind, std::string_view name,
                                    std::string_view type, std::string_view description) {
  Declared& declared = declared_.emplace_back();
  declared.kind = kind;
  declared.name = name;
  if (name == "namespace") declared.short_name = "n";
  if (name == "all-namespaces") declared.short_name = "A";
  declared.type = type;
  declared.description = description;
  return declared;
}

void Arguments::Flag(std::string_view name, bool* value, std::string_view description) {
  Add(Declared::Kind::kFlag, name, "", description).set = [value](std::string_view) {
    *value = true;
    return absl::OkStatus();
  };
}

void Arguments::Option(std::string_view name, std::string* value, std::string_view description,
                       std::string_view type) {
  Declared& declared = Add(Declared::Kind::kOption, name, type, description);
  declared.default_text = *value;
  declared.set = [value](std::string_view text) {
    *value = text;
    return absl::OkStatus();
  };
}

void Arguments::Option(std::string_view name, std::int64_t* value, Bounds<std::int64_t> bounds,
                       std::string_view description) {
  Declared& declared = Add(Declared::Kind::kOption, name, "N", description);
  declared.default_text = fmt::format("{}", *value);
  declared.set = [value, bounds](std::string_view text) {
    return AssignWithin(ParseInteger<std::int64_t>(text), bounds, value, text,
                        [](std::int64_t bound) { return bound; });
  };
}

void Arguments::Option(std::string_view name, double* value, Bounds<double> bounds,
                       std::string_view description) {
  Declared& declared = Add(Declared::Kind::kOption, name, "NUMBER", description);
  declared.default_text = fmt::format("{}", *value);
  declared.set = [value, bounds](std::string_view text) {
    return AssignWithin(ParseNumber(text), bounds, value, text, [](double bound) { return bound; });
  };
}

void Arguments::Option(std::string_view name, Millicores* value, std::string_view description) {
  Declared& declared = Add(Declared::Kind::kOption, name, "CPU", description);
  declared.default_text = FormatCpu(*value);
  declared.set = [value](std::string_view text) { return Assign(ParseCpu(text), value); };
}

void Arguments::Option(std::string_view name, Bytes* value, std::string_view description) {
  Declared& declared = Add(Declared::Kind::kOption, name, "MEMORY", description);
  declared.default_text = FormatMemory(*value);
  declared.set = [value](std::string_view text) { return Assign(ParseMemory(text), value); };
}

void Arguments::Option(std::string_view name, Duration* value, Bounds<Duration> bounds,
                       std::string_view description) {
  Declared& declared = Add(Declared::Kind::kOption, name, "DURATION", description);
  declared.default_text = FormatDuration(*value);
  declared.set = [value, bounds](std::string_view text) {
    return AssignWithin(ParseDuration(text), bounds, value, text, FormatDuration);
  };
}

void Arguments::OptionList(std::string_view name, std::vector<std::string>* values,
                           std::string_view description, std::string_view type) {
  Declared& declared = Add(Declared::Kind::kOption, name, type, description);
  declared.list = true;
  declared.set = [values](std::string_view text) {
    values->emplace_back(text);
    return absl::OkStatus();
  };
}

void Arguments::Choice(std::string_view name, std::string* value, std::vector<std::string> choices,
                       std::string_view description) {
  Declared& declared = Add(Declared::Kind::kOption, name, absl::StrJoin(choices, "|"), description);
  declared.default_text = *value;
  declared.set = [value, choices = std::move(choices)](std::string_view text) {
    return AssignChoice(text, choices, value);
  };
}

void Arguments::Output(OutputFormat* value) {
  Declared& declared = Add(Declared::Kind::kOption, "output", "table|json|csv",
                           "how the result is printed on standard output");
  declared.short_name = "o";
  declared.default_text = OutputFormatName(*value);
  declared.set = [value](std::string_view text) { return Assign(ParseOutputFormat(text), value); };
}

void Arguments::OutputOrFile(OutputFormat* value, std::string* file) {
  Output(value);
  Declared& declared = declared_.back();
  declared.type = "table|json|csv|FILE.json";
  declared.description += "; FILE.json: as a table, and saved there";
  declared.set = [value, file](std::string_view text) {
    if (text.ends_with(".json")) {
      *file = text;
      return absl::OkStatus();
    }
    const auto format = ParseOutputFormat(text);
    if (format.ok()) return Assign(format, value);
    return absl::InvalidArgumentError(fmt::format("{}, and no file: its name does not end in .json",
                                                  std::string(format.status().message())));
  };
}

void Arguments::Seed(std::uint64_t* value) {
  Declared& declared =
      Add(Declared::Kind::kOption, "seed", "N", "master seed: the same seed gives the same bytes");
  declared.default_text = fmt::format("{}", *value);
  declared.set = [value](std::string_view text) {
    return Assign(ParseInteger<std::uint64_t>(text), value);
  };
}

void Arguments::Positional(std::string_view name, std::string* value, std::string_view description,
                           bool required) {
  Declared& declared = Add(Declared::Kind::kPositional, name, "TEXT", description);
  declared.default_text = *value;
  declared.required = required;
  declared.set = [value](std::string_view text) {
    *value = text;
    return absl::OkStatus();
  };
}

void Arguments::PositionalChoice(std::string_view name, std::string* value,
                                 std::vector<std::string> choices, std::string_view description) {
  Declared& declared =
      Add(Declared::Kind::kPositional, name, absl::StrJoin(choices, "|"), description);
  declared.required = true;
  declared.set = [value, choices = std::move(choices)](std::string_view text) {
    return AssignChoice(text, choices, value);
  };
}

void Arguments::PositionalList(std::string_view name, std::vector<std::string>* values,
                               std::string_view description, bool required) {
  Declared& declared = Add(Declared::Kind::kPositional, name, "TEXT", description);
  declared.required = required;
  declared.list = true;
  declared.set = [values](std::string_view text) {
    values->emplace_back(text);
    return absl::OkStatus();
  };
}

}  // namespace trimtab
