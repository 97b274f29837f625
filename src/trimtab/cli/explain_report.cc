#include "trimtab/cli/explain_report.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trimtab/controller/decision_document.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

using Json = nlohmann::ordered_json;

// What is there has been checked; what was unknown when it was written is missing.
const Json& Field(const Json& object, std::string_view key) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto it = object.find(std::string(key));
  return it == object.end() ? kNothing : *it;
}
std::string Text(const Json& object, std::string_view key) {
  const Json& value = Field(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}
std::optional<double> Number(const Json& object, std::string_view key) {
  const Json& value = Field(object, key);
  if (!value.is_number()) return std::nullopt;
  return value.get<double>();
}
bool Flag(const Json& object, std::string_view key) {
  const Json& value = Field(object, key);
  return value.is_boolean() && value.get<bool>();
}
const Json& List(const Json& object, std::string_view key) {
  static const Json kEmpty = Json::array();
  const Json& value = Field(object, key);
  return value.is_array() ? value : kEmpty;
}

std::string Milliseconds(const std::optional<double>& seconds) {
  return seconds ? fmt::format("{:.1f} ms", *seconds * 1e3) : std::string("unknown");
}
std::string Moment(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::floor(seconds));
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}
// "2 x 400m 100Mi"
std::string Size(const Json& allocation) {
  return fmt::format(
      "{} x {} {}", Number(allocation, "replicas").value_or(0),
      FormatCpu(Millicores(std::llround(Number(allocation, "cpuCores").value_or(0) * 1000))),
      FormatMemory(Bytes(std::llround(Number(allocation, "memoryBytes").value_or(0)))));
}

// Prints one section: its name before the first line, blanks of the same width before the others.
class Section {
 public:
  Section(std::ostream& out, std::string_view name) : out_(out), name_(name) {}
  void Line(const std::string& text) {
    out_ << fmt::format("{:<11}{}\n", first_ ? name_ : "", text);
    first_ = false;
  }

 private:
  std::ostream& out_;
  std::string name_;
  bool first_ = true;
};

void WriteObserved(const Json& decision, std::ostream& out) {
  const Json& seen = Field(decision, "observation");
  Section section(out, "Observed");
  std::string load = "unknown";
  if (const auto value = Number(seen, "applicationLoad")) load = fmt::format("{:.1f}/s", *value);
  section.Line(fmt::format("load {}, tail latency {} of {} traces in {:.0f} s", load,
                           Milliseconds(Number(seen, "measuredTailLatencySeconds")),
                           Number(seen, "tailTraces").value_or(0),
                           Number(seen, "windowSeconds").value_or(0)));
  for (const Json& gap : List(seen, "gaps")) {
    if (gap.is_string()) section.Line("missing: " + gap.get<std::string>());
  }
}

void WriteMicroservices(const Json& decision, std::ostream& out, bool color) {
  Table table({{"microservice", "MICROSERVICE"},
               {"allocation", "ALLOCATION"},
               {"ready", "READY"},
               {"arrivalRate", "LOAD /s", 1, 1},
               {"ownLatencySeconds", "OWN P95 ms", 1e3, 1},
               {"cpuUsageCores", "CPU USED m", 1e3, 0},
               {"memoryUsageBytes", "MEMORY USED Mi", 1.0 / 1048576, 0},
               {"cpu", "CPU BY OTHERS %", 100, 0},
               {"memoryCapacity", "MEMORY %", 100, 0},
               {"memoryBandwidth", "MEM. BANDW. %", 100, 0},
               {"networkBandwidth", "NETWORK %", 100, 0}});
  for (const Json& each : List(Field(decision, "observation"), "microservices")) {
    const Json& others = Field(each, "interference");
    std::string ready = fmt::format("{}", Number(each, "ready").value_or(0));
    if (const auto pending = Number(each, "pending"); pending.value_or(0) > 0) {
      ready += fmt::format(" +{}", *pending);
    }
    table.AddRow({Text(each, "microservice"), Size(each), ready,
                  CellOf(Number(each, "arrivalRate")), CellOf(Number(each, "ownLatencySeconds")),
                  CellOf(Number(each, "cpuUsageCores")), CellOf(Number(each, "memoryUsageBytes")),
                  CellOf(Number(others, "cpu")), CellOf(Number(others, "memoryCapacity")),
                  CellOf(Number(others, "memoryBandwidth")),
                  CellOf(Number(others, "networkBandwidth"))});
  }
  out << '\n';
  table.WriteText(out, color);
  out << '\n';
  Section section(out, "Waiting");
  for (const Json& each : List(Field(decision, "observation"), "microservices")) {
    const std::string reason = Text(each, "waitsBecause");
    if (!reason.empty()) section.Line(fmt::format("{}: {}", Text(each, "microservice"), reason));
  }
}

void WritePlan(const Json& decision, std::ostream& out) {
  const Json& plan = Field(decision, "plan");
  const Json& commitment = Field(decision, "commitment");
  Section predicted(out, "Predicted");
  if (plan.is_null()) return predicted.Line("no plan");
  const Json& summary = Field(plan, "summary");
  const Json& steps = List(plan, "steps");
  std::string line =
      fmt::format("{} after the plan", Milliseconds(Number(plan, "predictedTailLatencySeconds")));
  if (!steps.empty()) {
    line = fmt::format("{} before, {}", Milliseconds(Number(steps.front(), "tailBeforeSeconds")),
                       line);
  }
  predicted.Line(fmt::format("{}; measurement corrects by a factor of {:.3f}", line,
                             Number(commitment, "tailCorrection").value_or(1)));
  predicted.Line(fmt::format("{} after {} steps{}{}", Text(summary, "termination"), steps.size(),
                             Text(summary, "message").empty() ? "" : ": ",
                             Text(summary, "message")));
  if (!Flag(plan, "feasible")) {
    std::vector<std::string> binding;
    for (const Json& name : List(plan, "binding")) {
      if (name.is_string()) binding.push_back(name.get<std::string>());
    }
    predicted.Line(
        fmt::format("not expected to meet the SLA; binding: {}",
                    binding.empty() ? "none" : fmt::format("{}", fmt::join(binding, ", "))));
  }
  Section section(out, "Steps");
  int number = 0;
  for (const Json& step : steps) {
    section.Line(fmt::format("{}. {} {}: {} -> {}, tail {} -> {}, cost {:.3g}, score {:.3g}",
                             ++number, Text(step, "microservice"), Text(step, "action"),
                             Size(Field(step, "before")), Size(Field(step, "after")),
                             Milliseconds(Number(step, "tailBeforeSeconds")),
                             Milliseconds(Number(step, "tailAfterSeconds")),
                             Number(step, "cost").value_or(0), Number(step, "score").value_or(0)));
    if (const std::string reason = Text(step, "reason"); !reason.empty()) {
      section.Line("   because " + reason);
    }
    for (const Json& other : List(step, "alternatives")) {
      section.Line(
          fmt::format("   instead of {} {} to {}: gain {}, cost {:.3g}, score {:.3g}",
                      Text(other, "microservice"), Text(other, "action"),
                      Size(Field(other, "after")), Milliseconds(Number(other, "gainSeconds")),
                      Number(other, "cost").value_or(0), Number(other, "score").value_or(0)));
    }
  }
}

std::string Percent(const std::optional<double>& share) {
  return share ? fmt::format("{:.2f} %", 100 * *share) : std::string("unknown");
}

// How each class of call graphs fares, as expected of the plan and as measured before it.
void WriteClasses(const Json& decision, std::ostream& out) {
  const Json& plan = Field(decision, "plan");
  const Json& classes = List(plan, "classes");
  if (classes.empty()) return;
  Section section(out, "Classes");
  section.Line(
      fmt::format("{} of all requests expected in time, {} promised; the fewest are {:.1f} "
                  "containers",
                  Percent(Number(plan, "attainment")), Percent(Number(plan, "attainmentTarget")),
                  Number(plan, "continuousBound").value_or(0)));
  for (const Json& of : classes) {
    std::optional<double> measured;
    for (const Json& seen : List(Field(decision, "observation"), "classes")) {
      if (Text(seen, "id") == Text(of, "id")) measured = Number(seen, "attainment");
    }
    section.Line(fmt::format("{} {} of the requests: {} expected, {} measured", Text(of, "id"),
                             Percent(Number(of, "share")), Percent(Number(of, "attainment")),
                             Percent(measured)));
  }
}

void WriteLimits(const Json& decision, std::ostream& out) {
  const Json& commitment = Field(decision, "commitment");
  Section section(out, "Limits");
  if (!Flag(commitment, "scaleDownAllowed")) {
    section.Line("nothing may be lowered: something is missing or still starting");
  }
  for (const Json& limit : List(commitment, "limits")) {
    section.Line(fmt::format("{} {}: wanted {}, allowed {}", Text(limit, "microservice"),
                             Text(limit, "limit"), Size(Field(limit, "wanted")),
                             Size(Field(limit, "allowed"))));
  }
}

void WriteChanges(const Json& report, std::string_view verb, Section& section) {
  const auto change = [](const Json& each) {
    return fmt::format("{}: {} -> {}", Text(each, "microservice"), Size(Field(each, "from")),
                       Size(Field(each, "to")));
  };
  for (const Json& each : List(report, "accepted")) {
    section.Line(fmt::format("{} {}", verb, change(each)));
  }
  for (const Json& each : List(report, "refused")) {
    section.Line(fmt::format("refused {}: {}", change(each), Text(each, "reason")));
  }
  for (const Json& each : List(report, "skipped")) {
    section.Line("not tried " + change(each));
  }
}

void WriteTroubles(const Json& body, Section& section) {
  for (const Json& trouble : List(body, "troubles")) {
    section.Line(fmt::format("{}: {}", Text(trouble, "what"), Text(trouble, "words")));
  }
}

void WriteOutcomes(const Json& decision, std::ostream& out) {
  const Json& commitment = Field(decision, "commitment");
  Section committed(out, "Committed");
  const std::string action = Text(commitment, "action");
  if (action != "commit") {
    committed.Line(action == "hold" ? "nothing: the last allocation stays" : "nothing to change");
    WriteTroubles(commitment, committed);
  }
  Section measured(out, "Measured");
  bool applied = false;
  bool verified = false;
  for (const Json& outcome : List(decision, "outcomes")) {
    if (Text(outcome, "kind") == "applied") {
      applied = true;
      if (Flag(outcome, "dryRun")) committed.Line("dry run: nothing was asked of the world");
      WriteChanges(Field(outcome, "raises"), "raised", committed);
      WriteChanges(Field(outcome, "lowers"), "lowered", committed);
      WriteTroubles(outcome, committed);
    } else {
      verified = true;
      measured.Line(
          fmt::format("{} in the first full window, predicted {}: the SLA of {} was {}",
                      Milliseconds(Number(outcome, "measuredTailLatencySeconds")),
                      Milliseconds(Number(outcome, "predictedTailLatencySeconds")),
                      Milliseconds(Number(outcome, "slaSeconds")),
                      Flag(outcome, "met") ? "met" : "missed, and Prepare entered again"));
    }
  }
  if (action == "commit" && !applied) committed.Line("the journal ends before the world answered");
  if (applied && !verified) measured.Line("no full window was measured after it");
}

}  // namespace

void WriteExplanation(const Json& decision, std::ostream& out, bool color) {
  const Json& run = Field(decision, "run");
  out << fmt::format("Decision {} of '{}' by policy {} at {}, SLA {}\n\n",
                     Number(decision, "decision").value_or(0), Text(run, "application"),
                     Text(run, "policy"), Moment(Number(decision, "atSeconds").value_or(0)),
                     Milliseconds(Number(run, "slaSeconds")));
  WriteObserved(decision, out);
  WriteMicroservices(decision, out, color);
  WritePlan(decision, out);
  WriteClasses(decision, out);
  WriteLimits(decision, out);
  WriteOutcomes(decision, out);
}

Table StepTable(const Json& decision) {
  Table table({{"step"},
               {"taken"},
               {"microservice"},
               {"action"},
               {"replicas"},
               {"cpuCores"},
               {"memoryBytes"},
               {"gainSeconds"},
               {"cost"},
               {"score"},
               {"reason"}});
  const auto row = [&table](std::int64_t step, bool taken, const Json& each) {
    const Json& after = Field(each, "after");
    table.AddRow({step, taken, Text(each, "microservice"), Text(each, "action"),
                  static_cast<std::int64_t>(Number(after, "replicas").value_or(0)),
                  CellOf(Number(after, "cpuCores")),
                  static_cast<std::int64_t>(Number(after, "memoryBytes").value_or(0)),
                  CellOf(Number(each, "gainSeconds")), CellOf(Number(each, "cost")),
                  CellOf(Number(each, "score")), Text(each, "reason")});
  };
  std::int64_t number = 0;
  for (const Json& step : List(Field(decision, "plan"), "steps")) {
    row(++number, true, step);
    for (const Json& other : List(step, "alternatives")) row(number, false, other);
  }
  return table;
}

DecisionList::DecisionList()
    : table_({{"decision", "DECISION"},
              {"atSeconds", "AT s", 1, 0},
              {"action", "ACTION"},
              {"steps", "STEPS"},
              {"raised", "RAISED"},
              {"lowered", "LOWERED"},
              {"measuredTailLatencySeconds", "MEASURED ms", 1e3, 1},
              {"predictedTailLatencySeconds", "PREDICTED ms", 1e3, 1},
              {"verifiedTailLatencySeconds", "VERIFIED ms", 1e3, 1},
              {"met", "MET"},
              {"troubles", "TROUBLES"}}) {}

absl::Status DecisionList::Add(const DecisionRecord& record) {
  const auto parsed = DecisionDocument(record, nullptr);
  if (!parsed.ok()) return parsed.status();
  const Json& decision = *parsed;
  const Json& commitment = Field(decision, "commitment");
  const Json* troubles = &List(commitment, "troubles");
  std::int64_t raised = 0;
  std::int64_t lowered = 0;
  std::optional<double> verified;
  Table::Cell met;
  for (const Json& outcome : List(decision, "outcomes")) {
    if (Text(outcome, "kind") == "verified") {
      verified = Number(outcome, "measuredTailLatencySeconds");
      met = Flag(outcome, "met");
      continue;
    }
    raised = static_cast<std::int64_t>(List(Field(outcome, "raises"), "accepted").size());
    lowered = static_cast<std::int64_t>(List(Field(outcome, "lowers"), "accepted").size());
    troubles = &List(outcome, "troubles");
  }
  std::vector<std::string> names;
  for (const Json& trouble : *troubles) names.push_back(Text(trouble, "what"));
  const Json& plan = Field(decision, "plan");
  table_.AddRow({record.id, CellOf(Number(decision, "atSeconds")), Text(commitment, "action"),
                 static_cast<std::int64_t>(List(plan, "steps").size()), raised, lowered,
                 CellOf(Number(Field(decision, "observation"), "measuredTailLatencySeconds")),
                 CellOf(Number(plan, "predictedTailLatencySeconds")), CellOf(verified), met,
                 fmt::format("{}", fmt::join(names, " "))});
  return absl::OkStatus();
}

}  // namespace trimtab
