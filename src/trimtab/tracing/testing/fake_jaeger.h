// A Jaeger in memory that answers as the real one does: the newest traces up to the limit, without
// a word about the others.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "trimtab/tracing/jaeger_query.h"
#include "trimtab/tracing/testing/encoded_spans.h"

namespace trimtab::testing {

class FakeJaeger {
 public:
  void Add(Span span) { traces_[span.trace].push_back(std::move(span)); }
  void Remove(const TraceId& trace) { traces_.erase(trace); }

  JaegerGet Getter() {
    return [this](const std::string& target) { return Get(target); };
  }

  // The next answers, in place of its own, in this order.
  std::vector<absl::StatusOr<HttpResponse>> instead;
  std::vector<std::string> targets;  // of every request
  std::size_t most_bytes = 64 << 20;

 private:
  static std::string Parameter(const std::string& target, const std::string& name) {
    const std::size_t at = target.find(name + "=");
    if (at == std::string::npos) return {};
    const std::size_t from = at + name.size() + 1;
    return target.substr(from, target.find('&', from) - from);
  }

  // Microseconds from `start=1700...` or from RFC 3339 with %3A for colons.
  static Instant Time(const std::string& text) {
    if (text.find('T') == std::string::npos)
      return Instant(std::chrono::microseconds(std::stoll(text)));
    std::tm tm = {};
    int micros = 0;
    std::sscanf(text.c_str(), "%d-%d-%dT%d%%3A%d%%3A%d.%dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
                &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &micros);
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return Instant(std::chrono::seconds(timegm(&tm)) + std::chrono::microseconds(micros));
  }

  absl::StatusOr<HttpResponse> Get(const std::string& target) {
    targets.push_back(target);
    if (!instead.empty()) {
      absl::StatusOr<HttpResponse> answer = instead.front();
      instead.erase(instead.begin());
      return answer;
    }
    std::set<std::string> services;
    for (const auto& [id, spans] : traces_) {
      for (const Span& span : spans) services.insert(span.service);
    }
    if (target == "/api/services") return Ok(fmt::format("{{\"data\":[{}]}}", Quoted(services)));
    if (target == "/api/v3/services") {
      return Ok(fmt::format("{{\"services\":[{}]}}", Quoted(services)));
    }
    const bool is_v1 = target.starts_with("/api/traces?");
    const std::vector<Span> found =
        is_v1 ? Find(Parameter(target, "service"), Parameter(target, "start"),
                     Parameter(target, "end"), Parameter(target, "limit"))
              : Find(Parameter(target, "query.service_name"),
                     Parameter(target, "query.start_time_min"),
                     Parameter(target, "query.start_time_max"),
                     Parameter(target, "query.num_traces"));
    if (!is_v1 && found.empty()) return HttpResponse{.status = 404, .body = "{\"error\":{}}"};
    const EncodedSpans encoded(found);
    return Ok(is_v1 ? encoded.JaegerV1() : encoded.JaegerV3());
  }

  std::vector<Span> Find(const std::string& service, const std::string& start,
                         const std::string& end, const std::string& limit) const {
    const Instant from = Time(start);
    const Instant to = Time(end);
    std::vector<std::pair<Instant, const std::vector<Span>*>> found;
    for (const auto& [id, spans] : traces_) {
      Instant first = Instant::max();
      for (const Span& span : spans) {
        if (span.service == service && span.start >= from && span.start <= to) {
          first = std::min(first, span.start);
        }
      }
      if (first != Instant::max()) found.emplace_back(first, &spans);
    }
    std::ranges::sort(found);
    const std::size_t most = std::stoull(limit);
    if (found.size() > most) found.erase(found.begin(), found.end() - static_cast<long>(most));
    std::vector<Span> spans;
    for (const auto& [first, of] : found) spans.insert(spans.end(), of->begin(), of->end());
    return spans;
  }

  absl::StatusOr<HttpResponse> Ok(std::string body) const {
    if (body.size() > most_bytes) return absl::ResourceExhaustedError("a body above its bound");
    return HttpResponse{.status = 200, .body = std::move(body)};
  }

  static std::string Quoted(const std::set<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
      text += (text.empty() ? "\"" : ",\"");
      text += name;
      text += '"';
    }
    return text;
  }

  std::map<TraceId, std::vector<Span>> traces_;
};

}  // namespace trimtab::testing
