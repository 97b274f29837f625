#include "trimtab/tracing/call_tree_inference.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <ranges>
#include <utility>

#include "trimtab/tracing/text_hash.h"

namespace trimtab {
namespace {

constexpr std::uint64_t kFirst = 0x9e3779b97f4a7c15;
constexpr std::uint64_t kSecond = 0xd1b54a32d192ed03;

std::uint64_t PairKey(std::uint32_t a, std::uint32_t b) {
  return std::uint64_t{std::min(a, b)} << 32 | std::max(a, b);
}
std::uint32_t LowerPlace(std::uint64_t key) { return static_cast<std::uint32_t>(key >> 32); }
std::uint32_t HigherPlace(std::uint64_t key) { return static_cast<std::uint32_t>(key); }

}  // namespace

// The shape of a visit is a hash of its service and the shapes of its callees, equal whatever the
// order of the callees. 64 bits: among 50,000 trees two collide with a probability below 1e-10.
void CallTreeInference::ComputeShapes(const TraceVisits& trace) {
  shape_.assign(trace.visits.size(), 0);
  for (std::size_t visit = trace.visits.size(); visit-- > 0;) {
    const std::uint64_t name = names_.Hash(trace.visits[visit].service);
    shape_[visit] = MixWords(name ^ kFirst, shape_[visit] ^ kSecond);
    if (visit > 0) {
      shape_[trace.visits[visit].caller] += MixWords(shape_[visit] ^ kSecond, kFirst);
    }
  }
}

CallTreeInference::Tree* CallTreeInference::FindTree(const TraceVisits& trace) {
  const auto known = tree_by_shape_.find(shape_[0]);
  if (known != tree_by_shape_.end()) return &trees_[known->second];
  if (trees_.size() >= options_.most_trees || place_count_ >= options_.most_places) return nullptr;

  Tree& tree = trees_.emplace_back();
  tree_by_shape_.emplace(shape_[0], static_cast<std::uint32_t>(trees_.size() - 1));
  std::vector<std::uint32_t> place(trace.visits.size(), 0);
  tree.places.push_back({.service = trace.visits[0].service, .caller = 0, .visits = 1});
  for (std::size_t visit = 1; visit < trace.visits.size(); ++visit) {
    const std::uint32_t caller = place[trace.visits[visit].caller];
    const auto [entry, is_new] =
        tree.by_key.try_emplace(MixWords(shape_[visit] ^ kFirst, caller ^ kSecond),
                                static_cast<std::uint32_t>(tree.places.size()));
    if (is_new) {
      tree.places.push_back({.service = trace.visits[visit].service, .caller = caller});
    }
    place[visit] = entry->second;
    ++tree.places[entry->second].visits;
  }
  place_count_ += tree.places.size();
  return &tree;
}

std::optional<std::uint32_t> CallTreeInference::Add(const TraceVisits& trace) {
  ComputeShapes(trace);
  Tree* const tree = FindTree(trace);
  if (tree == nullptr) {
    ++unclassified_traces_;
    return std::nullopt;
  }
  ++classified_traces_;
  ++tree->traces;
  place_.assign(trace.visits.size(), 0);
  for (std::size_t caller = 0; caller < trace.visits.size(); ++caller) {
    AddSiblings(trace, caller, *tree);
  }
  return static_cast<std::uint32_t>(tree - trees_.data());
}

void CallTreeInference::AddSiblings(const TraceVisits& trace, std::size_t caller, Tree& tree) {
  const std::span<const std::uint32_t> callees = trace.CalleesOf(caller);
  for (std::size_t rank = 0; rank < callees.size(); ++rank) {
    const std::uint32_t visit = callees[rank];
    const auto known = tree.by_key.find(MixWords(shape_[visit] ^ kFirst, place_[caller] ^ kSecond));
    // Only another tree with the same hash can lack the place.
    if (known == tree.by_key.end()) return;
    place_[visit] = known->second;
    Place& place = tree.places[place_[visit]];
    place.rank_sum += rank;
    ++place.rank_count;
    if (rank == 0) continue;
    const std::uint32_t previous = callees[rank - 1];
    const bool is_parallel = trace.visits[visit].start < trace.visits[previous].end;
    PairCount& pair = tree.pairs[PairKey(place_[previous], place_[visit])];
    ++pair.count;
    pair.parallel += is_parallel ? 1 : 0;
    ++sibling_pairs_;
    parallel_pairs_ += is_parallel ? 1 : 0;
  }
}

// Turns the counts of one unordered tree into a series-parallel tree.
class CallTreeInference::Decider {
 public:
  Decider(const Tree& tree, const NameTable& names)
      : tree_(tree), names_(names), group_(tree.places.size()), callees_(tree.places.size()) {
    std::iota(group_.begin(), group_.end(), 0U);
    self_parallel_.resize(tree.places.size());
    for (std::uint32_t place = 1; place < tree.places.size(); ++place) {
      callees_[tree.places[place].caller].push_back(place);
    }
    for (std::vector<std::uint32_t>& callees : callees_) {
      std::ranges::sort(callees, [this](auto a, auto b) { return ComesBefore(a, b); });
    }
    DecidePairs();
  }

  CallTree Build(std::uint32_t place) {
    CallTree result{.microservice = names_.Name(tree_.places[place].service),
                    .calls = Calls(place),
                    .steps = {}};
    std::map<std::uint32_t, std::size_t> step_of_group;
    for (const std::uint32_t callee : callees_[place]) {
      const auto [entry, is_new] = step_of_group.try_emplace(Group(callee), result.steps.size());
      if (is_new) {
        result.steps.push_back({.parallel = self_parallel_[callee], .branches = {}});
      } else {
        result.steps[entry->second].parallel = true;
      }
      result.steps[entry->second].branches.push_back(Build(callee));
    }
    return result;
  }

  std::vector<SiblingPair> TakePairs() { return std::move(pairs_); }

 private:
  const std::string& NameOf(std::uint32_t place) const {
    return names_.Name(tree_.places[place].service);
  }

  std::int64_t Calls(std::uint32_t place) const {
    if (place == 0) return 1;
    return tree_.places[place].visits / tree_.places[tree_.places[place].caller].visits;
  }

  // By mean place among the siblings, compared without rounding; then by name.
  bool ComesBefore(std::uint32_t a, std::uint32_t b) const {
    const Place& left = tree_.places[a];
    const Place& right = tree_.places[b];
    const auto left_product = static_cast<unsigned __int128>(left.rank_sum) * right.rank_count;
    const auto right_product = static_cast<unsigned __int128>(right.rank_sum) * left.rank_count;
    if (left_product != right_product) return left_product < right_product;
    return NameOf(a) < NameOf(b);
  }

  void DecidePairs() {
    const std::map<std::uint64_t, PairCount> ordered(tree_.pairs.begin(), tree_.pairs.end());
    for (const auto& [key, seen] : ordered) {
      std::uint32_t first = LowerPlace(key);
      std::uint32_t second = HigherPlace(key);
      if (ComesBefore(second, first)) std::swap(first, second);
      constexpr std::uint64_t kTracesPerPair = 100;
      const bool is_parallel =
          seen.count * kTracesPerPair >= tree_.traces && 2 * seen.parallel > seen.count;
      if (is_parallel && first == second) {
        self_parallel_[first] = true;
      } else if (is_parallel) {
        group_[Group(first)] = Group(second);
      }
      pairs_.push_back({.caller = NameOf(tree_.places[first].caller),
                        .first = NameOf(first),
                        .second = NameOf(second),
                        .count = seen.count,
                        .parallel = seen.parallel,
                        .is_parallel = is_parallel});
    }
  }

  std::uint32_t Group(std::uint32_t place) {
    while (group_[place] != place) place = group_[place] = group_[group_[place]];
    return place;
  }

  const Tree& tree_;
  const NameTable& names_;
  std::vector<std::uint32_t> group_;  // union-find over places
  std::vector<bool> self_parallel_;
  std::vector<std::vector<std::uint32_t>> callees_;
  std::vector<SiblingPair> pairs_;
};

InferredClass CallTreeInference::Decide(const Tree& tree) const {
  Decider decider(tree, names_);
  InferredClass result;
  result.traces = tree.traces;
  result.tree = decider.Build(0);
  result.pairs = decider.TakePairs();
  return result;
}

InferredClass CallTreeInference::ClassAt(std::size_t tree) const {
  InferredClass result = Decide(trees_[tree]);
  result.id = ClassOf(result.tree, ClassKey::kMultiplicity);
  return result;
}

std::vector<ClassId> CallTreeInference::ClassOfTrees(ClassKey key) const {
  std::vector<ClassId> classes;
  classes.reserve(trees_.size());
  for (const Tree& tree : trees_) classes.push_back(ClassOf(Decide(tree).tree, key));
  return classes;
}

std::vector<InferredClass> CallTreeInference::Classes(ClassKey key) const {
  std::vector<InferredClass> members;
  members.reserve(trees_.size());
  for (const Tree& tree : trees_) {
    members.push_back(Decide(tree));
    members.back().id = ClassOf(members.back().tree, ClassKey::kCanonical);
  }
  const auto more_frequent = [](const InferredClass& a, const InferredClass& b) {
    return a.traces != b.traces ? a.traces > b.traces : a.id < b.id;
  };
  std::ranges::sort(members, more_frequent);

  std::map<ClassId, InferredClass> classes;
  for (InferredClass& member : members) {
    const ClassId id = ClassOf(member.tree, key);
    const auto [entry, is_new] = classes.try_emplace(id);
    InferredClass& merged = entry->second;
    if (is_new) {
      merged = std::move(member);
      merged.id = id;
    } else {
      merged.traces += member.traces;
      std::ranges::move(member.pairs, std::back_inserter(merged.pairs));
    }
  }
  std::vector<InferredClass> result;
  result.reserve(classes.size());
  for (auto& [id, merged] : classes) result.push_back(std::move(merged));
  std::ranges::sort(result, more_frequent);
  return result;
}

}  // namespace trimtab
