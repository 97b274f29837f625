#include "trimtab/tracing/jaeger_query.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "trimtab/http/url.h"
#include "trimtab/tracing/jaeger_reader.h"
#include "trimtab/tracing/otlp_json.h"

namespace trimtab {
namespace {

// Keeps what a reader hands on, trace by trace.
class PageSink : public SpanSink {
 public:
  explicit PageSink(JaegerPage& page) : page_(page) {}
  void Accept(std::span<const TracedSpan> batch) override {
    for (const TracedSpan& traced : batch) page_.traces[traced.trace].push_back(traced.span);
  }

 private:
  JaegerPage& page_;
};

std::int64_t Microseconds(Instant time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

// RFC 3339 with microseconds, which is what a window is cut to.
std::string Rfc3339(Instant time) {
  const std::int64_t micros = Microseconds(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z",
                     fmt::gmtime(static_cast<std::time_t>(micros / 1'000'000)), micros % 1'000'000);
}

// The path of a target: what may stand in a message.
std::string_view PathOf(std::string_view target) { return target.substr(0, target.find('?')); }

// The beginning of a body, for a message.
std::string Excerpt(std::string_view body) {
  constexpr std::size_t kLongest = 200;
  std::string text(body.substr(0, kLongest));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = ' ';
  }
  return text;
}

// Errors that an answer of status 200 reports beside its data: `"errors":[...]` of /api/traces,
// `"error":{...}` of a stream of /api/v3. Inside a string the quotes would be escaped, and no other
// object of an answer has such a member.
std::string_view ReportedErrors(std::string_view body) {
  for (const std::string_view key :
       {std::string_view("\"errors\":"), std::string_view("\"error\":")}) {
    const std::size_t at = body.rfind(key);
    if (at == std::string_view::npos) continue;
    const std::size_t value = body.find_first_not_of(" \t\r\n", at + key.size());
    if (value == std::string_view::npos) continue;
    const std::string_view text = body.substr(value);
    if ((text[0] == '[' && text[text.find_first_not_of(" \t\r\n", 1)] != ']') || text[0] == '{') {
      return text;
    }
  }
  return {};
}

absl::Status StatusOf(const HttpResponse& response, std::string_view path) {
  const std::string message =
      fmt::format("Jaeger answers {} to {}: {}", response.status, path, Excerpt(response.body));
  switch (response.status) {
    case 400:
      return absl::InvalidArgumentError(message);
    case 401:
    case 403:
      return absl::PermissionDeniedError(message);
    case 404:
      return absl::NotFoundError(message);
    default:
      return absl::UnavailableError(message);
  }
}

}  // namespace

std::string JaegerQuery::TracesTarget(JaegerWindow window) const {
  // Both ends of a window are inside for Jaeger.
  const Instant last = window.end - std::chrono::microseconds(1);
  const std::string limit = std::to_string(options_.limit);
  if (options_.api == JaegerApi::kV1) {
    return "/api/traces?" + QueryString({{"service", options_.service},
                                         {"start", std::to_string(Microseconds(window.begin))},
                                         {"end", std::to_string(Microseconds(last))},
                                         {"limit", limit}});
  }
  // Releases know one spelling or both; what they do not know they pass over.
  return "/api/v3/traces?" + QueryString({{"query.service_name", options_.service},
                                          {"query.serviceName", options_.service},
                                          {"query.start_time_min", Rfc3339(window.begin)},
                                          {"query.startTimeMin", Rfc3339(window.begin)},
                                          {"query.start_time_max", Rfc3339(last)},
                                          {"query.startTimeMax", Rfc3339(last)},
                                          {"query.num_traces", limit},
                                          {"query.searchDepth", limit},
                                          {"query.rawTraces", "true"}});
}

absl::StatusOr<std::string> JaegerQuery::Body(const std::string& target) {
  const std::string_view path = PathOf(target);
  absl::StatusOr<HttpResponse> response = get_(target);
  if (!response.ok()) return response.status();
  if (!response->ok()) return StatusOf(*response, path);
  if (response->body.find_first_not_of(" \t\r\n") == std::string::npos) {
    return absl::UnavailableError(fmt::format("Jaeger answers nothing to {}", path));
  }
  if (const std::string_view errors = ReportedErrors(response->body); !errors.empty()) {
    return absl::UnavailableError(
        fmt::format("Jaeger reports errors to {}: {}", path, Excerpt(errors)));
  }
  return std::move(response->body);
}

absl::StatusOr<JaegerPage> JaegerQuery::Traces(JaegerWindow window) {
  const std::string target = TracesTarget(window);
  const absl::StatusOr<std::string> body = Body(target);
  JaegerPage page;
  // A find without a match; a service that is unknown is told by Services().
  if (options_.api == JaegerApi::kV3 && absl::IsNotFound(body.status())) return page;
  if (!body.ok()) return body.status();

  PageSink sink(page);
  ReadCounts counts;
  const std::uint64_t skipped_before = skipped_.total();
  const std::string path(PathOf(target));
  const auto input = InputFile::OverText(path, *body);
  const ReadContext context = {
      .names = names_, .skipped = skipped_, .sink = sink, .arguments = &options_.arguments};
  const absl::Status read = options_.api == JaegerApi::kV1 ? ReadJaegerJson(*input, context, counts)
                                                           : ReadOtlpJson(*input, context, counts);
  if (!read.ok())
    return absl::UnavailableError(fmt::format("Jaeger's answer: {}", std::string(read.message())));
  if (counts.answers == 0) {
    return absl::UnavailableError(
        fmt::format("Jaeger's answer to {} is not about traces: {}", path, Excerpt(*body)));
  }
  // In OTLP a trace of which no span could be used leaves no other mark than its refused spans.
  const std::uint64_t traces = options_.api == JaegerApi::kV1
                                   ? counts.rows
                                   : page.traces.size() + skipped_.total() - skipped_before;
  page.is_full = traces >= static_cast<std::uint64_t>(options_.limit);
  return page;
}

absl::StatusOr<std::vector<std::string>> JaegerQuery::Services() {
  const bool is_v1 = options_.api == JaegerApi::kV1;
  const absl::StatusOr<std::string> body = Body(is_v1 ? "/api/services" : "/api/v3/services");
  if (!body.ok()) return body.status();
  const auto document = nlohmann::json::parse(*body, nullptr, false);
  const char* const member = is_v1 ? "data" : "services";
  std::vector<std::string> services;
  // With no service at all /api/services writes null, and /api/v3/services an empty object.
  if (document.is_object() &&
      (is_v1 ? document.contains(member) && document[member].is_null() : document.empty())) {
    return services;
  }
  if (!document.is_object() || !document.contains(member) || !document[member].is_array()) {
    return absl::UnavailableError(
        fmt::format("Jaeger's answer is no list of services: {}", Excerpt(*body)));
  }
  for (const auto& service : document[member]) {
    if (service.is_string()) services.push_back(service.get<std::string>());
  }
  std::ranges::sort(services);
  return services;
}

}  // namespace trimtab
