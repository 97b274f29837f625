#include "trimtab/scaling/derm/derm_graphs.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace trimtab {
namespace {

constexpr int kDeepest = 160;  // visits; each takes up to three levels of a graph
constexpr int kMostNodes = 100'000;
constexpr std::int64_t kMostCalls = 1'000'000;

class Maker {
 public:
  Maker(const Application& application, std::vector<std::string>& unknown)
      : application_(application), unknown_(unknown) {}

  DermNode Make(const CallTree& tree, int depth) {
    std::vector<DermNode> stages;
    if (const auto id = application_.Find(tree.microservice)) {
      stages.push_back(DermNode::Visit(static_cast<int>(id->value())));
      ++nodes_;
    } else {
      Report(tree.microservice);
    }
    for (const TreeStep& step : tree.steps) {
      if (depth >= kDeepest || nodes_ >= kMostNodes) {
        Report("(calls beyond the largest graph)");
        break;
      }
      if (DermNode made = Step(step, depth); !made.children.empty()) {
        stages.push_back(std::move(made));
      }
    }
    return DermNode::Sequence(std::move(stages));
  }

 private:
  DermNode Step(const TreeStep& step, int depth) {
    std::vector<DermNode> branches;
    for (const CallTree& call : step.branches) {
      DermNode branch = Make(call, depth + 1);
      if (branch.children.empty()) continue;
      const std::int64_t calls = std::clamp<std::int64_t>(call.calls, 1, kMostCalls);
      if (!step.parallel) {
        branch.visits = static_cast<int>(calls);
        branches.push_back(std::move(branch));
        continue;
      }
      for (std::int64_t k = 0; k < calls && nodes_ < kMostNodes; ++k) {
        branches.push_back(branch);
        nodes_ += static_cast<int>(branch.children.size());
      }
    }
    return step.parallel ? DermNode::Parallel(std::move(branches))
                         : DermNode::Sequence(std::move(branches));
  }

  void Report(const std::string& name) {
    if (std::ranges::find(unknown_, name) == unknown_.end()) unknown_.push_back(name);
  }

  const Application& application_;
  std::vector<std::string>& unknown_;
  int nodes_ = 0;
};

}  // namespace

DermNode GraphOf(const CallTree& tree, const Application& application,
                 std::vector<std::string>& unknown) {
  return Maker(application, unknown).Make(tree, 1);
}

}  // namespace trimtab
