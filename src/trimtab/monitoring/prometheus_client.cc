#include "trimtab/monitoring/prometheus_client.h"

#include <fmt/format.h>
// Results convert to values by throwing unless this forbids it.
#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <utility>

#include "trimtab/http/url.h"

namespace trimtab {

absl::StatusOr<PrometheusClient> PrometheusClient::Create(PrometheusOptions options) {
  while (!options.url.empty() && options.url.back() == '/') options.url.pop_back();
  if (const auto url = ParseUrl(options.url); !url.ok()) return url.status();
  auto http = HttpClient::Create(options.http);
  if (!http.ok()) return http.status();
  return PrometheusClient(std::move(options), *std::move(http));
}

absl::StatusOr<PrometheusAnswer> PrometheusClient::Query(std::string_view query, Instant at,
                                                         Duration timeout) const {
  HttpRequest request;
  request.method = "POST";  // a query may be longer than what proxies take as a URL
  request.url = options_.url + "/api/v1/query";
  request.headers = options_.headers;
  request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  request.body = QueryString({{"query", std::string(query)},
                              {"time", fmt::format("{:.3f}", InSeconds(at.time_since_epoch()))},
                              {"timeout", fmt::format("{:.3f}", InSeconds(timeout))}});
  request.timeout = timeout;
  const auto response = http_->Send(request);
  if (!response.ok()) return response.status();
  return ParsePrometheusAnswer(response->status, response->body, options_.limits);
}

absl::StatusOr<std::string> PrometheusClient::Version(Duration timeout) const {
  HttpRequest request;
  request.url = options_.url + "/api/v1/status/buildinfo";
  request.headers = options_.headers;
  request.timeout = timeout;
  const auto response = http_->Send(request);
  if (!response.ok()) return response.status();
  const simdjson::padded_string text(response->body);
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  std::string_view version;
  if (!response->ok() || parser.parse(text).get(document) != simdjson::SUCCESS ||
      document["data"]["version"].get(version) != simdjson::SUCCESS) {
    return absl::NotFoundError(fmt::format("{} answered {} without a version",
                                           PrintableUrl(request.url), response->status));
  }
  return std::string(version.substr(0, 64));
}

}  // namespace trimtab
