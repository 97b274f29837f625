#include "trimtab/monitoring/prometheus_answer.h"

#include <fmt/format.h>
// Results convert to values by throwing unless this forbids it.
#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "absl/strings/numbers.h"

namespace trimtab {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMostMessage = 300;  // of a server's own words in an error
constexpr double kLatestSecond = 9.2e9;    // what an Instant can hold

std::string Shortened(std::string_view text) {
  std::string line(text.substr(0, kMostMessage));
  std::replace_if(line.begin(), line.end(), [](unsigned char c) { return c < ' '; }, ' ');
  if (text.size() > kMostMessage) line += "...";
  return line;
}

absl::Status NotPrometheus(std::string_view what) {
  return absl::DataLossError(fmt::format("not an answer of Prometheus: {}", what));
}

std::string_view TextOf(const dom::element& object, std::string_view key) {
  std::string_view text;
  if (object[key].get(text) != simdjson::SUCCESS) return {};
  return text;
}

std::optional<double> ValueOf(std::string_view text) {
  // SimpleAtod reads "NaN", "Inf", "+Inf" and "-Inf" as Prometheus writes them.
  double value = 0;
  if (!absl::SimpleAtod(absl::string_view(text.data(), text.size()), &value)) return std::nullopt;
  return value;
}

// [1435781451.781, "1"]
std::optional<MetricPoint> PointOf(const dom::element& element) {
  dom::array pair;
  if (element.get(pair) != simdjson::SUCCESS || pair.size() != 2) return std::nullopt;
  double seconds = 0;
  std::string_view text;
  if (pair.at(0).get(seconds) != simdjson::SUCCESS || !(std::abs(seconds) < kLatestSecond) ||
      pair.at(1).get(text) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  const auto value = ValueOf(text);
  if (!value) return std::nullopt;
  // Prometheus keeps milliseconds: the nearest one is what was meant.
  const auto milliseconds = static_cast<std::int64_t>(std::llround(seconds * 1e3));
  return MetricPoint{.at = Instant(std::chrono::milliseconds(milliseconds)), .value = *value};
}

class AnswerReader {
 public:
  explicit AnswerReader(const PrometheusAnswerLimits& limits) : limits_(limits) {}

  absl::Status Read(const dom::element& data, PrometheusAnswer& answer) {
    const std::string_view type = TextOf(data, "resultType");
    if (type == "scalar") return ReadScalar(data, answer);
    if (type != "vector" && type != "matrix") {
      return NotPrometheus(fmt::format("resultType '{}'", Shortened(type)));
    }
    dom::array result;
    if (data["result"].get(result) != simdjson::SUCCESS) return NotPrometheus("no result");
    for (const dom::element& element : result) {
      if (std::ssize(answer.series) >= limits_.most_series) {
        return absl::ResourceExhaustedError(
            fmt::format("an answer of more than {} series", limits_.most_series));
      }
      LabeledSeries series;
      if (auto read = ReadSeries(element, series); !read.ok()) return read;
      if (!series.points.empty()) answer.series.push_back(std::move(series));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status ReadScalar(const dom::element& data, PrometheusAnswer& answer) {
    dom::element result;
    if (data["result"].get(result) != simdjson::SUCCESS) return NotPrometheus("no result");
    const auto point = PointOf(result);
    if (!point) return NotPrometheus("a scalar that is no [time, \"value\"]");
    answer.series.push_back({.labels = {}, .points = {*point}});
    return absl::OkStatus();
  }

  absl::Status ReadSeries(const dom::element& element, LabeledSeries& series) {
    dom::object labels;
    if (element["metric"].get(labels) != simdjson::SUCCESS) {
      return NotPrometheus("a series without labels");
    }
    for (const auto& [name, value] : labels) {
      std::string_view text;
      if (value.get(text) != simdjson::SUCCESS) {
        return NotPrometheus(fmt::format("label '{}' is no text", Shortened(name)));
      }
      series.labels.emplace_back(name, text);
    }
    std::sort(series.labels.begin(), series.labels.end());
    dom::element value;
    if (element["value"].get(value) == simdjson::SUCCESS) return AddPoint(value, series);
    dom::array values;
    if (element["values"].get(values) != simdjson::SUCCESS) return absl::OkStatus();
    series.points.reserve(values.size());
    for (const dom::element& point : values) {
      if (auto added = AddPoint(point, series); !added.ok()) return added;
    }
    return absl::OkStatus();
  }

  absl::Status AddPoint(const dom::element& element, LabeledSeries& series) {
    const auto point = PointOf(element);
    if (!point) return NotPrometheus("a point that is no [time, \"value\"]");
    if (++points_ > limits_.most_points) {
      return absl::ResourceExhaustedError(
          fmt::format("an answer of more than {} points", limits_.most_points));
    }
    series.points.push_back(*point);
    return absl::OkStatus();
  }

  PrometheusAnswerLimits limits_;
  std::int64_t points_ = 0;
};

// The status of an answer that carries no data. `type` and `words` are the server's own.
absl::Status Refusal(int http_status, std::string_view type, std::string_view words) {
  std::string message = fmt::format("Prometheus answered {}", http_status);
  if (!type.empty()) message += fmt::format(" {}", Shortened(type));
  if (!words.empty()) message += fmt::format(": {}", Shortened(words));
  if (type == "timeout" || type == "canceled") return absl::DeadlineExceededError(message);
  switch (http_status) {
    case 400:
    case 422:
      return absl::InvalidArgumentError(message);
    case 401:
      return absl::UnauthenticatedError(message);
    case 403:
      return absl::PermissionDeniedError(message);
    case 404:
      return absl::NotFoundError(message);
    default:
      return absl::UnavailableError(message);
  }
}

}  // namespace

std::string_view LabeledSeries::Label(std::string_view name) const {
  for (const auto& [key, value] : labels) {
    if (key == name) return value;
  }
  return {};
}

absl::StatusOr<PrometheusAnswer> ParsePrometheusAnswer(int http_status, std::string_view body,
                                                       const PrometheusAnswerLimits& limits) {
  const simdjson::padded_string text(body);
  dom::parser parser;
  dom::element document;
  dom::object envelope;
  const simdjson::error_code error = parser.parse(text).get(document);
  if (error != simdjson::SUCCESS || document.get(envelope) != simdjson::SUCCESS) {
    if (http_status != 200) return Refusal(http_status, {}, {});
    return NotPrometheus(error != simdjson::SUCCESS ? simdjson::error_message(error)
                                                    : "the body is no object");
  }
  const std::string_view status = TextOf(document, "status");
  if (http_status != 200 || status == "error") {
    return Refusal(http_status, TextOf(document, "errorType"), TextOf(document, "error"));
  }
  if (status != "success") {
    return NotPrometheus(fmt::format("status '{}'", Shortened(status)));
  }
  PrometheusAnswer answer;
  dom::array warnings;
  if (document["warnings"].get(warnings) == simdjson::SUCCESS) {
    for (const dom::element& warning : warnings) {
      std::string_view words;
      if (warning.get(words) == simdjson::SUCCESS) answer.warnings.push_back(Shortened(words));
    }
  }
  dom::element data;
  if (document["data"].get(data) != simdjson::SUCCESS) return NotPrometheus("no data");
  if (auto read = AnswerReader(limits).Read(data, answer); !read.ok()) return read;
  return answer;
}

}  // namespace trimtab
