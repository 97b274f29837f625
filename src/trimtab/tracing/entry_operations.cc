#include "trimtab/tracing/entry_operations.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "trimtab/tracing/text_hash.h"

namespace trimtab {

bool IsCatchAll(std::string_view operation) {
  constexpr std::array<std::string_view, 7> kMethods = {"GET",   "POST", "PUT",    "DELETE",
                                                        "PATCH", "HEAD", "OPTIONS"};
  if (operation.find('*') != std::string_view::npos || operation.ends_with("Recv.")) return true;
  if (operation.starts_with("HTTP ")) operation.remove_prefix(5);
  for (const std::string_view method : kMethods) {
    if (!operation.starts_with(method)) continue;
    const std::string_view rest = operation.substr(method.size());
    if (rest.empty() || rest == " /") return true;
  }
  return operation == "/" || operation == "HTTP";
}

bool IsGateway(std::string_view microservice) {
  return microservice.find("gateway") != std::string_view::npos ||
         microservice.find("ingress") != std::string_view::npos;
}

bool EntryOperations::SaysNothing(const Visit& visit) {
  const std::uint64_t key = std::uint64_t{visit.service.value()} << 32 | visit.operation.value();
  const auto [entry, is_new] = says_nothing_.try_emplace(key, false);
  if (is_new) {
    entry->second =
        IsCatchAll(names_.Name(visit.operation)) || IsGateway(names_.Name(visit.service));
  }
  return entry->second;
}

std::uint64_t EntryOperations::KeyOf(const TraceVisits& trace, Found& found) {
  std::size_t at = 0;
  std::span<const std::uint32_t> callees;
  while (SaysNothing(trace.visits[at])) {
    callees = trace.CalleesOf(at);
    if (callees.size() != 1) break;
    at = callees.front();
    callees = {};
  }
  found.microservice = trace.visits[at].service;
  found.operation = trace.visits[at].operation;
  found.callees.clear();
  for (const std::uint32_t callee : callees) {
    found.callees.push_back(trace.visits[callee].operation);
  }
  std::ranges::sort(found.callees);
  found.callees.erase(std::unique(found.callees.begin(), found.callees.end()), found.callees.end());
  std::uint64_t key = MixWords(names_.Hash(found.microservice) ^ 0x9e3779b97f4a7c15,
                               names_.Hash(found.operation) ^ 0xd1b54a32d192ed03);
  for (const NameId callee : found.callees) key = MixWords(key ^ 1, names_.Hash(callee) ^ key);
  return key;
}

EntryOperation EntryOperations::Describe(const Found& found) const {
  std::string operation = names_.Name(found.operation);
  if (!found.callees.empty()) {
    std::vector<std::string> callees;
    for (const NameId callee : found.callees) callees.push_back(names_.Name(callee));
    std::ranges::sort(callees);
    operation += fmt::format(" [{}]", fmt::join(callees, ", "));
  }
  return {.microservice = names_.Name(found.microservice),
          .operation = std::move(operation),
          .traces = 0,
          .end_to_end = LogHistogram()};
}

std::uint32_t EntryOperations::Add(const TraceVisits& trace) {
  std::uint64_t key = KeyOf(trace, found_);
  auto known = index_.find(key);
  if (known == index_.end()) {
    const bool is_full = entries_.size() >= most_operations_;
    // Key 0 is that of "(other)".
    if (is_full) key = 0;
    known = index_.try_emplace(key, static_cast<std::uint32_t>(entries_.size())).first;
    if (known->second == entries_.size()) {
      entries_.push_back(is_full ? EntryOperation{.microservice = "(other)",
                                                  .operation = "(other)",
                                                  .traces = 0,
                                                  .end_to_end = LogHistogram()}
                                 : Describe(found_));
    }
  }
  EntryOperation& entry = entries_[known->second];
  ++entry.traces;
  entry.end_to_end.Add(trace.visits.front().duration().count());
  return known->second;
}

std::vector<EntryOperation> EntryOperations::Sorted() const {
  std::vector<EntryOperation> sorted = entries_;
  std::ranges::sort(sorted, [](const EntryOperation& a, const EntryOperation& b) {
    return std::tie(b.traces, a.microservice, a.operation) <
           std::tie(a.traces, b.microservice, b.operation);
  });
  return sorted;
}

}  // namespace trimtab
