#include "trimtab/scaling/derm/derm_instance_generator.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/scaling/derm/graph_tails.h"

namespace trimtab {
namespace {

constexpr int kDeepest = 6;
constexpr double kParallelShare = 0.6;

int Between(int low, int high, RandomStream& random) {
  return low + static_cast<int>(random.Below(static_cast<std::uint64_t>(high - low + 1)));
}

std::pair<int, int> SizeRange(int microservices) {
  std::pair<int, int> range{40, 400};
  if (microservices <= 50) {
    range = {5, 30};
  } else if (microservices <= 400) {
    range = {20, 150};
  }
  return {std::min(range.first, microservices), std::min(range.second, microservices)};
}

DermMicroservice RandomMicroservice(int index, RandomStream& random) {
  const double mean = 0.008 * std::exp(0.6 * random.Normal());
  const double capacity = 40 * std::exp(0.8 * random.Normal());
  return {.name = fmt::format("m{}", index),
          .law = RateLaw{.offset = 0.5 * mean * random.Uniform(),
                         .slope = -1 / mean / capacity,
                         .intercept = 1 / mean}};
}

// `count` of [first, last), each at most once, appended.
void Draw(int first, int last, int count, RandomStream& random, std::vector<int>& members) {
  std::vector<int> pool;
  for (int i = first; i < last; ++i) pool.push_back(i);
  for (int drawn = 0; drawn < count && !pool.empty(); ++drawn) {
    const std::size_t k = random.Below(pool.size());
    members.push_back(pool[k]);
    pool[k] = pool.back();
    pool.pop_back();
  }
}

std::vector<int> RandomMembers(int microservices, RandomStream& random) {
  const auto [fewest, most] = SizeRange(microservices);
  const int size = Between(fewest, most, random);
  const int core = microservices / 10;
  const int popular = std::min(core, (size + 2) / 3);
  std::vector<int> members;
  Draw(0, core, popular, random, members);
  Draw(core, microservices, size - popular, random, members);
  return members;
}

class TreeMaker {
 public:
  TreeMaker(int most_visits, RandomStream& random) : most_visits_(most_visits), random_(random) {}

  DermNode Chain(std::span<const int> members) {
    std::vector<DermNode> children;
    for (const int member : members) children.push_back(Visit(member));
    return DermNode::Sequence(std::move(children));
  }

  // A visit of the first member, then steps over the others.
  DermNode Tree(std::span<const int> members, int depth) {
    if (depth >= kDeepest || members.size() < 3) return Chain(members);
    std::vector<DermNode> children = {Visit(members[0])};
    std::span<const int> left = members.subspan(1);
    while (!left.empty()) {
      const bool parallel = left.size() >= 2 && random_.Uniform() < kParallelShare;
      const int size = static_cast<int>(left.size());
      const int chunk = Between(parallel ? 2 : 1, size, random_);
      const auto part = left.first(static_cast<std::size_t>(chunk));
      children.push_back(parallel ? Fork(part, depth) : Tree(part, depth + 1));
      left = left.subspan(part.size());
    }
    return DermNode::Sequence(std::move(children));
  }

 private:
  DermNode Visit(int member) { return DermNode::Visit(member, Between(1, most_visits_, random_)); }

  DermNode Fork(std::span<const int> members, int depth) {
    const int size = static_cast<int>(members.size());
    const int branches = Between(2, std::min(8, size), random_);
    std::vector<DermNode> children;
    std::span<const int> left = members;
    for (int b = branches; b > 0; --b) {
      const int spare = static_cast<int>(left.size()) - b;
      const int even = spare / b;
      const int size_of = b == 1 ? static_cast<int>(left.size())
                                 : 1 + Between(0, std::min(2 * even, spare), random_);
      children.push_back(Tree(left.first(static_cast<std::size_t>(size_of)), depth + 1));
      left = left.subspan(static_cast<std::size_t>(size_of));
    }
    return DermNode::Parallel(std::move(children));
  }

  int most_visits_;
  RandomStream& random_;
};

}  // namespace

absl::StatusOr<DermProblem> MakeDermInstance(const DermInstanceOptions& options) {
  if (options.microservices < 10 || options.graphs < 1 || options.most_visits < 1 ||
      !(options.tightness > 1) || !(options.application_load > 0)) {
    return absl::InvalidArgumentError(fmt::format(
        "an instance of {} microservices, {} graphs, {} visits, tightness {} and load {}: expected "
        "at least 10, 1 and 1, and above 1 and 0",
        options.microservices, options.graphs, options.most_visits, options.tightness,
        options.application_load));
  }
  RandomStream random(options.seed, "derm-instance");
  DermProblem problem;
  problem.application_load = options.application_load;
  for (int i = 0; i < options.microservices; ++i) {
    problem.microservices.push_back(RandomMicroservice(i, random));
  }
  double harmonic = 0;
  for (int g = 1; g <= options.graphs; ++g) harmonic += 1.0 / g;
  TreeMaker maker(options.most_visits, random);
  for (int g = 0; g < options.graphs; ++g) {
    const std::vector<int> members = RandomMembers(options.microservices, random);
    problem.graphs.push_back(
        {.id = fmt::format("g{}", g),
         .share = 1 / ((g + 1) * harmonic),
         .tree = options.parallel ? maker.Tree(members, 1) : maker.Chain(members)});
  }
  problem.sla = 1;
  std::vector<LoadLaw::Moments> idle;
  for (const LoadLaw& law : LawsOf(problem)) idle.push_back(law.At(0));
  GraphTails tails(problem);
  problem.sla = options.tightness * tails.QuantileOfAll(problem.target, idle);
  return problem;
}

}  // namespace trimtab
