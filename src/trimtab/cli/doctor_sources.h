// The parts of `trimtab doctor` that look at Prometheus and at Jaeger.
#pragma once

#include <string>
#include <vector>

#include "trimtab/cli/doctor_finding.h"
#include "trimtab/clock/clock.h"
#include "trimtab/monitoring/prometheus_client.h"
#include "trimtab/monitoring/prometheus_queries.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct PrometheusQuestion {
  PrometheusOptions server = {};
  PrometheusQueryOptions queries = {};
  Duration timeout = std::chrono::seconds(10);  // of one query
};

// Asks every query of a look at the cluster: what is found, how many series, how old.
std::vector<Finding> ExaminePrometheus(const PrometheusQuestion& question, const Clock& clock);

struct JaegerQuestion {
  std::string url = {};
  std::string service = {};  // the entry of the application; empty: any
  Duration timeout = std::chrono::seconds(10);
};

// Asks for the services that Jaeger knows.
std::vector<Finding> ExamineJaeger(const JaegerQuestion& question);

}  // namespace trimtab
