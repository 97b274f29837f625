#include "trimtab/quantity/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

absl::Status Invalid(std::string_view what, std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("{} '{}': {}", what, text.substr(0, 64), why));
}

// Splits "1.5Gi" into 1.5 and "Gi".
absl::StatusOr<std::pair<double, std::string_view>> SplitNumber(std::string_view what,
                                                                std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (text.empty()) return Invalid(what, text, "is empty");
  if (error != std::errc() || !std::isfinite(value)) {
    return Invalid(what, text, "is not a finite number");
  }
  if (std::signbit(value) && value != 0) return Invalid(what, text, "is negative");
  return std::pair(value, std::string_view(rest, static_cast<std::size_t>(end - rest)));
}

// Rounds up, forgiving the last few bits of a decimal fraction ("0.1" * 1000 is 100, not 101); of a
// large number never a whole unit.
absl::StatusOr<std::int64_t> RoundUp(std::string_view what, std::string_view text, double value) {
  const double rounded = std::ceil(value - std::min(value * 1e-12, 1e-3));
  if (!(rounded < 9.2e18)) return Invalid(what, text, "is larger than 9.2e18");
  return static_cast<std::int64_t>(rounded);
}

struct Suffix {
  std::string_view text;
  std::int64_t factor;
};
constexpr std::array<Suffix, 6> kBinarySuffixes = {{{"Ei", std::int64_t{1} << 60},
                                                    {"Pi", std::int64_t{1} << 50},
                                                    {"Ti", std::int64_t{1} << 40},
                                                    {"Gi", std::int64_t{1} << 30},
                                                    {"Mi", std::int64_t{1} << 20},
                                                    {"Ki", std::int64_t{1} << 10}}};
constexpr std::array<Suffix, 7> kDecimalSuffixes = {{{"E", 1000000000000000000},
                                                     {"P", 1000000000000000},
                                                     {"T", 1000000000000},
                                                     {"G", 1000000000},
                                                     {"M", 1000000},
                                                     {"k", 1000},
                                                     {"", 1}}};
// Parts of one, each by its divisor. Kubernetes writes what it has summed up or measured with them.
constexpr std::array<Suffix, 3> kSmallSuffixes = {{{"m", 1000}, {"u", 1000000}, {"n", 1000000000}}};

// `number` with its suffix, in units of 1/`parts`.
std::optional<double> Scaled(double number, std::string_view suffix, double parts, bool binary) {
  for (const Suffix& known : kSmallSuffixes) {
    // By whole factors, so that what is counted in its own unit stays as it is.
    const auto factor = static_cast<double>(known.factor);
    if (suffix == known.text) {
      return parts >= factor ? number * (parts / factor) : number / (factor / parts);
    }
  }
  for (const Suffix& known : kDecimalSuffixes) {
    if (suffix == known.text) return number * static_cast<double>(known.factor) * parts;
  }
  for (const Suffix& known : kBinarySuffixes) {
    if (binary && suffix == known.text) return number * static_cast<double>(known.factor) * parts;
  }
  return std::nullopt;
}

struct TimeUnit {
  std::string_view text;
  double nanoseconds;
};
constexpr std::array<TimeUnit, 7> kTimeUnits = {
    {{"ns", 1.0}, {"us", 1e3}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};

}  // namespace

absl::StatusOr<double> ParseNumber(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || rest != end || !std::isfinite(value)) {
    return Invalid("number", text, "is not a finite number");
  }
  return value;
}

absl::StatusOr<Millicores> ParseCpu(std::string_view text) {
  auto split = SplitNumber("cpu", text);
  if (!split.ok()) return split.status();
  const auto millicores = Scaled(split->first, split->second, 1000, false);
  if (!millicores) {
    return Invalid("cpu", text,
                   "has a unit other than n, u, m (millicores), k, M, G or none (cores)");
  }
  auto rounded = RoundUp("cpu", text, *millicores);
  if (!rounded.ok()) return rounded.status();
  return Millicores(*rounded);
}

absl::StatusOr<Bytes> ParseMemory(std::string_view text) {
  auto split = SplitNumber("memory", text);
  if (!split.ok()) return split.status();
  const auto bytes = Scaled(split->first, split->second, 1, true);
  if (!bytes) {
    return Invalid("memory", text,
                   "has a unit other than Ki, Mi, Gi, Ti, Pi, Ei, n, u, m, k, M, G, T, P, E");
  }
  auto rounded = RoundUp("memory", text, *bytes);
  if (!rounded.ok()) return rounded.status();
  return Bytes(*rounded);
}

absl::StatusOr<Duration> ParseDuration(std::string_view text) {
  if (text == "0") return Duration(0);
  if (text.empty()) return Invalid("duration", text, "is empty");
  // The parts are added as integers: a double holds whole nanoseconds for 104 days only.
  std::int64_t total = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    auto split = SplitNumber("duration", rest);
    if (!split.ok()) return Invalid("duration", text, "is not like '30s', '1m30s' or '100ms'");
    const auto [number, tail] = *split;
    const std::size_t unit_size = std::min(tail.find_first_of("0123456789."), tail.size());
    const std::string_view unit = tail.substr(0, unit_size);
    double factor = 0;
    for (const TimeUnit& known : kTimeUnits) {
      if (unit == known.text) factor = known.nanoseconds;
    }
    if (factor == 0) return Invalid("duration", text, "has a unit other than ns, us, ms, s, m, h");
    const double part = number * factor;
    if (!(part + static_cast<double>(total) < 9.2e18)) {
      return Invalid("duration", text, "is longer than 291 years");
    }
    total += std::llround(part);
    rest = tail.substr(unit_size);
  }
  return Duration(total);
}

std::string FormatCpu(Millicores cpu) {
  if (cpu.value() % 1000 == 0) return fmt::format("{}", cpu.value() / 1000);
  return fmt::format("{}m", cpu.value());
}

std::string FormatMemory(Bytes memory) {
  std::string best = fmt::format("{}", memory.value());
  if (memory.value() == 0) return best;
  const auto shorten = [&](const Suffix& suffix) {
    if (memory.value() % suffix.factor != 0) return;
    std::string text = fmt::format("{}{}", memory.value() / suffix.factor, suffix.text);
    if (text.size() < best.size()) best = std::move(text);
  };
  std::for_each(kBinarySuffixes.begin(), kBinarySuffixes.end(), shorten);
  std::for_each(kDecimalSuffixes.begin(), kDecimalSuffixes.end(), shorten);
  return best;
}

std::string FormatDuration(Duration duration) {
  std::int64_t rest = duration.count();
  if (rest == 0) return "0s";
  std::string text;
  if (rest < 0) {
    text = "-";
    rest = -rest;
  }
  constexpr std::array<std::pair<std::int64_t, std::string_view>, 6> kParts = {
      {{3600000000000, "h"},
       {60000000000, "m"},
       {1000000000, "s"},
       {1000000, "ms"},
       {1000, "us"},
       {1, "ns"}}};
  for (const auto& [size, unit] : kParts) {
    if (rest < size) continue;
    text += fmt::format("{}{}", rest / size, unit);
    rest %= size;
  }
  return text;
}

}  // namespace trimtab
