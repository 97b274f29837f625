#include "trimtab/tracing/argument_bins.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace trimtab {
namespace {

std::optional<double> Number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

absl::StatusOr<ArgumentBins> ArgumentBins::Parse(const std::vector<std::string>& texts) {
  ArgumentBins bins;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == text.size()) {
      return absl::InvalidArgumentError(
          fmt::format("argument '{}' is not of the form ATTRIBUTE=BOUND,BOUND,...", text));
    }
    Argument argument;
    argument.attribute = text.substr(0, equals);
    if (bins.Find(argument.attribute)) {
      return absl::InvalidArgumentError(
          fmt::format("the argument '{}' is given twice", argument.attribute));
    }
    for (std::size_t at = equals; at != std::string::npos;) {
      const std::size_t comma = text.find(',', at + 1);
      argument.names.push_back(
          text.substr(at + 1, comma == std::string::npos ? comma : comma - at - 1));
      if (argument.names.back().empty()) {
        return absl::InvalidArgumentError(fmt::format("argument '{}' has an empty bound", text));
      }
      const std::optional<double> bound = Number(argument.names.back());
      if (bound) argument.bounds.push_back(*bound);
      at = comma;
    }
    if (argument.bounds.size() != argument.names.size()) argument.bounds.clear();
    if (std::ranges::adjacent_find(argument.bounds, std::greater_equal()) !=
        argument.bounds.end()) {
      return absl::InvalidArgumentError(
          fmt::format("argument '{}' has bounds that do not rise", text));
    }
    bins.arguments_.push_back(std::move(argument));
  }
  return bins;
}

std::optional<std::size_t> ArgumentBins::Find(std::string_view attribute) const {
  const auto found = std::ranges::find(arguments_, attribute, &Argument::attribute);
  if (found == arguments_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - arguments_.begin());
}

void ArgumentBins::Request::Add(std::string_view attribute, std::string_view value) {
  const std::optional<std::size_t> index = bins_.Find(attribute);
  if (!index) return;
  const Argument& argument = bins_.arguments_[*index];
  if (argument.bounds.empty()) {
    const auto name = std::ranges::find(argument.names, value);
    classes_[*index] = name == argument.names.end() ? "(other)" : *name;
    return;
  }
  const std::optional<double> number = Number(value);
  if (!number) return;
  const auto above = static_cast<std::size_t>(std::ranges::upper_bound(argument.bounds, *number) -
                                              argument.bounds.begin());
  classes_[*index] = fmt::format("{}..{}", above == 0 ? "" : argument.names[above - 1],
                                 above == argument.names.size() ? "" : argument.names[above]);
}

std::string ArgumentBins::Request::Take() {
  std::string text;
  for (std::size_t index = 0; index < classes_.size(); ++index) {
    if (classes_[index].empty()) continue;
    fmt::format_to(std::back_inserter(text), "{}{}={}", text.empty() ? "" : ";",
                   bins_.arguments_[index].attribute, classes_[index]);
    classes_[index].clear();
  }
  return text;
}

}  // namespace trimtab
