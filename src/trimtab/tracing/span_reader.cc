#include "trimtab/tracing/span_reader.h"

#include <array>
#include <utility>

#include "trimtab/tracing/alibaba_reader.h"
#include "trimtab/tracing/csv_columns.h"
#include "trimtab/tracing/csv_rows.h"
#include "trimtab/tracing/jaeger_reader.h"
#include "trimtab/tracing/span_csv_reader.h"

namespace trimtab {
namespace {

constexpr std::array<std::pair<SpanFormat, std::string_view>, 4> kNames = {{
    {SpanFormat::kAuto, "auto"},
    {SpanFormat::kCsv, "csv"},
    {SpanFormat::kJaeger, "jaeger"},
    {SpanFormat::kAlibaba, "alibaba"},
}};

}  // namespace

std::string_view ToString(SpanFormat format) {
  for (const auto& [known, name] : kNames) {
    if (known == format) return name;
  }
  return "auto";
}

std::optional<SpanFormat> SpanFormatFromString(std::string_view name) {
  for (const auto& [format, known] : kNames) {
    if (known == name) return format;
  }
  return std::nullopt;
}

absl::StatusOr<SpanFormat> DetectFormat(InputFile& input) {
  constexpr std::size_t kHeaderBytes = std::size_t{64} << 10;
  const absl::StatusOr<std::string_view> start = input.Peek(kHeaderBytes);
  if (!start.ok()) return start.status();
  const std::size_t first = start->find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && ((*start)[first] == '{' || (*start)[first] == '[')) {
    return SpanFormat::kJaeger;
  }
  const std::unique_ptr<InputFile> text = InputFile::OverText(input.path(), *start);
  CsvRows rows(*text);
  const absl::StatusOr<CsvRows::Row> row = rows.Next();
  if (row.ok() && row->state == CsvRows::RowState::kRow) {
    const CsvHeader header(row->fields);
    if (header.Find({"um"}) && header.Find({"dm"}) && header.Find({"rt"})) {
      return SpanFormat::kAlibaba;
    }
  }
  return SpanFormat::kCsv;
}

absl::Status ReadSpans(InputFile& input, SpanFormat format, ReadContext context,
                       ReadCounts& counts) {
  if (format == SpanFormat::kAuto) {
    const absl::StatusOr<SpanFormat> detected = DetectFormat(input);
    if (!detected.ok()) return detected.status();
    format = *detected;
  }
  switch (format) {
    case SpanFormat::kJaeger:
      return ReadJaegerJson(input, context, counts);
    case SpanFormat::kAlibaba:
      return ReadAlibabaCallGraph(input, context, counts);
    case SpanFormat::kAuto:
    case SpanFormat::kCsv:
      break;
  }
  return ReadSpanCsv(input, context, counts);
}

}  // namespace trimtab
