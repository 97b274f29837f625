#include "trimtab/experiment/html_report.h"

#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/experiment/figures.h"
#include "trimtab/experiment/run_record.h"
#include "trimtab/experiment/svg_plot.h"
#include "trimtab/profile/atomic_file.h"

namespace trimtab {
namespace {

constexpr std::string_view kPageStyle = R"(
:root{color-scheme:light dark;--ink:#1f2937;--soft:#6b7280;--paper:#fff;--line:#e5e7eb;--good:#047857;--bad:#b91c1c}
@media(prefers-color-scheme:dark){:root{--ink:#e5e7eb;--soft:#9ca3af;--paper:#111827;--line:#374151;--good:#34d399;--bad:#f87171}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1080px;padding:16px;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
p.soft,figcaption,td.soft{color:var(--soft)}
figure{margin:1.25rem 0}figure svg{width:100%;height:auto;display:block}
figcaption{font-size:.9rem;margin-top:.25rem}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:8px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.92rem}
th,td{padding:.45rem .7rem;text-align:right;border-bottom:1px solid var(--line)}td{white-space:nowrap}
th:first-child,td:first-child,.log td,.log th{text-align:left}
.log td{white-space:normal;vertical-align:top;min-width:5rem}
.good{color:var(--good)}.bad{color:var(--bad)}
summary{cursor:pointer;padding:.4rem 0}
@media(max-width:600px){body{padding:10px}.sum{min-width:640px}figure{overflow-x:auto}figure svg{min-width:560px}}
)";

void SummaryTable(const PolicyComparison& comparison, std::string& out) {
  const auto sink = std::back_inserter(out);
  out +=
      "<div class=\"scroll\"><table class=\"sum\"><thead><tr><th>policy</th><th>windows above "
      "SLA</th>"
      "<th>requests above SLA</th><th>P95</th><th>units</th><th>CPU</th><th>memory</th>"
      "<th>changes</th><th>reversions</th><th>recovery</th></tr></thead><tbody>";
  for (const RunRecord& run : comparison.runs) {
    const RunSummary& s = run.summary;
    // Grad's own figure for its violation probability (VI-D1) is the line between good and bad.
    const char* grade = s.sla_violation_share <= 0.047 ? "good" : "bad";
    fmt::format_to(
        sink,
        "<tr><td>{}</td><td class=\"{}\">{:.1f} %</td><td>{:.2f} %</td><td>{:.0f} ms</td>"
        "<td>{:.1f}</td><td>{:.1f}</td><td>{:.1f}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        EscapeXml(run.label), grade, s.sla_violation_share * 100, s.request_violation_share * 100,
        s.p95_seconds * 1e3, s.mean_resource_units.total(), s.mean_resource_units.cpu,
        s.mean_resource_units.memory, s.decisions, s.reversions,
        s.recovery_seconds ? fmt::format("{:.0f} s", *s.recovery_seconds) : "&ndash;");
  }
  out += "</tbody></table></div>";
}

void DecisionLog(const std::vector<DecisionLogRow>& decisions, std::string& out) {
  const auto sink = std::back_inserter(out);
  std::string_view open;
  for (const DecisionLogRow& row : decisions) {
    if (row.policy != open) {
      if (!open.empty()) out += "</tbody></table></div></details>";
      open = row.policy;
      fmt::format_to(
          sink,
          "<details><summary>{}</summary><div class=\"scroll\"><table class=\"log\">"
          "<thead><tr><th>minute</th><th>outcome</th><th>changes</th><th>reason</th></tr>"
          "</thead><tbody>",
          EscapeXml(row.policy));
    }
    fmt::format_to(sink, "<tr><td>{:.2f}</td><td>{}</td><td>{}</td><td class=\"soft\">{}</td></tr>",
                   row.minute, EscapeXml(row.outcome), EscapeXml(row.changes),
                   EscapeXml(row.reason));
  }
  if (!open.empty()) out += "</tbody></table></div></details>";
}

void Section(const PolicyComparison& comparison, const std::vector<Figure>& figures,
             std::string& out) {
  const auto sink = std::back_inserter(out);
  const double minutes =
      comparison.runs.empty() ? 0 : comparison.runs.front().summary.simulated_minutes;
  fmt::format_to(
      sink,
      "<p class=\"soft\">Scenario {}, {:.0f} simulated minutes, seed {}; P95 is to stay at "
      "or below {:.0f} ms. Windows of 60 s; the first {:.0f} minutes do not count. "
      "A unit is 0.2 core or 100 MiB.</p>",
      EscapeXml(comparison.scenario), minutes,
      comparison.runs.empty() ? 0 : comparison.runs.front().summary.seed,
      comparison.sla_seconds * 1e3, comparison.skip_minutes);
  SummaryTable(comparison, out);
  for (const Figure& figure : figures) {
    fmt::format_to(sink, "<figure>{}<figcaption>{}</figcaption></figure>", figure.svg,
                   EscapeXml(figure.caption));
  }
}

}  // namespace

std::string_view PageStyle() { return kPageStyle; }

std::string RenderHtml(const PolicyComparison& comparison, const std::vector<Figure>& figures,
                       const std::vector<DecisionLogRow>& decisions,
                       const std::vector<ReportSection>& beside) {
  std::string out = fmt::format(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<title>{}</title><style>{}</style></head><body>",
      EscapeXml(comparison.title), kPageStyle);
  fmt::format_to(std::back_inserter(out), "<h1>{}</h1>", EscapeXml(comparison.title));
  Section(comparison, figures, out);
  for (const ReportSection& section : beside) {
    fmt::format_to(std::back_inserter(out), "<h2>{}</h2>", EscapeXml(section.comparison.title));
    Section(section.comparison, section.figures, out);
  }
  if (!decisions.empty()) {
    out += "<h2>Decision log</h2>";
    DecisionLog(decisions, out);
  }
  out += "</body></html>\n";
  return out;
}

absl::Status WriteReport(const std::string& directory, const PolicyComparison& comparison,
                         const std::vector<DecisionLogRow>& decisions,
                         const std::vector<ReportSection>& beside) {
  const std::string figure_directory = directory + "/figures";
  std::error_code error;
  std::filesystem::create_directories(figure_directory, error);
  if (error) {
    return absl::UnavailableError(
        fmt::format("creating '{}': {}", figure_directory, error.message()));
  }
  const std::vector<Figure> figures = MakeFigures(comparison);
  std::vector<const Figure*> all;
  for (const Figure& figure : figures) all.push_back(&figure);
  for (const ReportSection& section : beside) {
    for (const Figure& figure : section.figures) all.push_back(&figure);
  }
  for (const Figure* figure : all) {
    if (auto s = ReplaceFile(figure_directory + "/" + figure->file, figure->svg); !s.ok()) {
      return s;
    }
  }
  return ReplaceFile(directory + "/report.html",
                     RenderHtml(comparison, figures, decisions, beside));
}

}  // namespace trimtab
