#include "trimtab/graphdynamics/argument_classes.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "fmt/format.h"
#include "trimtab/quantity/quantity.h"

namespace trimtab {
namespace {

constexpr double kThousandths = 1000;
constexpr double kLargest = 1e15;

// FNV-1a from a salted start, with a final mix.
std::uint64_t SaltedHash(std::string_view value, std::uint64_t salt) {
  std::uint64_t hash = 0xcbf29ce484222325U ^ (salt * 0x9e3779b97f4a7c15U);
  for (const char c : value) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  hash ^= hash >> 32;
  hash *= 0xd6e8feb86659fd93U;
  return hash ^ (hash >> 32);
}

// A number that a class can be made of.
std::optional<double> AsNumber(std::string_view value) {
  double number = 0;
  if (!absl::SimpleAtod(absl::string_view(value.data(), value.size()), &number)) return {};
  if (!(number >= 0 && number <= kLargest)) return {};
  return number;
}

}  // namespace

void ArgumentClasses::Learner::Add(std::string_view value) {
  ++total_;
  if (const auto number = AsNumber(value)) {
    ++numbers_;
    histogram_.Add(static_cast<std::int64_t>(*number * kThousandths));
  }
  const std::uint64_t hash = SaltedHash(value, options_.salt);
  const auto it = counts_.find(hash);
  if (it != counts_.end()) {
    ++it->second;
  } else if (counts_.size() < kMostTracked) {
    counts_.emplace(hash, 1);
  }
}

ArgumentClasses ArgumentClasses::Learner::Finish() const {
  ArgumentClasses classes;
  classes.salt_ = options_.salt;
  const std::size_t most = std::max<std::size_t>(options_.most_classes, 2) - 1;
  classes.numeric_ =
      total_ > 0 && static_cast<double>(numbers_) >= 0.9 * static_cast<double>(total_);
  if (classes.numeric_) {
    for (std::size_t i = 1; i <= most; ++i) {
      const double q = static_cast<double>(i) / static_cast<double>(most);
      // The last class is open: a larger number than any seen is still a number.
      const double bound =
          i == most ? HUGE_VAL : std::ceil(histogram_.ValueAt(Quantile(q))) / kThousandths;
      if (!classes.upper_bounds_.empty() && bound <= classes.upper_bounds_.back()) continue;
      classes.upper_bounds_.push_back(bound);
      classes.names_.push_back(std::isinf(bound) ? "above" : fmt::format("up to {}", bound));
    }
  } else {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> sorted;
    for (const auto& [hash, count] : counts_) sorted.emplace_back(count, hash);
    std::ranges::sort(sorted, std::greater<>());
    sorted.resize(std::min(sorted.size(), most));
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      classes.class_of_.emplace(sorted[i].second, i);
      classes.names_.push_back(fmt::format("value {}", i + 1));
    }
  }
  classes.names_.emplace_back("(other)");
  return classes;
}

std::size_t ArgumentClasses::IndexOf(std::string_view value) const {
  if (numeric_) {
    const auto number = AsNumber(value);
    if (!number) return other();
    return static_cast<std::size_t>(std::ranges::lower_bound(upper_bounds_, *number) -
                                    upper_bounds_.begin());
  }
  const auto it = class_of_.find(SaltedHash(value, salt_));
  return it == class_of_.end() ? other() : it->second;
}

}  // namespace trimtab
