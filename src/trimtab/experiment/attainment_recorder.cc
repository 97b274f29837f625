#include "trimtab/experiment/attainment_recorder.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace trimtab {
namespace {

// Shares of a history are told as the counts of so many traces.
constexpr double kToldTraces = 1e6;

}  // namespace

void AttainmentNotes::NoteObservation(const Observation& seen) {
  if (last_ && seen.at - *last_ < seen.window) return;
  last_ = seen.at;
  for (const GraphClassObservation& of : seen.graph_classes) {
    if (!of.attainment) continue;
    Counts& counts = classes_[of.id];
    counts.traces += of.traces;
    counts.within += *of.attainment * static_cast<double>(of.traces);
  }
}

void AttainmentNotes::NotePlan(const PlanAttainment& plan) {
  expected_ += plan.expected;
  ++plans_;
  for (const PlanClass& of : plan.classes) {
    Counts& counts = classes_[of.id];
    counts.expected += of.attainment;
    ++counts.plans;
  }
}

std::optional<double> AttainmentNotes::Expected() const {
  if (plans_ == 0) return std::nullopt;
  return expected_ / plans_;
}

std::vector<ClassOutcome> AttainmentNotes::Classes() const {
  double all = 0;
  for (const auto& [id, of] : classes_) all += static_cast<double>(of.traces);
  std::vector<ClassOutcome> classes;
  for (const auto& [id, of] : classes_) {
    if (of.traces == 0) continue;
    const auto traces = static_cast<double>(of.traces);
    ClassOutcome& out = classes.emplace_back();
    out.id = id;
    out.traces = of.traces;
    out.share = traces / all;
    out.measured = of.within / traces;
    if (of.plans > 0) out.expected = of.expected / of.plans;
  }
  std::ranges::sort(classes, [](const ClassOutcome& a, const ClassOutcome& b) {
    return std::tuple(-a.traces, a.id) < std::tuple(-b.traces, b.id);
  });
  return classes;
}

absl::StatusOr<Plan> RecordedPolicy::MakePlan(const PlanningInput& input) {
  const bool counts = input.observation.at >= since_;
  if (counts) notes_.NoteObservation(input.observation);
  absl::StatusOr<Plan> plan = absl::UnknownError("not planned");
  if (shares_ != nullptr && !input.observation.graph_classes.empty()) {
    Observation told = input.observation;
    told.graph_classes.clear();
    for (const GraphMix::Class& of : shares_->classes) {
      told.graph_classes.push_back(
          {.id = of.id,
           .tree = of.tree,
           .traces = std::max<std::int64_t>(1, std::llround(of.share * kToldTraces)),
           .share = of.share,
           .attainment = std::nullopt});
    }
    PlanningInput with{.application = input.application,
                       .observation = told,
                       .desired = input.desired,
                       .sla = input.sla,
                       .tail_correction = input.tail_correction,
                       .capacity = input.capacity,
                       .scale_down_allowed = input.scale_down_allowed};
    plan = policy_->MakePlan(with);
  } else {
    plan = policy_->MakePlan(input);
  }
  if (counts && plan.ok() && plan->attainment) notes_.NotePlan(*plan->attainment);
  return plan;
}

}  // namespace trimtab
