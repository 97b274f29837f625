#include "trimtab/scenario/request_writer.h"

#include <cstdlib>
#include <vector>

#include "fmt/format.h"

namespace trimtab {

void WriteConditions(YamlWriter& out, const std::vector<ConditionSpec>& when) {
  if (when.empty()) return;
  out.Open("when");
  for (const ConditionSpec& condition : when) {
    out.OpenItem();
    if (!condition.state.empty()) out.Text("state", condition.state);
    if (!condition.argument.empty()) out.Text("argument", condition.argument);
    if (condition.at_least) out.Integer("atLeast", *condition.at_least);
    if (condition.at_most) out.Integer("atMost", *condition.at_most);
    out.Close();
  }
  out.Close();
}

void WriteRepeatCount(YamlWriter& out, const RepeatCountSpec& count) {
  if (count.argument.empty()) {
    out.Number("count", count.plus);
    return;
  }
  out.Text("argument", count.argument);
  out.Number("times", count.times);
  out.Number("plus", count.plus);
}

void WriteEffects(YamlWriter& out, const std::vector<EffectSpec>& effects) {
  if (effects.empty()) return;
  out.Open("effects");
  for (const EffectSpec& effect : effects) {
    out.OpenItem();
    out.Text(effect.change < 0 ? "take" : "give", effect.state);
    out.Integer("units", std::abs(effect.change));
    WriteConditions(out, effect.when);
    out.Close();
  }
  out.Close();
}

namespace {

void WriteArgument(YamlWriter& out, const ArgumentSpec& argument) {
  out.OpenItem();
  out.Text("name", argument.name);
  out.Open("values");
  out.Integer("first", argument.first);
  out.Integer("last", argument.last);
  out.Close();
  if (!argument.classes.empty()) {
    out.Open("classes");
    for (const std::int64_t largest : argument.classes) out.ScalarItem(fmt::format("{}", largest));
    out.Close();
  }
  out.Open("mixes");
  for (const ArgumentMix& mix : argument.mixes) {
    out.OpenItem();
    out.Time("at", mix.at);
    if (mix.weights.empty()) {
      out.Number("zipf", mix.zipf);
    } else {
      out.Open("weights");
      for (const double weight : mix.weights) out.ScalarItem(fmt::format("{}", weight));
      out.Close();
    }
    out.Close();
  }
  out.Close();
  out.Word("gradual", argument.gradual ? "true" : "false");
  out.Time("period", argument.period);
  out.Close();
}

void WriteState(YamlWriter& out, const StateSpec& state) {
  out.OpenItem();
  out.Text("name", state.name);
  if (!state.argument.empty()) out.Text("argument", state.argument);
  out.Integer("most", state.most);
  out.Integer("initial", state.initial);
  if (state.restock) {
    out.Open("restock");
    out.Time("every", state.restock->every);
    out.Time("first", state.restock->first);
    out.Time("stagger", state.restock->stagger);
    out.Integer("level", state.restock->level);
    out.Close();
  }
  out.Close();
}

}  // namespace

void WriteRequestModel(YamlWriter& out, const ClusterScenario& cluster) {
  if (!cluster.arguments.empty()) {
    out.Open("arguments");
    for (const ArgumentSpec& argument : cluster.arguments) WriteArgument(out, argument);
    out.Close();
  }
  if (!cluster.states.empty()) {
    out.Open("states");
    for (const StateSpec& state : cluster.states) WriteState(out, state);
    out.Close();
  }
}

}  // namespace trimtab
