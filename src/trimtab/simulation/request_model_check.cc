#include "trimtab/simulation/request_model_check.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "trimtab/quantity/text.h"
#include "trimtab/simulation/request_rules.h"

namespace trimtab {
namespace {

constexpr std::int64_t kMostValues = 10'000;
constexpr std::size_t kMostClasses = 1'000;         // of one argument
constexpr double kMostClassCombinations = 100'000;  // of all: what tracing has to hold
constexpr std::int64_t kMostUnits = 1'000'000'000'000;

class ModelCheck {
 public:
  ModelCheck(const ClusterScenario& scenario, std::vector<std::string>& violations)
      : scenario_(scenario), violations_(violations) {}

  void Run() {
    double combinations = 1;
    for (const ArgumentSpec& argument : scenario_.arguments) {
      CheckArgument(argument);
      combinations *= static_cast<double>(std::max<std::size_t>(1, argument.classes.size()));
    }
    if (combinations > kMostClassCombinations) {
      Add("arguments: their classes can combine in {} ways, must be at most {}", combinations,
          kMostClassCombinations);
    }
    for (const StateSpec& state : scenario_.states) CheckState(state);
    for (const EntrySpec& entry : scenario_.entries) {
      for (const EffectSpec& effect : entry.effects) {
        CheckEffect(fmt::format("entry '{}', effect on '{}'", entry.operation, effect.state),
                    effect);
      }
    }
    CheckRules(RequestRules::Of(scenario_));
  }

 private:
  template <class... Args>
  void Add(fmt::format_string<Args...> format, Args&&... args) {
    violations_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  const StateSpec* FindState(const std::string& name) const {
    const auto found = std::ranges::find(scenario_.states, name, &StateSpec::name);
    return found == scenario_.states.end() ? nullptr : &*found;
  }
  bool HasArgument(const std::string& name) const {
    return std::ranges::find(scenario_.arguments, name, &ArgumentSpec::name) !=
           scenario_.arguments.end();
  }

  void CheckArgument(const ArgumentSpec& argument) {
    const std::string place = fmt::format("argument '{}'", argument.name);
    if (argument.name.empty()) Add("arguments: an argument has an empty name");
    if (!argument_names_.insert(argument.name).second) Add("{}: the name is taken twice", place);
    if (argument.last < argument.first || argument.first < -kMostUnits ||
        argument.last - argument.first >= kMostValues) {
      Add("{}: goes from {} to {}, must be 1 to {} values", place, argument.first, argument.last,
          kMostValues);
      return;
    }
    CheckMixes(place, argument);
    CheckClasses(place, argument);
  }

  void CheckMixes(const std::string& place, const ArgumentSpec& argument) {
    const auto values = static_cast<std::size_t>(argument.last - argument.first + 1);
    if (argument.mixes.empty() || argument.mixes.front().at != Duration(0)) {
      Add("{}: the first mix must be at 0s", place);
    }
    if (argument.period < Duration(0)) {
      Add("{}: period is {}, must not be negative", place, FormatDuration(argument.period));
    }
    for (std::size_t i = 0; i < argument.mixes.size(); ++i) {
      const ArgumentMix& mix = argument.mixes[i];
      if (i > 0 && mix.at <= argument.mixes[i - 1].at) {
        Add("{}: mix {} is at {}, must be after the one before it", place, i,
            FormatDuration(mix.at));
      }
      if (argument.period > Duration(0) && mix.at >= argument.period) {
        Add("{}: mix {} is at {}, must be before the period ends, {}", place, i,
            FormatDuration(mix.at), FormatDuration(argument.period));
      }
      if (!(mix.zipf >= 0 && mix.zipf <= 10)) {
        Add("{}: zipf of mix {} is {}, must be between 0 and 10", place, i, mix.zipf);
      }
      if (mix.weights.empty()) continue;
      double sum = 0;
      for (const double weight : mix.weights) {
        if (!(weight >= 0 && weight <= 1e12)) {
          Add("{}: a weight of mix {} is {}, must be between 0 and 1e12", place, i, weight);
        }
        sum += weight;
      }
      if (mix.weights.size() != values || !(sum > 0)) {
        Add("{}: mix {} has {} weights that sum to {}, must be {} that sum to more than 0", place,
            i, mix.weights.size(), sum, values);
      }
    }
  }

  void CheckClasses(const std::string& place, const ArgumentSpec& argument) {
    if (argument.classes.empty()) return;
    const bool is_ascending =
        std::ranges::adjacent_find(argument.classes, std::greater_equal<>()) ==
        argument.classes.end();
    if (!is_ascending || argument.classes.front() < argument.first ||
        argument.classes.back() != argument.last) {
      Add("{}: classes must be ascending, from {} on, and end with {}", place, argument.first,
          argument.last);
    }
    if (argument.classes.size() > kMostClasses) {
      Add("{}: {} classes, must be at most {}", place, argument.classes.size(), kMostClasses);
    }
  }

  void CheckState(const StateSpec& state) {
    const std::string place = fmt::format("state '{}'", state.name);
    if (state.name.empty()) Add("states: a state has an empty name");
    if (!state_names_.insert(state.name).second) Add("{}: the name is taken twice", place);
    if (!state.argument.empty() && !HasArgument(state.argument)) {
      Add("{}: argument '{}' is not declared", place, state.argument);
    }
    if (state.most < 1 || state.most > kMostUnits) {
      Add("{}: most is {}, must be between 1 and {}", place, state.most, kMostUnits);
    }
    InRange(place, "initial", state.initial, state.most);
    if (!state.restock) return;
    InRange(place, "restock level", state.restock->level, state.most);
    if (state.restock->every <= Duration(0)) {
      Add("{}: restocked every {}, must be above 0", place, FormatDuration(state.restock->every));
    }
    if (state.restock->first < Duration(0)) {
      Add("{}: first restocked at {}, must not be negative", place,
          FormatDuration(state.restock->first));
    }
    if (state.restock->stagger < Duration(0) || state.restock->stagger > state.restock->every) {
      Add("{}: stagger is {}, must be between 0 and {}", place,
          FormatDuration(state.restock->stagger), FormatDuration(state.restock->every));
    }
  }
  void InRange(const std::string& place, const char* what, std::int64_t value, std::int64_t most) {
    if (value < 0 || value > most) {
      Add("{}: {} is {}, must be between 0 and {}", place, what, value, most);
    }
  }

  void CheckEffect(const std::string& place, const EffectSpec& effect) {
    const StateSpec* state = FindState(effect.state);
    if (state == nullptr) {
      Add("{}: the state is not declared", place);
    } else if (effect.change == 0 || std::abs(effect.change) > state->most) {
      Add("{}: changes it by {}, must be 1 to {} either way", place, effect.change, state->most);
    }
    for (const ConditionSpec& condition : effect.when) CheckCondition(place, condition);
  }

  void CheckRules(const RequestRules& rules) {
    for (const auto& conditions : rules.conditions) {
      for (const ConditionSpec& condition : conditions) CheckCondition("branch", condition);
    }
    for (const RepeatCountSpec& count : rules.counts) {
      if (!count.argument.empty() && !HasArgument(count.argument)) {
        Add("repeat: argument '{}' is not declared", count.argument);
      }
      if (!(std::abs(count.times) <= kMostRepeats) || !(std::abs(count.plus) <= kMostRepeats)) {
        Add("repeat: {} times the argument plus {}, must be between -{} and {}", count.times,
            count.plus, kMostRepeats, kMostRepeats);
      }
    }
    if (rules.conditions.size() > kMostRules || rules.counts.size() > kMostRules) {
      Add("microservices: {} different conditions and {} different counts, must be at most {}",
          rules.conditions.size(), rules.counts.size(), kMostRules);
    }
  }

  void CheckCondition(const std::string& place, const ConditionSpec& condition) {
    if (condition.state.empty() == condition.argument.empty()) {
      Add("{}: a condition must name either a state or an argument", place);
    } else if (!condition.state.empty() && FindState(condition.state) == nullptr) {
      Add("{}: state '{}' is not declared", place, condition.state);
    } else if (!condition.argument.empty() && !HasArgument(condition.argument)) {
      Add("{}: argument '{}' is not declared", place, condition.argument);
    }
    if (!condition.at_least && !condition.at_most) {
      Add("{}: a condition must have a lower or an upper bound", place);
    } else if (condition.at_least && condition.at_most &&
               *condition.at_least > *condition.at_most) {
      Add("{}: a condition asks for at least {} and at most {}", place, *condition.at_least,
          *condition.at_most);
    }
  }

  const ClusterScenario& scenario_;
  std::vector<std::string>& violations_;
  std::set<std::string> argument_names_;
  std::set<std::string> state_names_;
};

}  // namespace

void CheckRequestModel(const ClusterScenario& scenario, std::vector<std::string>& violations) {
  ModelCheck(scenario, violations).Run();
}

}  // namespace trimtab
