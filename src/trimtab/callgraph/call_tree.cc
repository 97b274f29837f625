#include "trimtab/callgraph/call_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

namespace trimtab {
namespace {

// A product and a sum of non-negative numbers that stop at the largest int64.
std::int64_t SaturatingMultiply(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::int64_t>::max()
                                                : product;
}
std::int64_t SaturatingAdd(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
}

std::string NameText(std::string_view name) { return fmt::format("{}:{}", name.size(), name); }

// The text of one call of a visit; its own number of calls stands outside.
std::string VisitText(const CallTree& canonical);

std::string StepText(const TreeStep& step) {
  std::string text(step.parallel ? "{" : "");
  for (const CallTree& branch : step.branches) {
    text += fmt::format("{}*{};", VisitText(branch), branch.calls);
  }
  if (step.parallel) text += '}';
  return text;
}

std::string VisitText(const CallTree& canonical) {
  std::string text = NameText(canonical.microservice);
  if (canonical.steps.empty()) return text;
  text += '(';
  for (const TreeStep& step : canonical.steps) text += StepText(step);
  text += ')';
  return text;
}

// Equal calls among `calls`, merged; in the order of their texts.
std::vector<CallTree> MergeEqual(std::vector<CallTree> calls) {
  std::map<std::string, CallTree> merged;
  for (CallTree& call : calls) {
    const auto [entry, is_new] = merged.try_emplace(VisitText(call), std::move(call));
    if (!is_new) entry->second.calls = SaturatingAdd(entry->second.calls, call.calls);
  }
  std::vector<CallTree> result;
  result.reserve(merged.size());
  for (auto& [text, call] : merged) result.push_back(std::move(call));
  return result;
}

void AddUnorderedText(const CallTree& tree, std::string& text) {
  text += NameText(tree.microservice);
  std::map<std::string, std::int64_t> callees;
  for (const TreeStep& step : tree.steps) {
    for (const CallTree& branch : step.branches) {
      std::string callee;
      AddUnorderedText(branch, callee);
      std::int64_t& calls = callees[callee];
      calls = SaturatingAdd(calls, branch.calls);
    }
  }
  if (callees.empty()) return;
  text += '(';
  for (const auto& [callee, calls] : callees) text += fmt::format("{}*{};", callee, calls);
  text += ')';
}

void CollectPairs(const CallTree& tree, std::set<std::pair<std::string, std::string>>& pairs) {
  for (const TreeStep& step : tree.steps) {
    for (const CallTree& branch : step.branches) {
      pairs.emplace(tree.microservice, branch.microservice);
      CollectPairs(branch, pairs);
    }
  }
}

}  // namespace

bool operator==(const TreeStep& a, const TreeStep& b) {
  return CanonicalText({.microservice = {}, .calls = 1, .steps = {a}}) ==
         CanonicalText({.microservice = {}, .calls = 1, .steps = {b}});
}

bool operator==(const CallTree& a, const CallTree& b) {
  return CanonicalText(a) == CanonicalText(b);
}

TreeStep Sequential(CallTree call) {
  TreeStep step;
  step.branches.push_back(std::move(call));
  return step;
}

TreeStep Parallel(std::vector<CallTree> branches) {
  return {.parallel = true, .branches = std::move(branches)};
}

CallTree Canonical(const CallTree& tree) {
  CallTree result{.microservice = tree.microservice, .calls = tree.calls, .steps = {}};
  std::vector<CallTree> sequential;
  std::vector<TreeStep> groups;
  for (const TreeStep& step : tree.steps) {
    std::vector<CallTree> branches;
    branches.reserve(step.branches.size());
    for (const CallTree& branch : step.branches) branches.push_back(Canonical(branch));
    branches = MergeEqual(std::move(branches));
    const bool alone = branches.size() == 1 && branches.front().calls == 1;
    if (step.parallel && !alone) {
      groups.push_back(Parallel(std::move(branches)));
    } else {
      std::ranges::move(branches, std::back_inserter(sequential));
    }
  }
  for (CallTree& call : MergeEqual(std::move(sequential))) {
    result.steps.push_back(Sequential(std::move(call)));
  }
  std::ranges::sort(groups, {}, StepText);
  std::ranges::move(groups, std::back_inserter(result.steps));
  return result;
}

std::string CanonicalText(const CallTree& tree) {
  return fmt::format("{}*{}", VisitText(Canonical(tree)), tree.calls);
}

std::string MultiplicityText(const CallTree& tree) {
  std::string text;
  AddUnorderedText(tree, text);
  return fmt::format("{}*{}", text, tree.calls);
}

std::string AdjacencyText(const CallTree& tree) {
  std::set<std::pair<std::string, std::string>> pairs{{std::string(), tree.microservice}};
  CollectPairs(tree, pairs);
  std::string text;
  for (const auto& [caller, callee] : pairs) {
    text += fmt::format("{}>{};", NameText(caller), NameText(callee));
  }
  return text;
}

int Depth(const CallTree& tree) {
  int deepest = 0;
  for (const TreeStep& step : tree.steps) {
    for (const CallTree& branch : step.branches) deepest = std::max(deepest, Depth(branch));
  }
  return deepest + 1;
}

std::int64_t TotalCalls(const CallTree& tree) {
  std::int64_t total = 0;
  for (const TreeStep& step : tree.steps) {
    for (const CallTree& branch : step.branches) {
      const std::int64_t below = SaturatingAdd(1, TotalCalls(branch));
      total = SaturatingAdd(total, SaturatingMultiply(branch.calls, below));
    }
  }
  return total;
}

}  // namespace trimtab
