#include <span>
#include <string>

#include "nlohmann/json.hpp"
#include "trimtab/latency/accuracy.h"

namespace trimtab {

std::string AccuracyJson(std::span<const AccuracyReport> reports) {
  using Json = nlohmann::ordered_json;
  Json models = Json::array();
  for (const AccuracyReport& report : reports) {
    Json microservices = Json::array();
    for (const MicroserviceAccuracy& each : report.microservices) {
      microservices.push_back(
          {{"name", each.name}, {"accuracy", each.accuracy}, {"samples", each.samples}});
    }
    models.push_back({{"model", report.model},
                      {"microservices", microservices},
                      {"median", report.median},
                      {"worst", report.worst}});
  }
  // A name that is not UTF-8 becomes replacement characters instead of an exception.
  return Json{{"models", models}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace trimtab
