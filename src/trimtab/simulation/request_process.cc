#include "trimtab/simulation/request_process.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trimtab {
namespace {

// The place of the spec of this name; the number of specs when there is none.
template <class Spec>
std::uint32_t PlaceOf(const std::vector<Spec>& specs, std::string_view name) {
  const auto found = std::ranges::find(specs, name, &Spec::name);
  return static_cast<std::uint32_t>(found - specs.begin());
}

}  // namespace

RequestProcess::RequestProcess(const ClusterScenario& scenario, StepSeries load, std::uint64_t seed)
    : scenario_(scenario),
      load_(std::move(load)),
      rules_(RequestRules::Of(scenario)),
      arrivals_(scenario.entries, load_, seed),
      has_kinds_(!scenario.arguments.empty() || !scenario.states.empty()),
      values_(scenario.arguments.size()) {
  for (const ArgumentSpec& spec : scenario.arguments) arguments_.emplace_back(spec, seed);
  for (const StateSpec& spec : scenario.states) {
    const std::uint32_t argument = PlaceOf(scenario.arguments, spec.argument);
    cell_argument_.push_back(argument);
    std::size_t cells = 1;
    if (argument < arguments_.size()) {
      const ArgumentSpec& of = scenario.arguments[argument];
      cells = static_cast<std::size_t>(of.last - of.first + 1);
    }
    states_.emplace_back(spec, cells);
  }
  for (const auto& rule : rules_.conditions) conditions_.push_back(Compiled(rule));
  for (const RepeatCountSpec& count : rules_.counts) {
    count_argument_.push_back(PlaceOf(scenario.arguments, count.argument));
  }
  for (const EntrySpec& entry : scenario.entries) {
    auto& effects = effects_.emplace_back();
    for (const EffectSpec& effect : entry.effects) {
      effects.push_back(
          {PlaceOf(scenario.states, effect.state), effect.change, Compiled(effect.when)});
    }
  }
  present_.repeats.resize(rules_.counts.size());
  present_.classes.resize(scenario.arguments.size());
  if (has_kinds_) return;
  CountRepeats();
  Intern();
}

std::vector<RequestProcess::Bound> RequestProcess::Compiled(
    const std::vector<ConditionSpec>& conditions) const {
  std::vector<Bound> bounds;
  for (const ConditionSpec& condition : conditions) {
    const bool of_state = !condition.state.empty();
    bounds.push_back({of_state,
                      of_state ? PlaceOf(scenario_.states, condition.state)
                               : PlaceOf(scenario_.arguments, condition.argument),
                      condition.at_least.value_or(std::numeric_limits<std::int64_t>::min()),
                      condition.at_most.value_or(std::numeric_limits<std::int64_t>::max())});
  }
  return bounds;
}

Request RequestProcess::Next() {
  if (now_ != kNever) now_ = arrivals_.Next(now_);
  if (now_ == kNever) return {now_, 0, 0};
  const std::uint16_t entry = arrivals_.PickEntry();
  return {now_, entry, has_kinds_ ? Settle(entry) : 0};
}

void RequestProcess::StartFrom(const RequestProcess& present, std::uint64_t seed) {
  now_ = present.now_;
  states_ = present.states_;
  arrivals_ = Arrivals(scenario_.entries, load_, seed);
  arguments_.clear();
  for (const ArgumentSpec& spec : scenario_.arguments) arguments_.emplace_back(spec, seed);
}

std::int64_t& RequestProcess::Cell(std::uint32_t state) {
  const std::uint32_t argument = cell_argument_[state];
  if (argument == values_.size()) return states_[state].At(0, now_);
  const std::int64_t cell = values_[argument] - scenario_.arguments[argument].first;
  return states_[state].At(static_cast<std::size_t>(cell), now_);
}

bool RequestProcess::AllHold(const std::vector<Bound>& bounds) {
  return std::ranges::all_of(bounds, [this](const Bound& bound) {
    const std::int64_t value = bound.of_state ? Cell(bound.index) : values_[bound.index];
    return value >= bound.at_least && value <= bound.at_most;
  });
}

// Draws and reads, then changes: a request sees the state as it finds it.
std::uint32_t RequestProcess::Settle(std::uint16_t entry) {
  for (std::size_t i = 0; i < arguments_.size(); ++i) {
    values_[i] = arguments_[i].Draw(now_);
    present_.classes[i] = arguments_[i].ClassOf(values_[i]);
  }
  present_.conditions = 0;
  for (std::size_t i = 0; i < conditions_.size(); ++i) {
    if (AllHold(conditions_[i])) present_.conditions |= std::uint64_t{1} << i;
  }
  CountRepeats();
  Apply(effects_[entry]);
  return Intern();
}

void RequestProcess::CountRepeats() {
  for (std::size_t i = 0; i < rules_.counts.size(); ++i) {
    double number = rules_.counts[i].plus;
    if (count_argument_[i] < values_.size()) {
      number += rules_.counts[i].times * static_cast<double>(values_[count_argument_[i]]);
    }
    present_.repeats[i] = static_cast<std::uint16_t>(
        std::clamp(std::round(number), 0.0, static_cast<double>(kMostRepeats)));
  }
}

void RequestProcess::Apply(const std::vector<Effect>& effects) {
  for (const Effect& effect : effects) {
    std::int64_t& cell = Cell(effect.state);
    const std::int64_t after = cell + effect.change;
    if (after < 0 || after > states_[effect.state].most() || !AllHold(effect.when)) continue;
    cell = after;
    return;
  }
}

std::uint32_t RequestProcess::Intern() {
  key_.assign(1, present_.conditions);
  key_.insert(key_.end(), present_.repeats.begin(), present_.repeats.end());
  key_.insert(key_.end(), present_.classes.begin(), present_.classes.end());
  const auto [entry, is_new] = index_.try_emplace(key_, static_cast<std::uint32_t>(kinds_.size()));
  if (is_new) {
    kinds_.push_back(present_);
    class_texts_.push_back(ClassText(present_.classes));
  }
  return entry->second;
}

std::string RequestProcess::ClassText(const std::vector<std::uint16_t>& classes) const {
  std::string text;
  for (std::size_t i = 0; i < arguments_.size(); ++i) {
    const std::string name = arguments_[i].ClassName(classes[i]);
    if (!name.empty() && !text.empty()) text += ';';
    text += name;
  }
  return text;
}

}  // namespace trimtab
