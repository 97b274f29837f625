#include "trimtab/graphdynamics/class_roster.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trimtab {

ClassRoster ClassRoster::Create(const std::map<std::string, std::uint64_t>& counts,
                                Options options) {
  std::vector<std::pair<std::uint64_t, std::string>> sorted;
  std::uint64_t total = 0;
  for (const auto& [name, count] : counts) {
    sorted.emplace_back(count, name);
    total += count;
  }
  std::ranges::sort(sorted, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  ClassRoster roster;
  std::uint64_t listed = 0;
  const double least = options.least_share * static_cast<double>(total);
  for (const auto& [count, name] : sorted) {
    if (roster.names_.size() == options.most_classes || static_cast<double>(count) < least) break;
    roster.index_.emplace(name, roster.names_.size());
    roster.names_.push_back(name);
    listed += count;
  }
  roster.names_.emplace_back("(other)");
  if (total > 0) {
    roster.other_share_ = static_cast<double>(total - listed) / static_cast<double>(total);
  }
  return roster;
}

std::size_t ClassRoster::IndexOf(std::string_view name) const {
  const auto it = index_.find(name);
  return it == index_.end() ? other() : it->second;
}

}  // namespace trimtab
