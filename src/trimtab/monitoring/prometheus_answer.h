// What a Prometheus server answers to a query (its HTTP API v1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/monitoring/metric_source.h"

namespace trimtab {

// A series with its labels, ordered by name.
struct LabeledSeries {
  std::vector<std::pair<std::string, std::string>> labels;
  MetricSeries points;  // as they were scraped; a value may be NaN or infinite

  // Empty where there is no such label: Prometheus does not tell the two apart.
  std::string_view Label(std::string_view name) const;
};

// A query that found nothing has no series and is no error: what it means is the caller's to say.
struct PrometheusAnswer {
  std::vector<LabeledSeries> series;
  // Of a server that had only a part of the data at hand (Thanos, Mimir).
  std::vector<std::string> warnings;
};

struct PrometheusAnswerLimits {
  std::int64_t most_series = 200'000;
  std::int64_t most_points = 10'000'000;
};

// Reads the body of an answer with HTTP status `http_status`. Vectors become series of one point,
// matrices keep their points, a scalar is a series without labels, native histograms are left out.
//
// Errors say what to do next: kInvalidArgument, the query is wrong (400, 422: the server's own
// words are in the message); kUnauthenticated, kPermissionDenied (401, 403); kDeadlineExceeded (503
// with errorType timeout); kUnavailable, ask again later (429, 5xx); kNotFound, no Prometheus lives
// there (404); kDataLoss, a body that is not the JSON of Prometheus or is cut; kResourceExhausted,
// beyond the limits. Cost: one pass; memory of the answer's size.
absl::StatusOr<PrometheusAnswer> ParsePrometheusAnswer(int http_status, std::string_view body,
                                                       const PrometheusAnswerLimits& limits = {});

}  // namespace trimtab
