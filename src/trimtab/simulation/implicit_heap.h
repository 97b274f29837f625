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
  bool empty() const { return nodes_.empty(); }
  std::size_t size() const { return nodes_.size(); }
  // REQUIRES: !empty(), here and in Pop().
  const T& top() const { return nodes_.front(); }
  const std::vector<T>& nodes() const { return nodes_; }
  void Clear() { nodes_.clear(); }

  void Push(const T& value) {
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
    const std::size_t count = nodes_.size();
    if (count == 0) return;
    std::size_t hole = 0;
    for (;;) {
      const std::size_t first = hole * kArity + 1;
      if (first >= count) break;
      const std::size_t best = EarliestChild(first, count);
      if (!Before{}(nodes_[best], last)) break;
      nodes_[hole] = nodes_[best];
      hole = best;
    }
    nodes_[hole] = last;
  }

 private:
  std::size_t EarliestChild(std::size_t first, std::size_t count) const {
    const std::size_t end = first + kArity < count ? first + kArity : count;
    std::size_t best = first;
    for (std::size_t child = first + 1; child < end; ++child) {
      best = Before{}(nodes_[child], nodes_[best]) ? child : best;
    }
    return best;
  }

  std::vector<T> nodes_;  // every node is not before its parent
};

}  // namespace trimtab
