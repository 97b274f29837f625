#include "trimtab/callgraph/tree_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "trimtab/callgraph/tree_layout.h"

namespace trimtab {
namespace {

constexpr double kTitleHeight = 34;

constexpr std::string_view kStyle = R"(<style>
  :root { color-scheme: light dark; --ground: #ffffff; --ink: #1f2933; --soft: #52606d;
          --box: #eef4fb; --line: #6b8fb8; --entry: #d6e6f7; --frame: #f6efe0; --frame-line: #c9a45c; }
  @media (prefers-color-scheme: dark) {
    :root { --ground: #15191e; --ink: #e4e9ee; --soft: #9aa7b4; --box: #1f2b38; --line: #6f96c2;
            --entry: #27405a; --frame: #2a2519; --frame-line: #9a7d43; }
  }
  text { font: 13px system-ui, sans-serif; fill: var(--ink); }
  .title { font-weight: 600; font-size: 14px; }
  .step { font-size: 11px; fill: var(--soft); }
  .box { fill: var(--box); stroke: var(--line); }
  .entry { fill: var(--entry); stroke: var(--line); }
  .frame { fill: var(--frame); stroke: var(--frame-line); stroke-dasharray: 4 3; }
  .call { fill: none; stroke: var(--line); stroke-width: 1.3; }
</style>
)";

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      default:
        // XML 1.0 has no way to write the other control characters.
        escaped += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return escaped;
}

void AddCall(const PlacedVisit& caller, const PlacedVisit& callee, std::string& svg) {
  const double from_x = caller.left + caller.width;
  const double to_x = callee.left;
  const double bend = (from_x + to_x) / 2;
  fmt::format_to(std::back_inserter(svg),
                 "<path class=\"call\" d=\"M{:.1f} {:.1f} C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} "
                 "{:.1f}\"/>\n",
                 from_x, caller.middle, bend, caller.middle, bend, callee.middle, to_x,
                 callee.middle);
}

void AddBox(const PlacedVisit& visit, std::string& svg) {
  fmt::format_to(std::back_inserter(svg),
                 "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
                 "rx=\"7\"/>\n<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n",
                 visit.caller ? "box" : "entry", visit.left,
                 visit.middle - TreeLayout::kBoxHeight / 2, visit.width, TreeLayout::kBoxHeight,
                 visit.left + visit.width / 2, visit.middle + 4.5, Escaped(visit.label));
  if (visit.step == 0) return;
  fmt::format_to(std::back_inserter(svg),
                 "<text class=\"step\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", visit.left + 10,
                 visit.middle + 4, visit.step);
}

}  // namespace

std::string TreeToSvg(const CallTree& tree, const std::string& title) {
  const TreeLayout layout = LayOut(tree);
  const double title_width = 8.2 * static_cast<double>(title.size()) + 2 * TreeLayout::kMargin;
  const double width = std::max(layout.width, title_width);
  const double height = layout.height + kTitleHeight;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "viewBox=\"0 0 {0:.0f} {1:.0f}\" role=\"img\">\n<title>{2}</title>\n{3}"
      "<rect width=\"100%\" height=\"100%\" style=\"fill: var(--ground)\"/>\n"
      "<text class=\"title\" x=\"{4:.0f}\" y=\"30\">{2}</text>\n"
      "<g transform=\"translate(0 {5:.0f})\">\n",
      width, height, Escaped(title), kStyle, TreeLayout::kMargin, kTitleHeight);
  for (const PlacedGroup& group : layout.groups) {
    fmt::format_to(std::back_inserter(svg),
                   "<rect class=\"frame\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
                   "height=\"{:.1f}\" rx=\"10\"/>\n",
                   group.left, group.top, group.width, group.height);
  }
  for (const PlacedVisit& visit : layout.visits) {
    if (visit.caller) AddCall(layout.visits[*visit.caller], visit, svg);
  }
  for (const PlacedVisit& visit : layout.visits) AddBox(visit, svg);
  return svg + "</g>\n</svg>\n";
}

}  // namespace trimtab
