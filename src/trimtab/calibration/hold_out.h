// Each run of a recording left out in turn and predicted from the others.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/calibration/latency_law.h"
#include "trimtab/calibration/run_samples.h"

namespace trimtab {

struct Comparison {
  double measured = 0;
  double predicted = 0;
  double error() const { return predicted / measured - 1; }
};

// One microservice in the run that was left out, in milliseconds.
struct HoldOutRow {
  std::string microservice;
  std::size_t run = 0;  // of the recording, from 0
  double rate = 0;
  Comparison p50;
  Comparison p95;
  // Of the two modes apart, where there are two.
  std::optional<Comparison> fast_p50;
  std::optional<Comparison> fast_p95;
  std::optional<Comparison> slow_p50;
  std::optional<Comparison> slow_p95;
  std::optional<Comparison> fast_share;
};

// Two runs at one rate: what the recording differs from itself by, which no model can go below.
struct FloorRow {
  std::string microservice;
  std::size_t run = 0;
  std::size_t other_run = 0;
  double p50 = 0;  // relative, of the other run against this one
  double p95 = 0;
};

struct HoldOut {
  std::vector<HoldOutRow> rows;      // by microservice, then run
  std::vector<FloorRow> floor;       // of pairs of runs whose rates are within 5 %
  double median_absolute_error = 0;  // over P50 and P95 of all rows
};

// The law of a microservice over all runs. kInvalidArgument as FitLatencyLaw().
absl::StatusOr<LatencyLaw> LawOf(const std::vector<RecordedRun>& runs,
                                 const std::string& microservice);

// Microservices in every run only. kInvalidArgument: fewer than two runs.
absl::StatusOr<HoldOut> LeaveEachRunOut(const std::vector<RecordedRun>& runs);

}  // namespace trimtab
