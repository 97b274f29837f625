// Any bytes are read as an answer of Prometheus, or refused with a reason.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "trimtab/monitoring/prometheus_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const trimtab::PrometheusAnswerLimits limits{.most_series = 100, .most_points = 1000};
  const auto answer = trimtab::ParsePrometheusAnswer(200, body, limits);
  if (!answer.ok()) {
    if (answer.status().message().empty()) __builtin_trap();
    return 0;
  }
  std::size_t points = 0;
  for (const trimtab::LabeledSeries& series : answer->series) {
    if (series.points.empty()) __builtin_trap();
    points += series.points.size();
  }
  if (answer->series.size() > 100 || points > 1000) __builtin_trap();
  return 0;
}
