#include "trimtab/callgraph/tree_layout.h"

#include <fmt/format.h>

#include <algorithm>

namespace trimtab {
namespace {

constexpr double kRowHeight = 44;
constexpr double kColumnGap = 64;
constexpr double kBoxPadding = 14;
constexpr double kStepWidth = 18;
constexpr double kCharacterWidth = 7.4;  // of a 13 px sans-serif, on the wide side
constexpr double kGroupPadding = 9;
constexpr double kGroupGap = 16;  // extra room above and below a frame

// Names are UTF-8: continuation bytes do not widen a box.
double TextWidth(const std::string& text) {
  const auto characters = std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
  return kCharacterWidth * static_cast<double>(characters);
}

class Placer {
 public:
  TreeLayout Place(const CallTree& tree) {
    PlaceVisit(tree, std::nullopt, 0, 0);
    std::vector<double> column_left{TreeLayout::kMargin};
    for (const double width : column_widths_) {
      column_left.push_back(column_left.back() + width + kColumnGap);
    }
    for (PlacedVisit& visit : layout_.visits) {
      visit.left = column_left[static_cast<std::size_t>(visit.depth)];
      visit.label_middle = visit.left + (visit.width + (visit.step == 0 ? 0 : kStepWidth)) / 2;
    }
    for (const Members& members : groups_) AddFrame(members);
    layout_.width = column_left.back() - kColumnGap + TreeLayout::kMargin;
    layout_.height = next_row_ + TreeLayout::kMargin;
    return std::move(layout_);
  }

 private:
  using Members = std::vector<std::size_t>;

  std::size_t PlaceVisit(const CallTree& tree, std::optional<std::size_t> caller, int depth,
                         int step) {
    const std::size_t index = layout_.visits.size();
    PlacedVisit& placed = layout_.visits.emplace_back();
    placed.label = tree.calls == 1 ? tree.microservice
                                   : fmt::format("{} \u00d7{}", tree.microservice, tree.calls);
    placed.caller = caller;
    placed.depth = depth;
    placed.step = step;
    placed.width = TextWidth(placed.label) + 2 * kBoxPadding + (step == 0 ? 0 : kStepWidth);
    if (column_widths_.size() <= static_cast<std::size_t>(depth)) column_widths_.push_back(0);
    double& column = column_widths_[static_cast<std::size_t>(depth)];
    column = std::max(column, placed.width);

    Members callees;
    int number = 0;
    for (const TreeStep& callee_step : tree.steps) {
      if (tree.steps.size() > 1) ++number;
      const Members members = PlaceStep(callee_step, index, depth + 1, number);
      callees.insert(callees.end(), members.begin(), members.end());
    }
    double middle = 0;
    if (callees.empty()) {
      middle = next_row_ + kRowHeight / 2;
      next_row_ += kRowHeight;
    } else {
      middle = (layout_.visits[callees.front()].middle + layout_.visits[callees.back()].middle) / 2;
    }
    layout_.visits[index].middle = middle;
    return index;
  }

  Members PlaceStep(const TreeStep& step, std::size_t caller, int depth, int number) {
    if (step.parallel) next_row_ += kGroupGap / 2;
    Members members;
    for (const CallTree& branch : step.branches) {
      members.push_back(PlaceVisit(branch, caller, depth, number));
    }
    if (step.parallel) {
      next_row_ += kGroupGap / 2;
      groups_.push_back(members);
    }
    return members;
  }

  void AddFrame(const Members& members) {
    if (members.empty()) return;
    const PlacedVisit& first = layout_.visits[members.front()];
    double width = 0;
    for (const std::size_t member : members) {
      width = std::max(width, layout_.visits[member].width);
    }
    const double top = first.middle - TreeLayout::kBoxHeight / 2 - kGroupPadding;
    const double bottom =
        layout_.visits[members.back()].middle + TreeLayout::kBoxHeight / 2 + kGroupPadding;
    layout_.groups.push_back({.left = first.left - kGroupPadding,
                              .top = top,
                              .width = width + 2 * kGroupPadding,
                              .height = bottom - top});
  }

  TreeLayout layout_;
  std::vector<double> column_widths_;
  std::vector<Members> groups_;
  double next_row_ = TreeLayout::kMargin;
};

}  // namespace

TreeLayout LayOut(const CallTree& tree) { return Placer().Place(tree); }

}  // namespace trimtab
