#include "trimtab/probability/latency_tree.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trimtab {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = LatencyNode::Kind;
using NodeId = LatencyTreeBuilder::NodeId;

// "3" is stage 3, "3x2" two visits, (...) a series, [...] a parallel block.
std::string Text(const LatencyTree& tree) {
  std::vector<std::string> texts(tree.nodes().size());
  for (std::size_t i = 0; i < tree.nodes().size(); ++i) {
    const LatencyNode& node = tree.nodes()[i];
    std::string text = texts[i];
    if (node.kind == Kind::kStage) {
      text = std::to_string(node.stage);
    } else {
      const bool series = node.kind == Kind::kSeries;
      text.insert(text.begin(), series ? '(' : '[');
      text.push_back(series ? ')' : ']');
    }
    if (node.repeats != 1.0) {
      text.append("x").append(std::to_string(static_cast<int>(node.repeats)));
    }
    texts[i] = text;
    std::string& above = texts[node.parent];
    if (i + 1 == tree.nodes().size()) break;
    if (!above.empty()) above.push_back(' ');
    above.append(text);
  }
  return texts.back();
}

TEST(LatencyTreeTest, KeepsSequencesAndBlocks) {
  LatencyTreeBuilder builder;
  const NodeId block = builder.AddParallel(std::array{builder.AddStage(1), builder.AddStage(2, 3)});
  const NodeId root = builder.AddSeries(std::array{builder.AddStage(0), block});
  const LatencyTree tree = builder.Build(root).value();
  EXPECT_EQ(Text(tree), "([1 2x3] 0)");
  EXPECT_FALSE(tree.is_sequence());
  EXPECT_EQ(tree.stage_count(), 3);
}

TEST(LatencyTreeTest, MergesSeriesInSeriesAndVisitsOfAStage) {
  LatencyTreeBuilder builder;
  const NodeId inner = builder.AddSeries(std::array{builder.AddStage(4), builder.AddStage(0, 2)});
  const LatencyTree tree =
      builder.Build(builder.AddSeries(std::array{builder.AddStage(0), inner})).value();
  EXPECT_EQ(Text(tree), "(0x3 4)");
  EXPECT_TRUE(tree.is_sequence());
}

TEST(LatencyTreeTest, RepeatsOfASequenceAreRepeatsOfItsParts) {
  LatencyTreeBuilder builder;
  const NodeId block = builder.AddParallel(std::array{builder.AddStage(1), builder.AddStage(2)});
  const NodeId repeated = builder.AddSeries(std::array{builder.AddStage(0, 2), block}, 3);
  const LatencyTree tree =
      builder.Build(builder.AddSeries(std::array{repeated, builder.AddStage(0)})).value();
  EXPECT_EQ(Text(tree), "([1 2]x3 0x7)");
  ASSERT_EQ(tree.visits().size(), 3);
  EXPECT_EQ(tree.visits()[0].visits, 7);
  EXPECT_EQ(tree.visits()[1].visits, 3);
}

TEST(LatencyTreeTest, MergesBlocksInBlocksAndBlocksOfOne) {
  LatencyTreeBuilder builder;
  const NodeId pair = builder.AddParallel(std::array{builder.AddStage(1), builder.AddStage(2)});
  const NodeId single = builder.AddParallel(std::array{builder.AddStage(3)}, 2);
  EXPECT_EQ(Text(builder.Build(builder.AddParallel(std::array{pair, single})).value()),
            "[1 2 3x2]");
}

TEST(LatencyTreeTest, LeavesOutWhatIsNeverVisited) {
  LatencyTreeBuilder builder;
  const NodeId empty = builder.AddParallel(std::array{builder.AddStage(1, 0)});
  const NodeId root = builder.AddSeries(std::array{builder.AddStage(0), empty});
  EXPECT_EQ(Text(builder.Build(root).value()), "0");
  const LatencyTree nothing = builder.Build(builder.AddSeries({})).value();
  EXPECT_EQ(nothing.nodes().size(), 1);
  EXPECT_EQ(nothing.stage_count(), 0);
  EXPECT_THAT(nothing.visits(), IsEmpty());
}

TEST(LatencyTreeTest, PutsTheLargerSubtreeFirst) {
  LatencyTreeBuilder builder;
  const NodeId small = builder.AddParallel(std::array{builder.AddStage(1), builder.AddStage(2)});
  const NodeId large = builder.AddParallel(
      std::array{builder.AddStage(3), builder.AddStage(4), builder.AddStage(5)});
  EXPECT_EQ(
      Text(builder.Build(builder.AddSeries(std::array{builder.AddStage(0), small, large})).value()),
      "([3 4 5] [1 2] 0)");
}

TEST(LatencyTreeTest, AHundredThousandNodesAboveOneAnother) {
  LatencyTreeBuilder builder;
  NodeId last = builder.AddStage(0);
  for (std::size_t i = 1; i < 50'000; ++i) {
    const NodeId stage = builder.AddStage(i);
    last = i % 2 == 0 ? builder.AddSeries(std::array{last, stage})
                      : builder.AddParallel(std::array{last, stage});
  }
  const LatencyTree tree = builder.Build(last).value();
  EXPECT_EQ(tree.stage_count(), 50'000);
  EXPECT_EQ(tree.nodes().size(), 99'999);
}

TEST(LatencyTreeTest, NamesWhatIsWrong) {
  const auto message = [](const std::function<NodeId(LatencyTreeBuilder&)>& build) {
    LatencyTreeBuilder builder;
    const NodeId root = build(builder);
    return std::string(builder.Build(root).status().message());
  };
  EXPECT_EQ(message([](auto& b) { return b.AddStage(0, -1); }),
            "latency tree: node 0 repeats -1 times, expected within [0, 1e+06]");
  EXPECT_THAT(message([](auto& b) { return b.AddSeries({}, 1.5); }),
              HasSubstr("repeats 1.5 times, expected a whole number"));
  EXPECT_THAT(message([](auto& b) { return b.AddSeries(std::array<NodeId, 1>{7}); }),
              HasSubstr("node 0 has the unknown child 7"));
  EXPECT_THAT(message([](auto& b) {
                const NodeId leaf = b.AddStage(0);
                return b.AddSeries(std::array{leaf, b.AddParallel(std::array{leaf})});
              }),
              HasSubstr("node 0 has two parents"));
  EXPECT_THAT(message([](auto&) { return NodeId{3}; }), HasSubstr("root 3, expected below 0"));
  EXPECT_THAT(message([](auto& b) { return b.AddStage(std::size_t{1} << 40); }),
              HasSubstr("stage index"));
  EXPECT_THAT(message([](auto& b) { return b.AddSeries(std::array{b.AddStage(0, 1e5)}, 1e5); }),
              HasSubstr("1e+10 repeats of one part"));
}

}  // namespace
}  // namespace trimtab
