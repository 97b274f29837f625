// Asks a Prometheus server.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/http/http_client.h"
#include "trimtab/http/http_message.h"
#include "trimtab/monitoring/prometheus_answer.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct PrometheusOptions {
  // With the path that Mimir, Thanos and others put before /api, with or without a slash at its
  // end.
  std::string url = "http://127.0.0.1:9090";
  std::vector<HttpHeader> headers = {};  // "X-Scope-OrgID: tenant-1"
  HttpClientOptions http = {};
  PrometheusAnswerLimits limits = {};
};

// Thread-safety: every method may be called from any thread.
class PrometheusClient {
 public:
  // kInvalidArgument names a URL that is none; otherwise as HttpClient::Create.
  static absl::StatusOr<PrometheusClient> Create(PrometheusOptions options);

  // The answer to `query` as of `at`, within `timeout` of our own clock whatever the server does
  // (it is told the same). Errors are those of HttpClient::Send and ParsePrometheusAnswer.
  absl::StatusOr<PrometheusAnswer> Query(std::string_view query, Instant at,
                                         Duration timeout) const;

  // The server's version. Servers that only speak its API may not have one: kNotFound.
  absl::StatusOr<std::string> Version(Duration timeout) const;

  const std::string& url() const { return options_.url; }

 private:
  PrometheusClient(PrometheusOptions options, std::unique_ptr<HttpClient> http)
      : options_(std::move(options)), http_(std::move(http)) {}

  PrometheusOptions options_;
  std::unique_ptr<HttpClient> http_;
};

}  // namespace trimtab
