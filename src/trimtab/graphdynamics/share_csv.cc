#include "trimtab/graphdynamics/share_csv.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "fmt/format.h"
#include "trimtab/tracing/csv_rows.h"

namespace trimtab {
namespace {

constexpr double kSumTolerance = 0.01;

// Which field holds what.
struct Layout {
  std::vector<std::string> header;
  std::vector<std::size_t> arguments;
  std::vector<std::size_t> graphs;
  std::vector<std::size_t> foreseen;  // of the authors' form, by graph
  std::optional<std::size_t> load;
  std::optional<std::size_t> block;
};

absl::StatusOr<Layout> ReadHeader(std::span<const std::string_view> fields, const std::string& path,
                                  ShareSpace& space) {
  Layout layout;
  layout.header.assign(fields.begin(), fields.end());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string_view field = fields[i];
    if (field.starts_with("graph:")) {
      layout.graphs.push_back(i);
      space.graph_classes.emplace_back(field.substr(6));
    } else if (field.starts_with("argument:")) {
      layout.arguments.push_back(i);
      space.argument_classes.emplace_back(field.substr(9));
    } else if (field.ends_with("_t1")) {
      layout.graphs.push_back(i);
      space.graph_classes.emplace_back(field.substr(0, field.size() - 3));
    } else if (field.ends_with("_t2")) {
      layout.foreseen.push_back(i);
    } else if (field == "load") {
      layout.load = i;
    } else if (field == "block") {
      layout.block = i;
    }
  }
  if (layout.graphs.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("'{}': the header has no column graph:NAME and none NAME_t1", path));
  }
  if (!layout.foreseen.empty() && layout.foreseen.size() != layout.graphs.size()) {
    return absl::InvalidArgumentError(fmt::format("'{}': {} columns NAME_t1 and {} NAME_t2", path,
                                                  layout.graphs.size(), layout.foreseen.size()));
  }
  return layout;
}

class ShareRows {
 public:
  ShareRows(std::string path, Layout layout, ShareSeries& series)
      : path_(std::move(path)), layout_(std::move(layout)), series_(series) {}

  absl::Status Add(const CsvRows::Row& row) {
    if (row.fields.size() != layout_.header.size()) {
      return Refuse(
          row, fmt::format("has {} fields, expected {}", row.fields.size(), layout_.header.size()));
    }
    std::vector<double> values;
    if (auto s = Shares(row, layout_.arguments, true, values); !s.ok()) return s;
    const std::size_t graphs_at = values.size();
    if (auto s = Shares(row, layout_.graphs, false, values); !s.ok()) return s;
    std::vector<double> graphs(values.begin() + static_cast<std::ptrdiff_t>(graphs_at),
                               values.end());
    values.push_back(0);
    if (layout_.load) {
      if (auto s = Number(row, *layout_.load, 1e12, values.back()); !s.ok()) return s;
    }
    if (StartsBlock(row, graphs)) series_.blocks.emplace_back();
    auto& rows = series_.blocks.back().rows;
    rows.insert(rows.end(), values.begin(), values.end());
    foreseen_.clear();
    return layout_.foreseen.empty() ? absl::OkStatus()
                                    : Shares(row, layout_.foreseen, false, foreseen_);
  }

 private:
  absl::Status Refuse(const CsvRows::Row& row, std::string_view problem) const {
    return absl::InvalidArgumentError(fmt::format("'{}' row {} {}", path_, row.number, problem));
  }

  absl::Status Number(const CsvRows::Row& row, std::size_t field, double highest,
                      double& value) const {
    const std::string_view text = row.fields[field];
    if (absl::SimpleAtod(absl::string_view(text.data(), text.size()), &value) && value >= 0 &&
        value <= highest) {
      return absl::OkStatus();
    }
    return Refuse(row, fmt::format("column '{}' is '{}', expected a number from 0 to {}",
                                   layout_.header[field], text, highest));
  }

  // Appends the shares in `fields`, scaled to one.
  absl::Status Shares(const CsvRows::Row& row, const std::vector<std::size_t>& fields,
                      bool may_be_empty, std::vector<double>& values) const {
    const std::size_t from = values.size();
    double sum = 0;
    for (const std::size_t field : fields) {
      values.push_back(0);
      if (auto s = Number(row, field, 1, values.back()); !s.ok()) return s;
      sum += values.back();
    }
    if (fields.empty() || (may_be_empty && sum == 0)) return absl::OkStatus();
    if (std::abs(sum - 1) > kSumTolerance) {
      return Refuse(row, fmt::format("has shares from column '{}' on that sum to {}, expected 1",
                                     layout_.header[fields.front()], sum));
    }
    NormaliseShares(std::span(values).subspan(from));
    return absl::OkStatus();
  }

  bool StartsBlock(const CsvRows::Row& row, const std::vector<double>& graphs) {
    const std::string block(layout_.block ? row.fields[*layout_.block] : std::string_view());
    const bool is_other = block != block_;
    block_ = block;
    return series_.blocks.empty() || is_other || (!foreseen_.empty() && foreseen_ != graphs);
  }

  std::string path_;
  Layout layout_;
  ShareSeries& series_;
  std::string block_;
  std::vector<double> foreseen_;
};

// Quoted where a comma, a quote or an end of line would be taken for another field.
void AppendField(std::string_view text, std::string& out) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace

std::string ShareCsv(const ShareSeries& series) {
  std::string text = "block";
  for (const std::string& name : series.space.argument_classes) {
    text += ',';
    AppendField("argument:" + name, text);
  }
  for (const std::string& name : series.space.graph_classes) {
    text += ',';
    AppendField("graph:" + name, text);
  }
  text += ",load\n";
  const std::size_t width = series.space.width();
  for (std::size_t b = 0; b < series.blocks.size(); ++b) {
    const std::vector<double>& rows = series.blocks[b].rows;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i % width == 0) fmt::format_to(std::back_inserter(text), "{}", b);
      fmt::format_to(std::back_inserter(text), ",{}", rows[i]);
      if (i % width == width - 1) text += '\n';
    }
  }
  return text;
}

absl::StatusOr<ShareSeries> ReadShareCsv(InputFile& input) {
  CsvRows rows(input);
  ShareSeries series;
  std::optional<ShareRows> reader;
  for (;;) {
    const auto row = rows.Next();
    if (!row.ok()) return row.status();
    if (row->state == CsvRows::RowState::kEnd) break;
    if (row->state != CsvRows::RowState::kRow) {
      return absl::InvalidArgumentError(
          fmt::format("'{}' row {} {}", input.path(), row->number, Describe(row->state)));
    }
    if (!reader) {
      auto layout = ReadHeader(row->fields, input.path(), series.space);
      if (!layout.ok()) return layout.status();
      reader.emplace(input.path(), *std::move(layout), series);
    } else if (auto status = reader->Add(*row); !status.ok()) {
      return status;
    }
  }
  if (series.blocks.empty()) {
    return absl::InvalidArgumentError(fmt::format("'{}' has no rows of shares", input.path()));
  }
  return series;
}

}  // namespace trimtab
