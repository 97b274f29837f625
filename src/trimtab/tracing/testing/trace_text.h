// Traces written as text, for tests: one span a line.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "trimtab/tracing/span_record.h"

namespace trimtab::testing {

// Lines of "id parent service start end [kind]", times in microseconds, parent 0 for a root. The
// operation is "service.op" and the pod "service-pod".
inline std::vector<SpanRecord> SpansOf(const std::string& text, NameTable& names) {
  std::vector<SpanRecord> spans;
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    SpanRecord span;
    std::string service;
    std::string kind;
    std::int64_t start = 0;
    std::int64_t end = 0;
    if (!(words >> span.id >> span.parent >> service >> start >> end)) continue;
    words >> kind;
    span.service = names.Intern(service);
    span.operation = names.Intern(service + ".op");
    span.pod = names.Intern(service + "-pod");
    span.start = Instant(std::chrono::microseconds(start));
    span.duration = std::chrono::microseconds(end - start);
    span.kind = SpanKindFromString(kind);
    spans.push_back(span);
  }
  return spans;
}

}  // namespace trimtab::testing
