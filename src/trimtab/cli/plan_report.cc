#include "trimtab/cli/plan_report.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "trimtab/application/resource_price.h"
#include "trimtab/cli/output.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

// Absent when the plan does not know.
std::optional<double> At(const std::vector<std::optional<double>>& values, std::size_t i) {
  return i < values.size() ? values[i] : std::nullopt;
}

void WriteSteps(const Plan& plan, const Application& application, Context& context) {
  Table steps({{.key = "step", .header = "step"},
               {.key = "microservice", .header = "microservice"},
               {.key = "action", .header = "action"},
               {.key = "tail", .header = "P95 ms after"},
               {.key = "reason", .header = "reason"}});
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const PlanStep& step = plan.steps[i];
    Table::Cell tail;
    if (step.tail_after) tail = fmt::format("{:.1f}", step.tail_after->count());
    steps.AddRow({static_cast<std::int64_t>(i + 1),
                  application.microservice(step.microservice).name,
                  std::string(ScalingActionName(step.action)), tail, step.reason});
  }
  steps.WriteText(context.out, context.color);
  context.out << "\n";
}

void WriteAllocations(const Plan& plan, const Application& application, Context& context) {
  Table allocations({{.key = "microservice", .header = "microservice"},
                     {.key = "replicas", .header = "replicas"},
                     {.key = "cpu", .header = "cpu"},
                     {.key = "memory", .header = "memory"}});
  for (std::size_t i = 0; i < application.size(); ++i) {
    const MicroserviceAllocation& of = plan.target[MicroserviceId(i)];
    allocations.AddRow({application.microservice(MicroserviceId(i)).name,
                        static_cast<std::int64_t>(of.replicas), FormatCpu(of.container.cpu),
                        FormatMemory(of.container.memory)});
  }
  allocations.WriteText(context.out, context.color);
}

void WriteClasses(const PlanAttainment& attainment, Context& context) {
  Table classes({{.key = "id", .header = "class"},
                 {.key = "share", .header = "share %", .scale = 100, .decimals = 2},
                 {.key = "attainment", .header = "in time %", .scale = 100, .decimals = 2}});
  for (const PlanClass& of : attainment.classes) {
    classes.AddRow({of.id, of.share, of.attainment});
  }
  classes.WriteText(context.out, context.color);
  context.out << "\n";
}

// In place of the steps: each of them is one row here.
void WriteContainers(const Plan& plan, const Application& application, const Allocation& start,
                     Context& context) {
  Table table({{.key = "microservice", .header = "microservice"},
               {.key = "containers", .header = "containers"},
               {.key = "before", .header = "before"},
               {.key = "gain", .header = "one more: %", .scale = 100, .decimals = 3},
               {.key = "loss", .header = "one less: %", .scale = 100, .decimals = 3},
               {.key = "cpu", .header = "cpu"},
               {.key = "memory", .header = "memory"}});
  const PlanAttainment& attainment = *plan.attainment;
  for (std::size_t i = 0; i < application.size(); ++i) {
    const MicroserviceId id(i);
    const MicroserviceAllocation& of = plan.target[id];
    std::optional<double> gain = At(attainment.with_one_more, i);
    if (gain) *gain -= attainment.expected;
    std::optional<double> loss = At(attainment.with_one_less, i);
    if (loss) *loss -= attainment.expected;
    table.AddRow({application.microservice(id).name, static_cast<std::int64_t>(of.replicas),
                  static_cast<std::int64_t>(start[id].replicas), CellOf(gain), CellOf(loss),
                  FormatCpu(of.container.cpu), FormatMemory(of.container.memory)});
  }
  table.WriteText(context.out, context.color);
}

std::string ContainersInWords(const Plan& plan) {
  std::int64_t total = 0;
  for (const MicroserviceAllocation& of : plan.target) total += of.replicas;
  return fmt::format("{} containers, at least {:.2f} in any plan; {:.2f} % in time wanted\n", total,
                     plan.attainment->continuous_bound, 100 * plan.attainment->target);
}

}  // namespace

void WritePlanText(const Plan& plan, const Application& application, const Allocation& start,
                   Context& context) {
  if (plan.attainment) {
    WriteClasses(*plan.attainment, context);
    WriteContainers(plan, application, start, context);
  } else {
    WriteSteps(plan, application, context);
    WriteAllocations(plan, application, context);
  }
  const ResourceUnits units = UnitsOf(plan.target);
  context.out << fmt::format("\n{}; {:.1f} units ({:.1f} CPU, {:.1f} memory)", plan.summary.message,
                             units.total(), units.cpu, units.memory);
  if (plan.predicted_tail_latency) {
    context.out << fmt::format("; predicted P95 {:.0f} ms", plan.predicted_tail_latency->count());
  }
  context.out << "\n";
  if (plan.attainment) context.out << ContainersInWords(plan);
  if (plan.feasible) return;
  context.out << "not feasible; bound by";
  for (const MicroserviceId id : plan.binding) {
    context.out << " " << application.microservice(id).name;
  }
  context.out << "\n";
}

void WritePlanCsv(const Plan& plan, const Application& application, Context& context) {
  std::vector<Table::Column> columns = {
      {.key = "microservice"}, {.key = "replicas"}, {.key = "cpuCores"}, {.key = "memoryBytes"}};
  if (plan.attainment) {
    columns.push_back({.key = "withOneMore"});
    columns.push_back({.key = "withOneLess"});
  }
  Table rows(columns);
  for (std::size_t i = 0; i < application.size(); ++i) {
    const MicroserviceAllocation& of = plan.target[MicroserviceId(i)];
    std::vector<Table::Cell> cells = {application.microservice(MicroserviceId(i)).name,
                                      static_cast<std::int64_t>(of.replicas),
                                      InCores(of.container.cpu), of.container.memory.value()};
    if (plan.attainment) {
      cells.push_back(CellOf(At(plan.attainment->with_one_more, i)));
      cells.push_back(CellOf(At(plan.attainment->with_one_less, i)));
    }
    rows.AddRow(std::move(cells));
  }
  rows.WriteCsv(context.out);
}

}  // namespace trimtab
