#include "trimtab/tracing/span_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "trimtab/tracing/alibaba_reader.h"
#include "trimtab/tracing/csv_columns.h"
#include "trimtab/tracing/csv_rows.h"
#include "trimtab/tracing/jaeger_reader.h"
#include "trimtab/tracing/otlp_json.h"
#include "trimtab/tracing/span_csv_reader.h"

namespace trimtab {
namespace {

constexpr std::array<std::pair<SpanFormat, std::string_view>, 5> kNames = {{
    {SpanFormat::kAuto, "auto"},
    {SpanFormat::kCsv, "csv"},
    {SpanFormat::kJaeger, "jaeger"},
    {SpanFormat::kOtlp, "otlp"},
    {SpanFormat::kAlibaba, "alibaba"},
}};

// Whether the first key of a JSON object is one that OTLP and Jaeger's `/api/v3` begin with.
bool BeginsAsOtlp(std::string_view text) {
  constexpr std::array<std::string_view, 3> kKeys = {"resourceSpans", "resource_spans", "result"};
  const std::size_t quote = text.find_first_not_of(" \t\r\n", 1);
  if (text.front() != '{' || quote == std::string_view::npos || text[quote] != '"') return false;
  const std::string_view key = text.substr(quote + 1, text.find('"', quote + 1) - quote - 1);
  return std::ranges::find(kKeys, key) != kKeys.end();
}

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
    return BeginsAsOtlp(start->substr(first)) ? SpanFormat::kOtlp : SpanFormat::kJaeger;
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
    case SpanFormat::kOtlp:
      return ReadOtlpJson(input, context, counts);
    case SpanFormat::kAlibaba:
      return ReadAlibabaCallGraph(input, context, counts);
    case SpanFormat::kAuto:
    case SpanFormat::kCsv:
      break;
  }
  return ReadSpanCsv(input, context, counts);
}

}  // namespace trimtab
