// A small chart as SVG text: lines over a common x axis, a limit, shaded spans, a legend.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trimtab {

// The document's colours are CSS classes (series-0, series-1, ...), so a page can restyle them; the
// text carries its own style for light and dark viewers. Axis ticks are round numbers.
// Thread-safety: none.
class SvgPlot {
 public:
  struct Options {
    std::string title;
    std::string x_label;
    std::string y_label;
    int width = 860;
    int height = 300;
    bool logarithmic_y = false;
    // Fixed ends of an axis; otherwise those of the data, widened to round numbers.
    std::optional<double> y_low = std::nullopt;
    std::optional<double> y_high = std::nullopt;
  };
  explicit SvgPlot(Options options);

  // A line through (x[i], y[i]); NaN breaks it. `step`: each y holds to the next x.
  // REQUIRES: x and y have the same size.
  void AddLine(std::string name, int color, std::vector<double> x, std::vector<double> y,
               bool step = false);
  // A dashed horizontal line with its label at the right end.
  void AddLimit(double y, std::string label);
  // A shaded span of the x axis with its label at the top.
  void AddSpan(double x0, double x1, std::string label);
  // A horizontal strip below the chart, one cell per value in [0, 1], darker for higher.
  void AddStrip(std::string name, std::vector<double> x, std::vector<double> values);

  std::string Render() const;

 private:
  struct Line {
    std::string name;
    int color;
    std::vector<double> x;
    std::vector<double> y;
    bool step;
  };
  struct Limit {
    double y;
    std::string label;
  };
  struct Span {
    double x0;
    double x1;
    std::string label;
  };
  struct Strip {
    std::string name;
    std::vector<double> x;
    std::vector<double> values;
  };
  struct Frame;
  Frame MakeFrame() const;
  void RenderAxes(const Frame& frame, std::string& out) const;
  void RenderLines(const Frame& frame, std::string& out) const;
  void RenderStrips(const Frame& frame, std::string& out) const;
  // How much further down its last row stands than its first: it takes as many as it needs.
  double RenderLegend(std::string& out) const;

  Options options_;
  std::vector<Line> lines_;
  std::vector<Limit> limits_;
  std::vector<Span> spans_;
  std::vector<Strip> strips_;
};

// Grouped horizontal bars: one group a label, one bar a series.
struct BarGroup {
  std::string label;
  std::vector<double> values;
};
struct BarChart {
  std::string title;
  std::string value_label;
  std::vector<std::string> series;
  std::vector<int> colors;  // of each series
  std::vector<BarGroup> groups;
  std::string value_format = "{:.1f}";  // fmt's format of a value
};
std::string RenderBars(const BarChart& chart);

// Round tick positions that cover [low, high] with about `count` steps (1, 2 or 5 times a power of
// ten); on a logarithmic axis 1, 2, 5 within each decade. REQUIRES: low < high, low > 0 if log.
std::vector<double> AxisTicks(double low, double high, int count, bool logarithmic);

std::string EscapeXml(std::string_view text);

// The <style> that every chart carries: colours of series, text and grid, light and dark.
std::string_view ChartStyle();

}  // namespace trimtab
