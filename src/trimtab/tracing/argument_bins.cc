#include "trimtab/tracing/argument_bins.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

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

constexpr std::string_view kRange = "..";

// Names of HTTP attributes whose values are the same: of today and of before.
constexpr std::pair<std::string_view, std::string_view> kRenamed[] = {
    {"http.request.method", "http.method"},
    {"http.response.status_code", "http.status_code"},
    {"url.full", "http.url"},
    {"url.scheme", "http.scheme"},
    {"user_agent.original", "http.user_agent"},
};

}  // namespace

void ArgumentBins::Argument::FindKeys() {
  keys = {{attribute, Part::kWhole}};
  for (const auto& [now, before] : kRenamed) {
    if (attribute == now) keys.push_back({std::string(before), Part::kWhole});
    if (attribute == before) keys.push_back({std::string(now), Part::kWhole});
  }
  if (attribute == "url.path") keys.push_back({"http.target", Part::kPath});
  if (attribute == "url.query") keys.push_back({"http.target", Part::kQuery});
  if (attribute == "http.target") {
    keys = {{attribute, Part::kPath}, {"url.path", Part::kWhole}};
  }
}

absl::StatusOr<ArgumentBins> ArgumentBins::Parse(const std::vector<std::string>& texts) {
  ArgumentBins bins;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == text.size()) {
      return absl::InvalidArgumentError(
          fmt::format("argument '{}' is not of the form ATTRIBUTE=BOUND,BOUND,...", text));
    }
    if (text.find(';') != std::string::npos) {
      return absl::InvalidArgumentError(fmt::format("argument '{}' has a ';'", text));
    }
    Argument argument;
    argument.attribute = text.substr(0, equals);
    if (std::ranges::find(bins.arguments_, argument.attribute, &Argument::attribute) !=
        bins.arguments_.end()) {
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
    if (argument.bounds.size() != argument.names.size()) {
      argument.bounds.clear();
      if (text.find(kRange) != std::string::npos) {
        return absl::InvalidArgumentError(
            fmt::format("argument '{}' has a '..' in a text to compare with", text));
      }
    }
    if (std::ranges::adjacent_find(argument.bounds, std::greater_equal()) !=
        argument.bounds.end()) {
      return absl::InvalidArgumentError(
          fmt::format("argument '{}' has bounds that do not rise", text));
    }
    argument.FindKeys();
    bins.arguments_.push_back(std::move(argument));
  }
  return bins;
}

ArgumentBins ArgumentBins::Merged(std::span<const ArgumentBins> all) {
  ArgumentBins merged;
  for (const ArgumentBins& bins : all) {
    for (const Argument& argument : bins.arguments_) {
      const auto same = std::ranges::find_if(merged.arguments_, [&argument](const Argument& other) {
        return other.attribute == argument.attribute &&
               other.bounds.empty() == argument.bounds.empty();
      });
      if (same == merged.arguments_.end()) {
        merged.arguments_.push_back(argument);
        continue;
      }
      for (std::size_t i = 0; i < argument.names.size(); ++i) {
        if (argument.bounds.empty()) {
          if (std::ranges::find(same->names, argument.names[i]) == same->names.end()) {
            same->names.push_back(argument.names[i]);
          }
          continue;
        }
        const auto place = std::ranges::lower_bound(same->bounds, argument.bounds[i]);
        if (place != same->bounds.end() && *place == argument.bounds[i]) continue;
        same->names.insert(same->names.begin() + (place - same->bounds.begin()), argument.names[i]);
        same->bounds.insert(place, argument.bounds[i]);
      }
    }
  }
  return merged;
}

std::string ArgumentBins::Argument::ClassOf(double number) const {
  const auto above =
      static_cast<std::size_t>(std::ranges::upper_bound(bounds, number) - bounds.begin());
  return fmt::format("{}{}{}", above == 0 ? "" : names[above - 1], kRange,
                     above == names.size() ? "" : names[above]);
}

std::string ArgumentBins::Argument::ClassOf(std::string_view text) const {
  if (bounds.empty()) {
    return std::ranges::find(names, text) == names.end() ? "(other)" : std::string(text);
  }
  const std::optional<double> number = Number(text);
  return number ? ClassOf(*number) : "";
}

std::string ArgumentBins::Regrouped(std::string_view classes) const {
  Request request(*this);
  while (!classes.empty()) {
    const std::string_view one = classes.substr(0, classes.find(';'));
    classes.remove_prefix(std::min(one.size() + 1, classes.size()));
    const std::size_t equals = one.find('=');
    if (equals == one.npos) continue;
    const std::string_view name = one.substr(equals + 1);
    const std::size_t range = name.find(kRange);
    for (std::size_t i = 0; i < arguments_.size(); ++i) {
      const Argument& argument = arguments_[i];
      const bool is_range = range != name.npos;
      if (argument.attribute != one.substr(0, equals) || argument.bounds.empty() == is_range) {
        continue;
      }
      // A merged class lies within one of ours, so its lower end, which is in it, tells which.
      request.classes_[i] =
          !is_range ? argument.ClassOf(name)
                    : argument.ClassOf(Number(name.substr(0, range))
                                           .value_or(-std::numeric_limits<double>::infinity()));
    }
  }
  return request.Take();
}

void ArgumentBins::Request::Add(std::string_view attribute, std::string_view value) {
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    const Argument& argument = bins_.arguments_[i];
    const auto key = std::ranges::find(argument.keys, attribute, &Key::name);
    if (key == argument.keys.end()) continue;
    std::string_view part = value;
    if (key->part != Part::kWhole) {
      const std::size_t mark = std::min(value.find('?'), value.size());
      part = key->part == Part::kPath ? value.substr(0, mark)
                                      : value.substr(std::min(mark + 1, value.size()));
    }
    if (std::string found = argument.ClassOf(part); !found.empty()) {
      classes_[i] = std::move(found);
    }
  }
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
