// A decision as the journal keeps it, with something in every part.
#pragma once

#include <chrono>

#include "trimtab/journal/journal_reader.h"

namespace trimtab {

inline constexpr char kSampleObservation[] = R"({
  "windowSeconds": 60, "applicationLoad": 263.1, "measuredTailLatencySeconds": 0.312,
  "tailTraces": 158, "gaps": ["search-3: no cpu samples within 40s"],
  "microservices": [{"microservice": "search", "replicas": 1, "cpuCores": 0.2,
    "memoryBytes": 104857600, "ready": 1, "pending": 2, "draining": 0,
    "waitsBecause": "NodeCapacity: no node has 200m cpu free", "arrivalRate": 150,
    "interference": {"cpu": 0.4}}],
  "hosts": [{"host": "host-1", "interference": {"cpu": 0.4, "networkBandwidth": 0}}]})";

inline constexpr char kSamplePlan[] = R"({
  "feasible": false, "predictedTailLatencySeconds": 0.287,
  "allocations": [
    {"microservice": "search", "replicas": 1, "cpuCores": 0.4, "memoryBytes": 104857600},
    {"microservice": "geo", "replicas": 1, "cpuCores": 0.2, "memoryBytes": 104857600}],
  "binding": ["geo"],
  "steps": [{"microservice": "search", "action": "cpu",
    "before": {"replicas": 1, "cpuCores": 0.2, "memoryBytes": 104857600},
    "after": {"replicas": 1, "cpuCores": 0.4, "memoryBytes": 104857600},
    "tailBeforeSeconds": 0.318, "tailAfterSeconds": 0.287, "gainSeconds": 0.031,
    "cost": 1, "score": 31, "reason": "largest gain per cost",
    "alternatives": [{"microservice": "geo", "action": "replicas",
      "after": {"replicas": 2, "cpuCores": 0.2, "memoryBytes": 104857600},
      "gainSeconds": 0.012, "cost": 2, "score": 6}]}],
  "summary": {"termination": "no-capacity", "message": "hosts are full", "iterations": 1}})";

inline constexpr char kSampleCommitment[] = R"({
  "action": "commit", "tailCorrection": 1.04, "scaleDownAllowed": false, "slaSeconds": 0.3,
  "troubles": [], "limits": [{"microservice": "geo", "limit": "missing-metrics",
    "wanted": {"replicas": 1, "cpuCores": 0.2, "memoryBytes": 104857600},
    "allowed": {"replicas": 2, "cpuCores": 0.2, "memoryBytes": 104857600}}],
  "raises": [{"microservice": "search",
    "from": {"replicas": 1, "cpuCores": 0.2, "memoryBytes": 104857600},
    "to": {"replicas": 1, "cpuCores": 0.4, "memoryBytes": 104857600}}], "lowers": []})";

inline constexpr char kSampleApplied[] = R"({
  "dryRun": false, "raises": {"accepted": [{"microservice": "search",
    "from": {"replicas": 1, "cpuCores": 0.2, "memoryBytes": 104857600},
    "to": {"replicas": 1, "cpuCores": 0.4, "memoryBytes": 104857600}}],
    "refused": [{"microservice": "geo",
    "from": {"replicas": 1, "cpuCores": 0.2, "memoryBytes": 104857600},
    "to": {"replicas": 2, "cpuCores": 0.2, "memoryBytes": 104857600},
    "reason": "INVALID_ARGUMENT: no host is free"}], "skipped": []},
  "troubles": [{"what": "change-refused", "words": "geo: no host is free"}]})";

inline constexpr char kSampleVerified[] = R"({
  "met": false, "measuredTailLatencySeconds": 0.305, "predictedTailLatencySeconds": 0.287,
  "slaSeconds": 0.3, "effectiveSeconds": 3740, "windowSeconds": [3745, 3805]})";

// Number 42, made 1:02:05 into the run: committed in part, and missed.
inline DecisionRecord SampleDecision() {
  const Instant at{std::chrono::seconds(3725)};
  DecisionRecord record;
  record.id = 42;
  record.entry = {.at = at,
                  .observation = kSampleObservation,
                  .plan = kSamplePlan,
                  .commitment = kSampleCommitment};
  record.outcomes = {{OutcomeKind::kApplied, at, kSampleApplied},
                     {OutcomeKind::kVerified, at + std::chrono::seconds(80), kSampleVerified}};
  return record;
}

inline RunDescription SampleRun() {
  RunDescription run;
  run.application = "hotel";
  run.policy = "grad";
  run.sla = std::chrono::milliseconds(300);
  return run;
}

}  // namespace trimtab
