#include "trimtab/cli/doctor_sources.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "trimtab/http/http_client.h"
#include "trimtab/http/url.h"
#include "trimtab/tracing/jaeger_query.h"

namespace trimtab {
namespace {

// Long enough for two scrapes at the usual longest interval of a minute.
constexpr Duration kLookBack = std::chrono::minutes(3);
constexpr Duration kOldSample = std::chrono::seconds(90);
constexpr double kMostSkewSeconds = 5;

std::string Words(const absl::Status& status) { return std::string(status.message()); }

// What is lost without a series; nothing else is: required ones make a scaling decision possible.
struct Need {
  PrometheusSeries series;
  bool is_required;
  std::string_view without;
};

constexpr std::array<Need, kPrometheusSeriesKinds> kNeeds = {{
    {PrometheusSeries::kContainerCpuSeconds, true, "use of CPU is unknown"},
    {PrometheusSeries::kContainerMemoryBytes, true, "use of memory is unknown"},
    {PrometheusSeries::kContainerMemoryTraffic, false,
     "a container's own memory traffic is unknown"},
    {PrometheusSeries::kPodNetworkReceived, false, "a pod's own network traffic is unknown"},
    {PrometheusSeries::kPodNetworkSent, false, "a pod's own network traffic is unknown"},
    {PrometheusSeries::kNodeCpuSeconds, true, "interference on CPU is unknown"},
    {PrometheusSeries::kNodeMemoryBytes, true, "interference on memory is unknown"},
    {PrometheusSeries::kNodeMemoryTraffic, false, "interference on memory bandwidth is unknown"},
    {PrometheusSeries::kNodeNetworkReceived, false, "interference on the network is unknown"},
    {PrometheusSeries::kNodeNetworkSent, false, "interference on the network is unknown"},
    {PrometheusSeries::kNodeNetworkSpeed, false, "interference on the network is unknown"},
    {PrometheusSeries::kServiceRequests, true, "load is unknown but for what traces show"},
    {PrometheusSeries::kContainerCpuPeriods, false,
     "no container has a CPU limit, or throttling is unknown and keeps nothing from being lowered"},
    {PrometheusSeries::kContainerCpuThrottled, false,
     "no container has a CPU limit, or throttling is unknown and keeps nothing from being lowered"},
    {PrometheusSeries::kContainerMemoryPeak, false, "only the memory in use now is known"},
}};

// What lets us in, where the server says why it does not.
std::string RemedyFor(const absl::Status& failure, const std::string& url) {
  switch (failure.code()) {
    case absl::StatusCode::kUnauthenticated:
      return "--prometheus-bearer-token-file FILE, or --prometheus-header 'Authorization: ...'";
    case absl::StatusCode::kPermissionDenied:
      return "rights for who asks, or --prometheus-header 'X-Scope-OrgID: TENANT'";
    case absl::StatusCode::kFailedPrecondition:
      if (url.starts_with("https://")) return "--prometheus-ca-file FILE";
      break;
    default:
      break;
  }
  return fmt::format("curl -s '{}/api/v1/query?query=up'", url);
}

class PrometheusDoctor {
 public:
  PrometheusDoctor(const PrometheusClient& client, const PrometheusQueries& queries,
                   Duration timeout, const Clock& clock)
      : client_(client), queries_(queries), timeout_(timeout), clock_(clock) {}

  std::vector<Finding> Examine() {
    if (!LookAtServer()) return findings_.Take();
    for (const Need& need : kNeeds) LookAt(need);
    return findings_.Take();
  }

 private:
  // False when nothing can be asked.
  bool LookAtServer() {
    const auto time = client_.Query("time()", clock_.Now(), timeout_);
    const std::string url = PrintableUrl(client_.url());
    if (!time.ok()) {
      findings_.Problem("server", Words(time.status()), RemedyFor(time.status(), url));
      return false;
    }
    const auto version = client_.Version(timeout_);
    findings_.Ok("server", version.ok() ? fmt::format("{} at {}", *version, url)
                                        : fmt::format("at {}; it tells no version", url));
    return true;
  }

  void LookAt(const Need& need) {
    const std::string check(NameOf(need.series));
    std::optional<absl::Status> failure;
    for (const std::string& form : queries_.FormsOf(need.series, kLookBack)) {
      const Instant now = clock_.Now();
      const auto answer = client_.Query(form, now, timeout_);
      if (!answer.ok()) {
        failure = answer.status();
        break;
      }
      if (!answer->series.empty()) return Found(check, *answer, now);
    }
    const std::string detail =
        fmt::format("{}: {}", failure ? Words(*failure) : "no series", need.without);
    const std::string remedy =
        failure ? "" : fmt::format("--query '{}=...', or the job's name by --selector", check);
    if (need.is_required) {
      findings_.Problem(check, detail, remedy);
    } else {
      findings_.Note(check, detail, remedy);
    }
  }

  void Found(const std::string& check, const PrometheusAnswer& answer, Instant now) {
    Instant newest = answer.series.front().points.back().at;
    for (const LabeledSeries& one : answer.series) newest = std::max(newest, one.points.back().at);
    const double age = InSeconds(now - newest);
    const std::string detail =
        fmt::format("{} series, the newest sample {:.0f} s old", answer.series.size(), age);
    if (!answer.warnings.empty()) {
      findings_.Note(check, fmt::format("answered in part: {}", answer.warnings.front()));
    } else if (age > InSeconds(kOldSample)) {
      findings_.Note(check, fmt::format("{}: stale samples forbid scaling down", detail),
                     "a scrape interval of at most 15 s");
    } else if (age < -kMostSkewSeconds) {
      findings_.Note(check, fmt::format("{}: the clocks differ", detail), "timedatectl status");
    } else {
      findings_.Ok(check, detail);
    }
  }

  const PrometheusClient& client_;
  const PrometheusQueries& queries_;
  const Duration timeout_;
  const Clock& clock_;
  Findings findings_{"prometheus"};
};

}  // namespace

std::vector<Finding> ExaminePrometheus(const PrometheusQuestion& question, const Clock& clock) {
  Findings findings("prometheus");
  const auto queries = PrometheusQueries::Create(question.queries);
  if (!queries.ok()) {
    findings.Problem("queries", Words(queries.status()), "--query NAME=PROMQL");
    return findings.Take();
  }
  const auto client = PrometheusClient::Create(question.server);
  if (!client.ok()) {
    findings.Problem("server", Words(client.status()), "--prometheus-url URL");
    return findings.Take();
  }
  return PrometheusDoctor(*client, *queries, question.timeout, clock).Examine();
}

std::vector<Finding> ExamineJaeger(const JaegerQuestion& question) {
  Findings findings("jaeger");
  std::string url = question.url;
  while (!url.empty() && url.back() == '/') url.pop_back();
  auto http = HttpClient::Create({});
  if (!http.ok()) {
    findings.Problem("query service", Words(http.status()), "");
    return findings.Take();
  }
  JaegerQuery query(
      [&](const std::string& target) {
        HttpRequest request;
        request.url = url + target;
        request.timeout = question.timeout;
        return (*http)->Send(request);
      },
      {.service = question.service});
  const auto services = query.Services();
  const std::string place = PrintableUrl(url);
  if (!services.ok()) {
    findings.Problem("query service", fmt::format("{}: {}", place, Words(services.status())),
                     fmt::format("curl -s {}/api/services", place));
    return findings.Take();
  }
  findings.Ok("query service", fmt::format("{} services at {}", services->size(), place));
  if (question.service.empty()) return findings.Take();
  const bool is_known =
      std::find(services->begin(), services->end(), question.service) != services->end();
  if (is_known) {
    findings.Ok("entry service", fmt::format("'{}' sends spans", question.service));
  } else {
    findings.Problem("entry service",
                     fmt::format("'{}' is none of: {}", question.service,
                                 fmt::join(services->begin(),
                                           services->begin() +
                                               std::min<std::ptrdiff_t>(20, std::ssize(*services)),
                                           ", ")),
                     "--service NAME");
  }
  return findings.Take();
}

}  // namespace trimtab
