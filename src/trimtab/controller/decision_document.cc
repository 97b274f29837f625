#include "trimtab/controller/decision_document.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "trimtab/application/application.h"
#include "trimtab/application/interference.h"
#include "trimtab/controller/decision.h"
#include "trimtab/profile/json_place.h"
#include "trimtab/scaling/plan_json.h"

namespace trimtab {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMostSeconds = 1e9;
constexpr double kMostPerSecond = 1e12;
constexpr double kMostCores = 1e6;
constexpr std::int64_t kMostReplicas = 1'000'000;
constexpr std::int64_t kMostBytes = std::int64_t{1} << 60;

// Divided, not multiplied by 1e-9: whole seconds stay whole.
double SecondsOf(Duration duration) { return static_cast<double>(duration.count()) / 1e9; }
double SecondsOf(Instant at) { return SecondsOf(at.time_since_epoch()); }

template <class Check>
void CheckIfThere(const JsonPlace& place, std::string_view key, const Check& check) {
  if (place.Has(key)) check(place.At(key));
}
void CheckSeconds(const JsonPlace& place) { place.Number(-kMostSeconds, kMostSeconds); }
void CheckPerSecond(const JsonPlace& place) { place.Number(0, kMostPerSecond); }

// Replicas, CPU and memory; more keys may stand beside them.
void CheckSize(const JsonPlace& place) {
  place.At("replicas").Integer(0, kMostReplicas);
  place.At("cpuCores").Number(0, kMostCores);
  place.At("memoryBytes").Integer(0, kMostBytes);
}

void CheckInterference(const JsonPlace& place) {
  place.ExpectObject();
  for (const InterferenceKind kind : kInterferenceKinds) {
    CheckIfThere(place, InterferenceName(kind), [](const JsonPlace& share) { share.Number(0, 1); });
  }
}

void CheckObservation(const JsonPlace& seen) {
  seen.At("windowSeconds").Number(0, kMostSeconds);
  CheckIfThere(seen, "applicationLoad", CheckPerSecond);
  CheckIfThere(seen, "measuredTailLatencySeconds", CheckSeconds);
  seen.At("tailTraces").Integer(0, INT64_MAX);
  CheckIfThere(seen, "classes", [](const JsonPlace& classes) {
    for (const JsonPlace& each : classes.Elements()) {
      each.At("id").Text();
      each.At("share").Number(0, 1);
      each.At("traces").Integer(0, INT64_MAX);
      CheckIfThere(each, "attainment", [](const JsonPlace& share) { share.Number(0, 1); });
    }
  });
  for (const JsonPlace& gap : seen.At("gaps").Elements()) gap.Text();
  for (const JsonPlace& each : seen.At("microservices").Elements()) {
    each.At("microservice").Text();
    CheckSize(each);
    for (const std::string_view count : {"ready", "pending", "draining"}) {
      each.At(count).Integer(0, kMostReplicas);
    }
    CheckIfThere(each, "waitsBecause", [](const JsonPlace& reason) { reason.Text(); });
    CheckIfThere(each, "arrivalRate", CheckPerSecond);
    CheckIfThere(each, "ownLatencySeconds", CheckSeconds);
    CheckIfThere(each, "transitSeconds", CheckSeconds);
    CheckIfThere(each, "cpuUsageCores", [](const JsonPlace& use) { use.Number(0, kMostCores); });
    CheckIfThere(each, "memoryUsageBytes",
                 [](const JsonPlace& use) { use.Integer(0, kMostBytes); });
    CheckIfThere(each, "memoryPeakBytes",
                 [](const JsonPlace& peak) { peak.Integer(0, kMostBytes); });
    CheckIfThere(each, "throttledShare", [](const JsonPlace& share) { share.Number(0, 1); });
    CheckIfThere(each, "warmingUp",
                 [](const JsonPlace& count) { count.Integer(0, kMostReplicas); });
    CheckInterference(each.At("interference"));
  }
  for (const JsonPlace& host : seen.At("hosts").Elements()) {
    host.At("host").Text();
    CheckInterference(host.At("interference"));
  }
}

// The application is not in the journal: it has the microservices that the plan allocates.
void CheckPlan(const JsonPlace& plan) {
  if (plan.is_null()) return;
  const JsonPlace allocations = plan.At("allocations");
  std::vector<Microservice> microservices;
  for (const JsonPlace& each : allocations.Elements()) {
    microservices.push_back({.name = each.At("microservice").Text(), .bounds = {}});
  }
  const auto application = Application::Create("of the plan", std::move(microservices), {});
  if (!application.ok()) {
    return allocations.Fail(std::string(application.status().message()));
  }
  ReadPlan(plan, *application);
}

void CheckTroubles(const JsonPlace& troubles) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kDegradationCount; ++i) {
    names.push_back(DegradationName(static_cast<Degradation>(i)));
  }
  for (const JsonPlace& trouble : troubles.Elements()) {
    trouble.At("what").Choice(names);
    trouble.At("words").Text();
  }
}

void CheckChanges(const JsonPlace& changes, bool refused) {
  for (const JsonPlace& change : changes.Elements()) {
    change.At("microservice").Text();
    CheckSize(change.At("from"));
    CheckSize(change.At("to"));
    if (refused) change.At("reason").Text();
  }
}

void CheckCommitment(const JsonPlace& commitment) {
  commitment.At("action").Choice({"commit", "keep", "hold"});
  commitment.At("tailCorrection").Number(0, 1e6);
  commitment.At("scaleDownAllowed").Bool();
  commitment.At("slaSeconds").Number(0, kMostSeconds);
  CheckTroubles(commitment.At("troubles"));
  for (const JsonPlace& limit : commitment.At("limits").Elements()) {
    limit.At("microservice").Text();
    limit.At("limit").Text();
    CheckSize(limit.At("wanted"));
    CheckSize(limit.At("allowed"));
  }
  CheckChanges(commitment.At("raises"), /*refused=*/false);
  CheckChanges(commitment.At("lowers"), /*refused=*/false);
}

void CheckReport(const JsonPlace& report) {
  CheckChanges(report.At("accepted"), /*refused=*/false);
  CheckChanges(report.At("refused"), /*refused=*/true);
  CheckChanges(report.At("skipped"), /*refused=*/false);
}

void CheckOutcome(OutcomeKind kind, const JsonPlace& body) {
  if (kind == OutcomeKind::kApplied) {
    body.At("dryRun").Bool();
    CheckIfThere(body, "raises", CheckReport);
    CheckIfThere(body, "lowers", CheckReport);
    return CheckTroubles(body.At("troubles"));
  }
  body.At("met").Bool();
  CheckSeconds(body.At("measuredTailLatencySeconds"));
  CheckIfThere(body, "predictedTailLatencySeconds", CheckSeconds);
  CheckSeconds(body.At("slaSeconds"));
  CheckSeconds(body.At("effectiveSeconds"));
  const JsonPlace window = body.At("windowSeconds");
  const std::vector<JsonPlace> ends = window.Elements();
  for (const JsonPlace& end : ends) CheckSeconds(end);
  if (ends.size() != 2) window.Fail("is not begin and end");
}

// Reads the parts of one decision; the first thing that is wrong is in status().
class PartReader {
 public:
  template <class Check>
  Json Read(const std::string& text, const std::string& part, const Check& check) {
    if (!status_.ok()) return Json();
    auto json = ParseJson(text, part);
    if (!json.ok()) {
      status_ = json.status();
      return Json();
    }
    check(JsonPlace(*json, part, status_));
    return *std::move(json);
  }
  const absl::Status& status() const { return status_; }

 private:
  absl::Status status_;
};

}  // namespace

absl::StatusOr<Json> DecisionDocument(const DecisionRecord& record, const RunDescription* run) {
  PartReader parts;
  Json document = {{"decision", record.id}, {"atSeconds", SecondsOf(record.entry.at)}};
  if (run != nullptr) {
    document["run"] = {{"application", run->application},
                       {"policy", run->policy},
                       {"slaSeconds", SecondsOf(run->sla)},
                       {"details", parts.Read(run->details, "run.details",
                                              [](const JsonPlace& all) { all.ExpectObject(); })}};
  }
  document["observation"] = parts.Read(record.entry.observation, "observation", CheckObservation);
  document["plan"] = parts.Read(record.entry.plan, "plan", CheckPlan);
  document["commitment"] = parts.Read(record.entry.commitment, "commitment", CheckCommitment);
  Json& outcomes = document["outcomes"] = Json::array();
  for (const OutcomeRecord& outcome : record.outcomes) {
    Json entry = {{"kind", OutcomeKindName(outcome.kind)}, {"atSeconds", SecondsOf(outcome.at)}};
    const Json body =
        parts.Read(outcome.body, fmt::format("outcomes[{}]", outcomes.size()),
                   [&](const JsonPlace& place) { CheckOutcome(outcome.kind, place); });
    if (body.is_object()) entry.insert(body.begin(), body.end());  // what is there stays
    outcomes.push_back(std::move(entry));
  }
  if (parts.status().ok()) return document;
  return absl::DataLossError(
      fmt::format("decision {}: {}", record.id, std::string(parts.status().message())));
}

}  // namespace trimtab
