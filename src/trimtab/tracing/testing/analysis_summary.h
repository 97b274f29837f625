// What an analysis says about traces, as text that tests compare.
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <string>

#include "trimtab/tracing/trace_analysis.h"

namespace trimtab::testing {

// Exact to the nanosecond; does not depend on the order of spans or on the numbers of names.
inline std::string SummaryOf(const TraceAnalysis& analysis) {
  std::string text = fmt::format("{} spans\n", analysis.spans());
  const auto out = std::back_inserter(text);
  for (const InferredClass& of : analysis.trees().Classes(ClassKey::kCanonical)) {
    fmt::format_to(out, "{} {}\n", of.id.ToString(), of.traces);
  }
  for (const EntryOperation& of : analysis.operations()) {
    fmt::format_to(out, "{} {}\n", of.operation, of.traces);
  }
  for (const MicroserviceLatency& of : analysis.microservices()) {
    fmt::format_to(out, "{} {}", of.name, of.visits);
    for (const double q : {0.0, 0.25, 0.5, 0.75, 0.95, 1.0}) {
      fmt::format_to(out, " {}", of.own_latency.ValueAt(Quantile(q)));
    }
    fmt::format_to(out, " {}\n", of.p95_mean_over_pods.count());
  }
  fmt::format_to(out, "{} at a client\n", analysis.visit_counts().calls_at_client);
  return text;
}

}  // namespace trimtab::testing
