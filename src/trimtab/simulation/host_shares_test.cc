#include "trimtab/simulation/host_shares.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/simulation/cluster_state.h"

namespace trimtab {
namespace {

struct Member {
  int runnable;
  std::int64_t weight;  // millicores
};

// A host of `cores` whose containers each have `runnable` long frames; returns what each burns.
std::vector<double> Allocations(std::int64_t cores, const std::vector<Member>& members) {
  ClusterState state;
  state.hosts.resize(1);
  state.hosts[0].capacity = cores * 1000;
  for (std::size_t i = 0; i < members.size(); ++i) {
    Container& c = state.containers.emplace_back();
    CpuGroupParameters parameters;
    parameters.parallelism = 64;
    c.cpu = CpuGroup(parameters, 0);
    c.host = 0;
    c.limits.cpu = Millicores(members[i].weight);
    state.hosts[0].containers.push_back(static_cast<std::uint32_t>(i));
  }
  HostShares shares(state);
  for (std::size_t i = 0; i < members.size(); ++i) {
    for (int k = 0; k < members[i].runnable; ++k) {
      state.containers[i].cpu.Start(1e12, static_cast<std::uint32_t>(k));
    }
    shares.Settle(static_cast<std::uint32_t>(i));
  }
  std::vector<double> allocations;
  for (const Container& c : state.containers) allocations.push_back(c.cpu.allocation());
  return allocations;
}

TEST(HostSharesTest, ABelowFullHostGivesEachWhatItWants) {
  EXPECT_EQ(Allocations(8, {{3, 100}, {1, 4000}, {4, 1}}), (std::vector<double>{3, 1, 4}));
}

// 6 cores, wants 4, 1, 4 and weights 1 : 1 : 2. Fair levels: 1.5, 1.5, 3 cores; the second wants
// only 1 and leaves 0.5, which the others share 1 : 2: 5/3 and 10/3.
TEST(HostSharesTest, AFullHostSharesByWeightAndGivesOnWhatIsLeft) {
  const std::vector<double> shares = Allocations(6, {{4, 1000}, {1, 1000}, {4, 2000}});
  EXPECT_NEAR(shares[0], 5.0 / 3, 1e-12);
  EXPECT_DOUBLE_EQ(shares[1], 1);
  EXPECT_NEAR(shares[2], 10.0 / 3, 1e-12);
}

TEST(HostSharesTest, NothingIsLostAndOrderDoesNotMatter) {
  std::vector<Member> members = {{7, 300}, {2, 900}, {1, 100}, {5, 450}, {3, 800}, {9, 250}};
  std::sort(members.begin(), members.end(),
            [](const Member& a, const Member& b) { return a.weight < b.weight; });
  std::map<std::int64_t, double> expected;
  const std::vector<double> first = Allocations(11, members);
  double sum = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    expected[members[i].weight] = first[i];
    sum += first[i];
    EXPECT_LE(first[i], members[i].runnable);
  }
  EXPECT_NEAR(sum, 11, 1e-12);
  const auto by_weight = [](const Member& a, const Member& b) { return a.weight < b.weight; };
  int permutations = 0;
  while (std::next_permutation(members.begin(), members.end(), by_weight)) {
    const std::vector<double> shares = Allocations(11, members);
    for (std::size_t i = 0; i < members.size(); ++i) {
      ASSERT_EQ(shares[i], expected[members[i].weight]);
    }
    ++permutations;
  }
  EXPECT_EQ(permutations, 719);
}

}  // namespace
}  // namespace trimtab
