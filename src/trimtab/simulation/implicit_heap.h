// A minimum heap in an array: the event queue and the running set of a container are both this.
#pragma once

#include <cstddef>
#include <vector>

namespace trimtab {

// A d-ary heap of plain values under the strict weak order `Before`. With 16-byte values and
// kArity = 4 the children of a node share a cache line or two, and the tree is half as deep as a
// binary one; a calendar queue or a radix heap wins only above some 4,000 pending events.
// Cost: O(log n) Push and Pop, no allocation once the array has grown. Thread-safety: none.
template <class T, class Before, std::size_t kArity = 4>
class ImplicitHeap {
 public:
  bool empty() const { return size() == 0; }
  std::size_t size() const { return nodes_.size() - (vacant_ ? 1U : 0U); }
  // REQUIRES: !empty(), here and in Pop().
  const T& top() const { return nodes_.front(); }
  void Clear() { nodes_.clear(); }

  void Push(const T& value) {
    if (vacant_) {
      vacant_ = false;
      SiftDown(value);
      return;
    }
    std::size_t hole = nodes_.size();
    nodes_.push_back(value);
    while (hole > 0) {
      const std::size_t parent = (hole - 1) / kArity;
      if (!Before{}(value, nodes_[parent])) break;
      nodes_[hole] = nodes_[parent];
      hole = parent;
    }
    nodes_[hole] = value;
  }

  void Pop() {
    const T last = nodes_.back();
    nodes_.pop_back();
    if (!nodes_.empty()) SiftDown(last);
  }

  // Pop() in two halves: a Push() between them takes the place of the removed value, which saves
  // most of both. REQUIRES: nothing but Push() or Settle() follows until one of them has.
  void Vacate() { vacant_ = true; }
  void Settle() {
    if (!vacant_) return;
    vacant_ = false;
    Pop();
  }

 private:
  // Puts `value` where the top was. REQUIRES: a node, whose value is lost.
  void SiftDown(const T& value) {
    const std::size_t count = nodes_.size();
    std::size_t hole = 0;
    for (;;) {
      const std::size_t first = hole * kArity + 1;
      if (first >= count) break;
      const std::size_t best = EarliestChild(first, count);
      if (!Before{}(nodes_[best], value)) break;
      nodes_[hole] = nodes_[best];
      hole = best;
    }
    nodes_[hole] = value;
  }
  std::size_t EarliestChild(std::size_t first, std::size_t count) const {
    const std::size_t end = first + kArity < count ? first + kArity : count;
    std::size_t best = first;
    for (std::size_t child = first + 1; child < end; ++child) {
      best = Before{}(nodes_[child], nodes_[best]) ? child : best;
    }
    return best;
  }

  std::vector<T> nodes_;  // no node is before its parent
  bool vacant_ = false;   // the first one is gone
};

}  // namespace trimtab
