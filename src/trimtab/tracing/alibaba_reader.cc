#include "trimtab/tracing/alibaba_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trimtab/tracing/csv_columns.h"
#include "trimtab/tracing/csv_reading.h"
#include "trimtab/tracing/csv_rows.h"
#include "trimtab/tracing/text_hash.h"

namespace trimtab {
namespace {

constexpr std::int64_t kNanosecondsPerMillisecond = 1'000'000;

struct Layout {
  std::size_t columns = 0;
  std::size_t timestamp = 0;
  std::size_t trace = 0;
  std::size_t rpc = 0;
  std::size_t caller = 0;
  std::size_t callee = 0;
  std::size_t type = 0;
  std::size_t interface = 0;
  std::size_t response_time = 0;
  std::optional<std::size_t> service;
  std::optional<std::size_t> caller_instance;
  std::optional<std::size_t> callee_instance;
};

absl::StatusOr<Layout> FindLayout(const CsvHeader& header, const std::string& path) {
  Layout layout;
  layout.columns = header.size();
  const struct {
    std::initializer_list<std::string_view> names;
    std::size_t* column;
  } required[] = {{{"timestamp"}, &layout.timestamp}, {{"traceid"}, &layout.trace},
                  {{"rpcid", "rpc_id"}, &layout.rpc}, {{"um"}, &layout.caller},
                  {{"dm"}, &layout.callee},           {{"rpctype"}, &layout.type},
                  {{"interface"}, &layout.interface}, {{"rt"}, &layout.response_time}};
  for (const auto& [names, column] : required) {
    const auto found = header.Find(names);
    if (!found) {
      return absl::InvalidArgumentError(fmt::format("'{}': row 1: no column {} in the header '{}'",
                                                    path, *names.begin(), header.ToString()));
    }
    *column = *found;
  }
  layout.service = header.Find({"service"});
  layout.caller_instance = header.Find({"uminstanceid"});
  layout.callee_instance = header.Find({"dminstanceid"});
  return layout;
}

bool IsUnknown(std::string_view name) {
  constexpr std::array<std::string_view, 7> kUnknown = {"",    "NAN",     "NaN",        "nan",
                                                        "(?)", "UNKNOWN", "UNAVAILABLE"};
  return std::ranges::find(kUnknown, name) != kUnknown.end();
}

// "0.1.2": numbers with dots between them.
bool IsPath(std::string_view text) {
  bool wants_digit = true;
  for (const char c : text) {
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_digit && (c != '.' || wants_digit)) return false;
    wants_digit = !is_digit;
  }
  return !wants_digit;
}

std::uint64_t ServerId(std::string_view rpc) { return HashSpanId(rpc); }
std::uint64_t ClientId(std::string_view rpc) {
  // Another number of the same call; 0 would be "no parent".
  return MixWords(HashSpanId(rpc) ^ 0x9e3779b97f4a7c15, 0xd1b54a32d192ed03) | 1;
}

class Reader {
 public:
  Reader(const Layout& layout, const std::string& path, ReadContext context)
      : layout_(layout), path_(path), context_(context) {}

  void Skip(const CsvRows::Row& row, std::string_view reason, std::string_view value) {
    context_.skipped.Add(path_, row.number, reason, value);
  }

  // Returns how many spans the row became.
  std::size_t Add(const CsvRows::Row& row) {
    if (row.fields.size() != layout_.columns) {
      Skip(row,
           fmt::format("a row of {} columns where the header has {}",
                       row.fields.size() < layout_.columns ? "fewer" : "more", layout_.columns),
           std::to_string(row.fields.size()));
      return 0;
    }
    const std::string_view trace = row.fields[layout_.trace];
    const std::string_view rpc = row.fields[layout_.rpc];
    if (trace.empty()) return Refuse(row, "an empty traceid", {});
    if (!IsPath(rpc)) return Refuse(row, "the rpcid is no path of numbers", rpc);
    const auto start = ParseNanoseconds(row.fields[layout_.timestamp], kNanosecondsPerMillisecond);
    if (!start || *start < 0) {
      return Refuse(row, "the timestamp is no number from 0 to 2^63 ns",
                    row.fields[layout_.timestamp]);
    }
    const auto response_time =
        ParseNanoseconds(row.fields[layout_.response_time], kNanosecondsPerMillisecond);
    // A call of more than a day is no call; it also keeps the end inside of int64.
    constexpr std::int64_t kLongestCall = std::int64_t{86'400'000} * kNanosecondsPerMillisecond;
    if (!response_time || *response_time > kLongestCall || *response_time < -kLongestCall ||
        *start > std::numeric_limits<std::int64_t>::max() - kLongestCall) {
      return Refuse(row, "the rt is no number of at most a day of ms",
                    row.fields[layout_.response_time]);
    }
    return AddCall(row, Instant(Duration(*start)), Duration(*response_time));
  }

  void Flush() {
    context_.sink.Accept(batch_);
    batch_.clear();
  }

 private:
  std::size_t Refuse(const CsvRows::Row& row, std::string_view reason, std::string_view value) {
    Skip(row, reason, value);
    return 0;
  }

  TraceId IdOf(const CsvRows::Row& row) const {
    TraceId id = HashTraceId(row.fields[layout_.trace]);
    if (layout_.service) id.high ^= HashText(row.fields[*layout_.service]);
    return id;
  }

  NameId InstanceAt(const CsvRows::Row& row, std::optional<std::size_t> column) {
    return column ? context_.names.Intern(row.fields[*column]) : NameId();
  }

  std::size_t AddCall(const CsvRows::Row& row, Instant start, Duration response_time) {
    const std::string_view rpc = row.fields[layout_.rpc];
    const std::string_view caller = row.fields[layout_.caller];
    const std::string_view callee = row.fields[layout_.callee];
    const std::size_t dot = rpc.rfind('.');
    const bool is_first = dot == std::string_view::npos;
    const bool has_client = !is_first || !(IsUnknown(caller) || caller == "USER");
    const bool is_message = row.fields[layout_.type] == "mq";
    const bool at_callee = response_time < Duration(0);
    const TraceId trace = IdOf(row);
    const Duration duration = at_callee ? -response_time : response_time;
    const NameId operation = context_.names.Intern(row.fields[layout_.interface]);
    if (has_client) {
      // Below the first call the caller is the callee of the call above, whatever `um` says.
      batch_.push_back({.trace = trace,
                        .span = {.id = ClientId(rpc),
                                 .parent = is_first ? 0 : ServerId(rpc.substr(0, dot)),
                                 .start = start,
                                 .duration = duration,
                                 .service = is_first ? context_.names.Intern(caller) : NameId(),
                                 .operation = operation,
                                 .pod = InstanceAt(row, layout_.caller_instance),
                                 .kind = is_message ? SpanKind::kProducer : SpanKind::kClient,
                                 .implied = at_callee}});
    }
    batch_.push_back(
        {.trace = trace,
         .span = {.id = ServerId(rpc),
                  .parent = has_client ? ClientId(rpc) : 0,
                  .start = start,
                  .duration = duration,
                  .service = context_.names.Intern(IsUnknown(callee) ? "(unknown)" : callee),
                  .operation = operation,
                  .pod = InstanceAt(row, layout_.callee_instance),
                  .kind = is_message ? SpanKind::kConsumer : SpanKind::kServer,
                  .implied = !at_callee}});
    constexpr std::size_t kBatch = 256;
    if (batch_.size() >= kBatch) Flush();
    return has_client ? 2 : 1;
  }

  Layout layout_;
  const std::string& path_;
  ReadContext context_;
  std::vector<TracedSpan> batch_;
};

}  // namespace

absl::Status ReadAlibabaCallGraph(InputFile& input, ReadContext context, ReadCounts& counts) {
  return ReadCsvWith<Reader>(FindLayout, input, context, counts);
}

}  // namespace trimtab
