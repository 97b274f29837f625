#include "trimtab/tracing/span_csv_reader.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <optional>
#include <string_view>

#include "trimtab/tracing/csv_columns.h"
#include "trimtab/tracing/csv_reading.h"
#include "trimtab/tracing/csv_rows.h"
#include "trimtab/tracing/text_hash.h"

namespace trimtab {
namespace {

// A column that holds a time, and the unit that its name says.
struct TimeColumn {
  std::size_t column = 0;
  std::int64_t nanoseconds_per_unit = 1;
};

std::optional<TimeColumn> FindTime(const CsvHeader& header, std::string_view name) {
  for (const auto& [suffix, unit] :
       {std::pair{"_ns", std::int64_t{1}}, {"_us", 1'000}, {"_ms", 1'000'000}}) {
    if (const auto column = header.Find({std::string(name) + suffix})) {
      return TimeColumn{.column = *column, .nanoseconds_per_unit = unit};
    }
  }
  return std::nullopt;
}

struct Layout {
  std::size_t columns = 0;
  std::size_t trace = 0;
  std::size_t span = 0;
  std::size_t parent = 0;
  std::size_t service = 0;
  TimeColumn start;
  TimeColumn duration;  // or the end
  bool has_end = false;
  std::optional<std::size_t> pod;
  std::optional<std::size_t> operation;
  std::optional<std::size_t> kind;
  std::optional<std::size_t> argument_classes;
};

absl::StatusOr<Layout> FindLayout(const CsvHeader& header, const std::string& path) {
  const auto missing = [&](std::string_view what, std::string_view names) {
    return absl::InvalidArgumentError(
        fmt::format("'{}': row 1: no column for the {} (one of {}) in the header '{}'", path, what,
                    names, header.ToString()));
  };
  const auto trace = header.Find({"trace_id", "trace", "traceid"});
  if (!trace) return missing("trace", "trace_id, trace, traceid");
  const auto span = header.Find({"span_id", "span", "spanid"});
  if (!span) return missing("span", "span_id, span, spanid");
  const auto parent = header.Find({"parent_span_id", "parent", "parent_id"});
  if (!parent) return missing("parent", "parent_span_id, parent, parent_id");
  const auto service = header.Find({"service", "service_name", "microservice"});
  if (!service) return missing("service", "service, service_name, microservice");
  const auto start = FindTime(header, "start");
  if (!start) return missing("start", "start_ns, start_us, start_ms");
  const auto duration = FindTime(header, "duration");
  const auto end = FindTime(header, "end");
  if (!duration && !end) return missing("duration", "duration_ns, _us, _ms, end_ns, _us, _ms");
  return Layout{.columns = header.size(),
                .trace = *trace,
                .span = *span,
                .parent = *parent,
                .service = *service,
                .start = *start,
                .duration = duration ? *duration : *end,
                .has_end = !duration,
                .pod = header.Find({"pod", "pod_name", "instance"}),
                .operation = header.Find({"operation", "operation_name", "name"}),
                .kind = header.Find({"kind", "span_kind"}),
                .argument_classes = header.Find({"argument_classes"})};
}

class Reader {
 public:
  Reader(const Layout& layout, const std::string& path, ReadContext context)
      : layout_(layout), path_(path), context_(context) {}

  bool Add(const CsvRows::Row& row) {
    const auto& fields = row.fields;
    if (fields.size() != layout_.columns) {
      Skip(row,
           fmt::format("a row of {} columns where the header has {}",
                       fields.size() <= layout_.columns ? "fewer" : "more", layout_.columns),
           std::to_string(fields.size()));
      return false;
    }
    TracedSpan& traced = batch_[batch_size_];
    SpanRecord& span = traced.span;
    if (fields[layout_.trace].empty()) return Skip(row, "an empty trace id", {});
    if (fields[layout_.span].empty()) return Skip(row, "an empty span id", {});
    if (fields[layout_.service].empty()) return Skip(row, "an empty service", {});
    if (!ReadTimes(row, span)) return false;
    SetTrace(fields[layout_.trace], traced.trace);
    span.id = HashSpanId(fields[layout_.span]);
    const std::string_view parent = fields[layout_.parent];
    span.parent = parent.empty() || parent == "-1" ? 0 : HashSpanId(parent);
    span.service = context_.names.Intern(fields[layout_.service]);
    if (layout_.operation) span.operation = context_.names.Intern(fields[*layout_.operation]);
    if (layout_.pod) span.pod = context_.names.Intern(fields[*layout_.pod]);
    if (layout_.kind) span.kind = SpanKindFromString(fields[*layout_.kind]);
    if (layout_.argument_classes) {
      span.argument_classes =
          context_.names.InternArgumentClasses(fields[*layout_.argument_classes]);
    }
    if (++batch_size_ == batch_.size()) Flush();
    return true;
  }

  bool Skip(const CsvRows::Row& row, std::string_view reason, std::string_view value) {
    context_.skipped.Add(path_, row.number, reason, value);
    return false;
  }

  void Flush() {
    context_.sink.Accept(std::span(batch_.data(), batch_size_));
    batch_size_ = 0;
  }

 private:
  bool ReadTimes(const CsvRows::Row& row, SpanRecord& span) {
    const std::string_view start_text = row.fields[layout_.start.column];
    const std::string_view second_text = row.fields[layout_.duration.column];
    const auto start = ParseNanoseconds(start_text, layout_.start.nanoseconds_per_unit);
    if (!start) return Skip(row, "the start is no number from 0 to 2^63 ns", start_text);
    if (*start < 0) return Skip(row, "the start is negative", start_text);
    const auto second = ParseNanoseconds(second_text, layout_.duration.nanoseconds_per_unit);
    if (!second) {
      return Skip(row,
                  layout_.has_end ? "the end is no number from 0 to 2^63 ns"
                                  : "the duration is no number from 0 to 2^63 ns",
                  second_text);
    }
    const std::int64_t duration = layout_.has_end ? *second - *start : *second;
    if (duration < 0) {
      return Skip(row,
                  layout_.has_end ? "the end lies before the start" : "the duration is negative",
                  second_text);
    }
    if (*start > std::numeric_limits<std::int64_t>::max() - duration) {
      return Skip(row, "the end is out of range", second_text);
    }
    span.start = Instant(Duration(*start));
    span.duration = Duration(duration);
    return true;
  }

  // Rows of one trace often stand together: its id is hashed once.
  void SetTrace(std::string_view text, TraceId& id) {
    if (text != last_trace_text_) {
      last_trace_text_ = text;
      last_trace_ = HashTraceId(text);
    }
    id = last_trace_;
  }

  Layout layout_;
  const std::string& path_;
  ReadContext context_;
  std::string last_trace_text_;
  TraceId last_trace_ = HashTraceId({});
  std::array<TracedSpan, 256> batch_;
  std::size_t batch_size_ = 0;
};

}  // namespace

absl::Status ReadSpanCsv(InputFile& input, ReadContext context, ReadCounts& counts) {
  return ReadCsvWith<Reader>(FindLayout, input, context, counts);
}

}  // namespace trimtab
