#include "trimtab/experiment/svg_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fmt/format.h"

namespace trimtab {
namespace {

constexpr int kLeft = 76;
constexpr int kRight = 16;
constexpr int kTop = 62;
constexpr double kLegendHeight = 20;
constexpr int kBottom = 44;
constexpr int kStripHeight = 14;
constexpr int kStripGap = 4;

// Of a text at the charts' size, in pixels; a wide letter counts for a narrow one.
// Classes s0, f0 and so on of the style.
constexpr int kColors = 8;

double WidthOf(std::string_view text) { return 6.5 * static_cast<double>(text.size()); }

std::string TickText(double value) {
  if (value != 0 && std::abs(value) < 0.01) return fmt::format("{:.1e}", value);
  return fmt::format("{:g}", value);
}

std::vector<double> LogTicks(double low, double high) {
  std::vector<double> ticks;
  constexpr std::array<double, 3> kSteps = {1, 2, 5};
  for (int decade = static_cast<int>(std::floor(std::log10(low)));
       std::pow(10.0, decade) <= high * 1.0001; ++decade) {
    for (const double step : kSteps) {
      const double tick = step * std::pow(10.0, decade);
      if (tick >= low * 0.9999 && tick <= high * 1.0001) ticks.push_back(tick);
    }
  }
  return ticks;
}

}  // namespace

std::string EscapeXml(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string_view ChartStyle() {
  return "<style>"
         ".chart{font:12px system-ui,sans-serif;--ink:#1f2937;--soft:#6b7280;--grid:#e5e7eb;"
         "--limit:#b91c1c;--span:#f59e0b;--paper:#ffffff;--c0:#2563eb;--c1:#d97706;--c2:#6b7280;"
         "--c3:#059669;--c4:#9333ea;--c5:#db2777;--c6:#0891b2;--c7:#854d0e;--heat:#b91c1c}"
         "@media(prefers-color-scheme:dark){.chart{--ink:#e5e7eb;--soft:#9ca3af;--grid:#374151;"
         "--limit:#f87171;--span:#fbbf24;--paper:#111827;--c0:#60a5fa;--c1:#fbbf24;--c2:#9ca3af;"
         "--c3:#34d399;--c4:#c084fc;--c5:#f472b6;--c6:#22d3ee;--c7:#d6a35c;--heat:#f87171}}"
         ".chart text{fill:var(--ink)}.chart .soft{fill:var(--soft)}"
         ".chart .title{font-weight:600;font-size:14px}"
         ".chart .grid{stroke:var(--grid);stroke-width:1}"
         ".chart .limit{stroke:var(--limit);stroke-width:1.5;stroke-dasharray:6 4}"
         ".chart .limit-text{fill:var(--limit)}"
         ".chart .span{fill:var(--span);opacity:.14}"
         ".chart .paper{fill:var(--paper)}.chart .heat{fill:var(--heat)}"
         ".chart .line{fill:none;stroke-width:1.6;stroke-linejoin:round}"
         ".chart .s0{stroke:var(--c0)}.chart .s1{stroke:var(--c1)}.chart .s2{stroke:var(--c2)}"
         ".chart .s3{stroke:var(--c3)}.chart .s4{stroke:var(--c4)}.chart .s5{stroke:var(--c5)}"
         ".chart .s6{stroke:var(--c6)}.chart .s7{stroke:var(--c7)}"
         ".chart .f0{fill:var(--c0)}.chart .f1{fill:var(--c1)}.chart .f2{fill:var(--c2)}"
         ".chart .f3{fill:var(--c3)}.chart .f4{fill:var(--c4)}.chart .f5{fill:var(--c5)}"
         ".chart .f6{fill:var(--c6)}.chart .f7{fill:var(--c7)}"
         "</style>";
}

std::vector<double> AxisTicks(double low, double high, int count, bool logarithmic) {
  if (logarithmic) return LogTicks(low, high);
  const double raw = (high - low) / count;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * 0.999) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> ticks;
  const double first = std::ceil(low / step - 1e-9);
  for (int i = 0; (first + i) * step <= high + step * 1e-9; ++i) {
    ticks.push_back((first + i) * step);
  }
  return ticks;
}

// Where data coordinates fall on the page.
struct SvgPlot::Frame {
  double x_low, x_high, y_low, y_high;
  double plot_width, plot_height, total_height;
  bool logarithmic;

  double X(double x) const { return kLeft + (x - x_low) / (x_high - x_low) * plot_width; }
  double Y(double y) const {
    double share = 0;
    if (logarithmic) {
      share = std::log(std::max(y, y_low) / y_low) / std::log(y_high / y_low);
    } else {
      share = (y - y_low) / (y_high - y_low);
    }
    return kTop + (1 - std::clamp(share, 0.0, 1.0)) * plot_height;
  }
};

SvgPlot::SvgPlot(Options options) : options_(std::move(options)) {}

void SvgPlot::AddLine(std::string name, int color, std::vector<double> x, std::vector<double> y,
                      bool step) {
  lines_.push_back({std::move(name), color, std::move(x), std::move(y), step});
}
void SvgPlot::AddLimit(double y, std::string label) { limits_.push_back({y, std::move(label)}); }
void SvgPlot::AddSpan(double x0, double x1, std::string label) {
  spans_.push_back({x0, x1, std::move(label)});
}
void SvgPlot::AddStrip(std::string name, std::vector<double> x, std::vector<double> values) {
  strips_.push_back({std::move(name), std::move(x), std::move(values)});
}

SvgPlot::Frame SvgPlot::MakeFrame() const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Frame frame{};
  frame.logarithmic = options_.logarithmic_y;
  frame.x_low = frame.y_low = kInfinity;
  frame.x_high = frame.y_high = -kInfinity;
  for (const Line& line : lines_) {
    for (std::size_t i = 0; i < line.x.size(); ++i) {
      if (std::isnan(line.y[i]) || (frame.logarithmic && line.y[i] <= 0)) continue;
      frame.x_low = std::min(frame.x_low, line.x[i]);
      frame.x_high = std::max(frame.x_high, line.x[i]);
      frame.y_low = std::min(frame.y_low, line.y[i]);
      frame.y_high = std::max(frame.y_high, line.y[i]);
    }
  }
  for (const Limit& limit : limits_) {
    frame.y_low = std::min(frame.y_low, limit.y);
    frame.y_high = std::max(frame.y_high, limit.y);
  }
  if (!(frame.x_low < frame.x_high)) {
    frame.x_low = std::isfinite(frame.x_low) ? frame.x_low - 0.5 : 0;
    frame.x_high = frame.x_low + 1;
  }
  if (!std::isfinite(frame.y_low)) {
    frame.y_low = frame.logarithmic ? 1 : 0;
    frame.y_high = 10;
  }
  if (frame.logarithmic) {
    frame.y_low /= 1.15;
    frame.y_high *= 1.15;
  } else {
    frame.y_low = std::min(frame.y_low, 0.0);
    frame.y_high = frame.y_high > frame.y_low ? frame.y_high * 1.06 : frame.y_low + 1;
  }
  if (options_.y_low) frame.y_low = *options_.y_low;
  if (options_.y_high) frame.y_high = *options_.y_high;
  frame.plot_width = options_.width - kLeft - kRight;
  const double strips = static_cast<double>(strips_.size()) * (kStripHeight + kStripGap);
  frame.total_height = options_.height + strips;
  frame.plot_height = options_.height - kTop - kBottom;
  return frame;
}

void SvgPlot::RenderAxes(const Frame& frame, std::string& out) const {
  const auto sink = std::back_inserter(out);
  const double bottom = kTop + frame.plot_height;
  const double right = kLeft + frame.plot_width;
  for (const Span& span : spans_) {
    const double x0 = frame.X(std::max(span.x0, frame.x_low));
    const double x1 = frame.X(std::min(span.x1, frame.x_high));
    if (x1 <= x0) continue;
    fmt::format_to(sink, R"(<rect class="span" x="{:.1f}" y="{}" width="{:.1f}" height="{:.1f}"/>)",
                   x0, kTop, x1 - x0, frame.plot_height);
    if (WidthOf(span.label) <= x1 - x0 + kRight) {
      fmt::format_to(sink, R"(<text class="soft" x="{:.1f}" y="{}" text-anchor="middle">{}</text>)",
                     (x0 + x1) / 2, kTop - 5, EscapeXml(span.label));
    } else {  // beside its neighbour's there is no room: it runs down the span
      const double x = (x0 + x1) / 2 + 4;
      fmt::format_to(sink,
                     R"(<text class="soft" x="{0:.1f}" y="{1}" text-anchor="end" )"
                     R"svg(transform="rotate(-90 {0:.1f} {1})">{2}</text>)svg",
                     x, kTop + 6, EscapeXml(span.label));
    }
  }
  for (const double tick : AxisTicks(frame.y_low, frame.y_high, 5, frame.logarithmic)) {
    const double y = frame.Y(tick);
    fmt::format_to(sink,
                   R"(<line class="grid" x1="{}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>)"
                   R"(<text class="soft" x="{}" y="{:.1f}" text-anchor="end">{}</text>)",
                   kLeft, right, y, y, kLeft - 6, y + 4, TickText(tick));
  }
  const double below = frame.total_height - options_.height + bottom;
  for (const double tick : AxisTicks(frame.x_low, frame.x_high, 8, false)) {
    const double x = frame.X(tick);
    fmt::format_to(sink,
                   R"(<line class="grid" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>)"
                   R"(<text class="soft" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>)",
                   x, x, bottom, bottom + 4, x, below + 17, TickText(tick));
  }
  fmt::format_to(sink, R"(<text class="soft" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>)",
                 kLeft + frame.plot_width / 2, below + 35, EscapeXml(options_.x_label));
  fmt::format_to(
      sink,
      R"svg(<text class="soft" transform="translate(15 {:.1f}) rotate(-90)" text-anchor="middle">{}</text>)svg",
      kTop + frame.plot_height / 2, EscapeXml(options_.y_label));
  for (const Limit& limit : limits_) {
    const double y = frame.Y(limit.y);
    fmt::format_to(sink,
                   R"(<line class="limit" x1="{}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>)"
                   R"(<text class="limit-text" x="{:.1f}" y="{:.1f}" text-anchor="end">{}</text>)",
                   kLeft, right, y, y, right - 4, y - 5, EscapeXml(limit.label));
  }
}

void SvgPlot::RenderLines(const Frame& frame, std::string& out) const {
  const auto sink = std::back_inserter(out);
  for (const Line& line : lines_) {
    fmt::format_to(sink, R"(<path class="line s{}" d=")", line.color % kColors);
    bool pen_down = false;
    for (std::size_t i = 0; i < line.x.size(); ++i) {
      if (std::isnan(line.y[i])) {
        pen_down = false;
        continue;
      }
      const double x = frame.X(line.x[i]);
      const double y = frame.Y(line.y[i]);
      if (!pen_down) {
        fmt::format_to(sink, "M{:.1f} {:.1f}", x, y);
      } else if (line.step) {
        fmt::format_to(sink, "H{:.1f}V{:.1f}", x, y);
      } else {
        fmt::format_to(sink, "L{:.1f} {:.1f}", x, y);
      }
      pen_down = true;
    }
    fmt::format_to(sink, R"("><title>{}</title></path>)", EscapeXml(line.name));
  }
}

void SvgPlot::RenderStrips(const Frame& frame, std::string& out) const {
  const auto sink = std::back_inserter(out);
  double top = kTop + frame.plot_height + 6;
  for (const Strip& strip : strips_) {
    for (std::size_t i = 0; i < strip.x.size(); ++i) {
      const double next = i + 1 < strip.x.size() ? strip.x[i + 1] : frame.x_high;
      const double x = frame.X(strip.x[i]);
      const double width = frame.X(next) - x;
      if (width <= 0 || std::isnan(strip.values[i])) continue;
      fmt::format_to(
          sink,
          R"(<rect class="heat" x="{:.1f}" y="{:.1f}" width="{:.2f}" height="{}" opacity="{:.2f}"/>)",
          x, top, width + 0.3, kStripHeight, std::clamp(strip.values[i], 0.0, 1.0));
    }
    fmt::format_to(sink, R"(<text class="soft" x="{}" y="{:.1f}" text-anchor="end">{}</text>)",
                   kLeft - 6, top + 11, EscapeXml(strip.name));
    top += kStripHeight + kStripGap;
  }
}

double SvgPlot::RenderLegend(std::string& out) const {
  const auto sink = std::back_inserter(out);
  double x = 8;
  double below = 0;
  for (const Line& line : lines_) {
    const double width = 7.0 * static_cast<double>(line.name.size()) + 32;
    if (x > 8 && x + width > options_.width) {
      x = 8;
      below += kLegendHeight;
    }
    fmt::format_to(
        sink,
        R"(<line class="line s{}" x1="{:.1f}" x2="{:.1f}" y1="{:.0f}" y2="{:.0f}" stroke-width="3"/>)"
        R"(<text x="{:.1f}" y="{:.0f}">{}</text>)",
        line.color % kColors, x, x + 14, 38 + below, 38 + below, x + 18, 42 + below,
        EscapeXml(line.name));
    x += width;
  }
  return below;
}

std::string SvgPlot::Render() const {
  const Frame frame = MakeFrame();
  std::string legend;
  const double further = RenderLegend(legend);
  std::string out = fmt::format(
      R"(<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {:.0f}" role="img" aria-label="{}">)",
      options_.width, frame.total_height + further, EscapeXml(options_.title));
  out += ChartStyle();
  out += R"(<rect class="paper" width="100%" height="100%"/>)";
  fmt::format_to(std::back_inserter(out), R"(<text class="title" x="8" y="22">{}</text>)",
                 EscapeXml(options_.title));
  out += legend;
  if (further > 0) {
    fmt::format_to(std::back_inserter(out), "<g transform=\"translate(0 {:.0f})\">", further);
  }
  RenderAxes(frame, out);
  RenderLines(frame, out);
  RenderStrips(frame, out);
  if (further > 0) out += "</g>";
  out += "</svg>\n";
  return out;
}

std::string RenderBars(const BarChart& chart) {
  constexpr int kWidth = 860;
  constexpr int kBar = 18;
  double widest = 0;
  for (const BarGroup& group : chart.groups) widest = std::max(widest, WidthOf(group.label));
  const int label = std::clamp(static_cast<int>(widest) + 16, 150, kWidth / 2);
  // Right of the longest bar stand its value and the name of its series.
  std::size_t longest = 0;
  for (const std::string& name : chart.series) longest = std::max(longest, name.size());
  const int value_width = 70 + static_cast<int>(WidthOf(std::string(longest, 'x')));
  double highest = 0;
  for (const BarGroup& group : chart.groups) {
    for (const double value : group.values) highest = std::max(highest, value);
  }
  if (highest <= 0) highest = 1;
  const auto bars = static_cast<int>(chart.series.size());
  const int group_height = bars * (kBar + 2) + 12;
  const int height = 52 + group_height * static_cast<int>(chart.groups.size());
  std::string out = fmt::format(
      R"(<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" aria-label="{}">)",
      kWidth, height, EscapeXml(chart.title));
  const auto sink = std::back_inserter(out);
  out += ChartStyle();
  out += R"(<rect class="paper" width="100%" height="100%"/>)";
  fmt::format_to(sink, R"(<text class="title" x="8" y="22">{}</text>)", EscapeXml(chart.title));
  fmt::format_to(sink, R"(<text class="soft" x="{}" y="22" text-anchor="end">{}</text>)",
                 kWidth - 8, EscapeXml(chart.value_label));
  int y = 40;
  for (const BarGroup& group : chart.groups) {
    fmt::format_to(sink, R"(<text x="{}" y="{}" text-anchor="end">{}</text>)", label - 8,
                   y + group_height / 2 - 4, EscapeXml(group.label));
    for (int i = 0; i < bars; ++i) {
      const double value = group.values[static_cast<std::size_t>(i)];
      const double width = value / highest * (kWidth - label - value_width);
      fmt::format_to(sink,
                     R"(<rect class="f{}" x="{}" y="{}" width="{:.1f}" height="{}" rx="2"/>)"
                     R"(<text x="{:.1f}" y="{}">{} <tspan class="soft">{}</tspan></text>)",
                     chart.colors[static_cast<std::size_t>(i)] % kColors, label, y + i * (kBar + 2),
                     std::max(width, 1.0), kBar, label + std::max(width, 1.0) + 6,
                     y + i * (kBar + 2) + 13, fmt::format(fmt::runtime(chart.value_format), value),
                     bars > 1 ? EscapeXml(chart.series[static_cast<std::size_t>(i)]) : "");
    }
    y += group_height;
  }
  out += "</svg>\n";
  return out;
}

}  // namespace trimtab
