// The three ways to write a tree: JSON, Graphviz text and SVG.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "trimtab/callgraph/tree_dot.h"
#include "trimtab/callgraph/tree_json.h"
#include "trimtab/callgraph/tree_layout.h"
#include "trimtab/callgraph/tree_svg.h"

namespace trimtab {
namespace {

CallTree Leaf(std::string name, std::int64_t calls = 1) {
  return {.microservice = std::move(name), .calls = calls, .steps = {}};
}

CallTree Example() {
  CallTree b = Leaf("b");
  b.steps = {Parallel({Leaf("d"), Leaf("e", 2)})};
  CallTree a = Leaf("a");
  a.steps = {Sequential(b), Parallel({Leaf("c"), Leaf("f")})};
  return a;
}

TEST(TreeJsonTest, SeriesAndParallelAreTheKeys) {
  EXPECT_EQ(TreeToJson(Example()), nlohmann::ordered_json::parse(R"({
    "microservice": "a", "calls": 1, "series": [
      {"microservice": "b", "calls": 1, "parallel": [
        {"microservice": "d", "calls": 1, "series": []},
        {"microservice": "e", "calls": 2, "series": []}]},
      {"parallel": [{"microservice": "c", "calls": 1, "series": []},
                    {"microservice": "f", "calls": 1, "series": []}]}]})"));
}

TEST(TreeDotTest, NamesAreQuotedAndStepsNumbered) {
  CallTree tree = Leaf("a\"b\\c\nd");
  tree.steps = {Sequential(Leaf("x", 3)), Parallel({Leaf("y")})};
  EXPECT_EQ(TreeToDot(tree, "t"),
            "digraph calls {\n"
            "  label=\"t\";\n"
            "  labelloc=t;\n"
            "  rankdir=LR;\n"
            "  fontname=\"sans-serif\";\n"
            "  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
            "  edge [fontname=\"sans-serif\", fontsize=10];\n"
            "  v0 [label=\"a\\\"b\\\\c d\"];\n"
            "  v1 [label=\"x x3\"];\n"
            "  v0 -> v1 [label=\"1\"];\n"
            "  v2 [label=\"y\"];\n"
            "  v0 -> v2 [label=\"2\", style=dashed];\n"
            "}\n");
}

TEST(TreeLayoutTest, BoxesOfOneColumnDoNotOverlap) {
  const TreeLayout layout = LayOut(Example());
  ASSERT_EQ(layout.visits.size(), 6);
  for (std::size_t i = 0; i < layout.visits.size(); ++i) {
    for (std::size_t j = i + 1; j < layout.visits.size(); ++j) {
      const PlacedVisit& a = layout.visits[i];
      const PlacedVisit& b = layout.visits[j];
      if (a.depth != b.depth) {
        EXPECT_NE(a.left, b.left);
      } else {
        EXPECT_GE(std::abs(a.middle - b.middle), TreeLayout::kBoxHeight) << a.label << b.label;
      }
    }
  }
}

TEST(TreeLayoutTest, EverythingLiesInsideTheDrawing) {
  const TreeLayout layout = LayOut(Example());
  for (const PlacedVisit& visit : layout.visits) {
    EXPECT_GE(visit.left, TreeLayout::kMargin);
    EXPECT_LE(visit.left + visit.width, layout.width - TreeLayout::kMargin + 1e-9);
    EXPECT_LE(visit.middle + TreeLayout::kBoxHeight / 2, layout.height);
  }
  ASSERT_EQ(layout.groups.size(), 2);
  for (const PlacedGroup& group : layout.groups) {
    EXPECT_GE(group.left, 0);
    EXPECT_GE(group.top, 0);
    EXPECT_LE(group.left + group.width, layout.width);
    EXPECT_LE(group.top + group.height, layout.height);
  }
}

TEST(TreeSvgTest, MarkupInNamesIsEscaped) {
  CallTree tree = Leaf("<script>&\x01");
  const std::string svg = TreeToSvg(tree, "a < b");
  EXPECT_NE(svg.find("&lt;script&gt;&amp; </text>"), std::string::npos);
  EXPECT_EQ(svg.find("<script"), std::string::npos);
  EXPECT_NE(svg.find("<title>a &lt; b</title>"), std::string::npos);
}

TEST(TreeSvgTest, OneBoxAVisitOneFrameAGroup) {
  const std::string svg = TreeToSvg(Example(), "t");
  const auto count = [&svg](std::string_view what) {
    int found = 0;
    for (std::size_t at = svg.find(what); at != std::string::npos; at = svg.find(what, at + 1)) {
      ++found;
    }
    return found;
  };
  EXPECT_EQ(count("class=\"entry\""), 1);
  EXPECT_EQ(count("class=\"box\""), 5);
  EXPECT_EQ(count("class=\"frame\""), 2);
  EXPECT_EQ(count("class=\"call\""), 5);
}

}  // namespace
}  // namespace trimtab
