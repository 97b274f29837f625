#include "trimtab/scenario/scenario.h"

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trimtab/application/interference.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"
#include "trimtab/scenario/provenance.h"

namespace trimtab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kSmall[] = R"(apiVersion: trimtab.dev/v1alpha1
kind: Scenario
name: small
sla: {latency: 200ms, quantile: 0.99}
cluster:
  hosts:
    - {name: host, count: 2, cpu: 4, memory: 8Gi}
  network: {hop: 100us}
operations:
  - {name: get, entry: web/get, share: 3, timeout: 2s}
  - name: buy
    entry: web/buy
    effects:
      - {take: stock, units: 2, when: {argument: size, atMost: 4}}
      - {give: stock, when: [{state: stock, atMost: 1}, {argument: size, atLeast: 3}]}
arguments:
  - name: size
    values: {first: 1, last: 5}
    classes: [2, 5]
    mixes: [{zipf: 1}, {at: 1h, weights: [1, 0, 0, 0, 2.5]}]
    gradual: true
    period: 2h
states:
  - {name: stock, argument: size, most: 50, initial: 40, restock: {every: 24h, stagger: 1h, level: 45}}
microservices:
  - name: web
    threads: 16
    parallelism: 2
    balancing: leastOfTwo
    bounds: {smallest: {cpu: 100m, memory: 100Mi}, largest: {cpu: 2, memory: 1Gi}, mostReplicas: 5, workingSet: 50Mi}
    initial: {replicas: 2, cpu: 300m, memory: 200Mi}
    sensitivity: {cpu: {slope: 2, floor: 0.3}}
    endpoints:
      - name: get
        transfer: 20us
        networkBytes: 4Ki
        program:
          - cpu: {shiftedLognormal: {shift: 100us, mean: 400us, cv: 0.5}}
          - branch:
              probability: 0.25
              then:
                - call: {to: [db/find, db/find], parallel: true, timeout: 1s, probability: 0.5}
              otherwise:
                - call: db/find
      - name: buy
        program:
          - branch:
              when: {state: stock, atLeast: 2}
              then:
                - repeat: {argument: size, times: 2, plus: -1, steps: [{call: db/find}]}
                - repeat: {count: 3, steps: [{cpu: 1ms}]}
  - name: db
    endpoints:
      - name: find
        program:
          - wait: {twoPoint: {low: 1ms, high: 20ms, highShare: 0.1}}
          - cpu: {quantiles: [[0, 0s], [0.5, 1ms], [1, 4ms]]}
workload:
  load:
    fitted: {stretch: 2, length: 60s, step: 1s, level: 100, sigma: 3, lowest: 10, highest: 200,
             autoregression: [0.5], harmonics: [{period: 60s, amplitude: 20, phase: 1}]}
  interference:
    cpu: {constant: 0.25}
  surge: {start: 10m, end: 12m, loadFactor: 3}
provenance:
  - {parameter: "*", value: hand, status: assumed, source: this test, effect: none}
)";

std::string Changed(std::string_view from, std::string_view to) {
  std::string text = absl::StrReplaceAll(kSmall, {{std::string(from), std::string(to)}});
  EXPECT_NE(text, kSmall) << from;
  return text;
}
std::string ErrorOf(const std::string& text) {
  return std::string(ParseScenario(text, "f").status().message());
}

TEST(ScenarioTest, ReadsEverySection) {
  const auto scenario = ParseScenario(kSmall, "f");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  EXPECT_EQ(scenario->name, "small");
  EXPECT_EQ(scenario->sla.latency, Latency(200));
  EXPECT_EQ(scenario->sla.quantile, kP99);
  ASSERT_EQ(scenario->cluster.hosts.size(), 2U);
  EXPECT_EQ(scenario->cluster.hosts[1].name, "host-2");
  EXPECT_EQ(scenario->cluster.hosts[1].cpu, Cores(4));
  EXPECT_EQ(scenario->cluster.network.hop, std::chrono::microseconds(100));
  EXPECT_EQ(scenario->application.size(), 2U);

  const MicroserviceSpec& web = scenario->cluster.microservices[0];
  EXPECT_EQ(web.threads, 16);
  EXPECT_EQ(web.balancing, LoadBalancing::kLeastOfTwo);
  EXPECT_EQ(web.bounds.largest.memory, Gibibytes(1));
  EXPECT_EQ(web.initial.container.cpu, Millicores(300));
  EXPECT_EQ(web.sensitivity.cpu.slope, 2);
  const auto& program = web.endpoints[0].program;
  const auto& demand = std::get<CpuStep>(program[0].step).demand;
  EXPECT_DOUBLE_EQ(std::get<ShiftedLognormal>(demand).mean.count(), 0.4);
  const auto& branch = std::get<BranchStep>(program[1].step);
  const auto& call = std::get<CallStep>(branch.then[0].step);
  EXPECT_TRUE(call.parallel);
  EXPECT_EQ(call.targets.size(), 2U);
  EXPECT_EQ(call.targets[1].timeout, std::chrono::seconds(1));
  EXPECT_EQ(call.probability, 0.5);
  // What the file does not say has the default of the code.
  const MicroserviceSpec& db = scenario->cluster.microservices[1];
  EXPECT_EQ(db.initial.container.cpu, Millicores(200));
  EXPECT_EQ(db.memory.heap, MemorySpec{}.heap);

  ASSERT_EQ(scenario->cluster.arguments.size(), 1U);
  const ArgumentSpec& size = scenario->cluster.arguments[0];
  EXPECT_EQ(size.last, 5);
  EXPECT_THAT(size.classes, ElementsAre(2, 5));
  EXPECT_EQ(size.mixes[0].zipf, 1);
  EXPECT_EQ(size.mixes[1].at, std::chrono::hours(1));
  EXPECT_THAT(size.mixes[1].weights, ElementsAre(1, 0, 0, 0, 2.5));
  EXPECT_TRUE(size.gradual);
  ASSERT_EQ(scenario->cluster.states.size(), 1U);
  EXPECT_EQ(scenario->cluster.states[0].argument, "size");
  EXPECT_EQ(scenario->cluster.states[0].restock->first, std::chrono::hours(24));
  EXPECT_EQ(scenario->cluster.states[0].restock->level, 45);
  const std::vector<EffectSpec>& effects = scenario->cluster.entries[1].effects;
  ASSERT_EQ(effects.size(), 2U);
  EXPECT_EQ(effects[0].change, -2);
  EXPECT_EQ(effects[1].change, 1);
  EXPECT_EQ(effects[1].when[0].at_most, 1);
  EXPECT_EQ(effects[1].when[1].argument, "size");
  const auto& when = std::get<BranchStep>(web.endpoints[1].program[0].step);
  EXPECT_EQ(when.when[0].state, "stock");
  const auto& repeat = std::get<RepeatStep>(when.then[0].step);
  EXPECT_EQ(repeat.count, (RepeatCountSpec{"size", 2, -1}));
  EXPECT_EQ(std::get<RepeatStep>(when.then[1].step).count, (RepeatCountSpec{"", 1, 3}));

  EXPECT_EQ(scenario->workload.surge->end, std::chrono::minutes(12));
  EXPECT_EQ(scenario->workload.surge->interference, Ratio(0.7));
  EXPECT_TRUE(scenario->workload.interference[static_cast<std::size_t>(InterferenceKind::kCpu)]);
  EXPECT_TRUE(scenario->without_provenance.empty());
}

TEST(ScenarioTest, ErrorsNameFileLineKeyValueAndBound) {
  const std::vector<std::tuple<const char*, const char*, const char*>> cases = {
      {"threads: 16", "thread: 16", "f:27: microservices[web].thread: unknown key; known are"},
      {"hop: 100us", "hop: 100", "f:8: cluster.network.hop: duration '100': has a unit other"},
      {"hop: 100us", "hop: -1us", "f:8: cluster.network.hop: duration '-1us'"},
      {"cpu: 4,", "cpu: 4Gi,", "f:7: cluster.hosts[host].cpu: cpu '4Gi'"},
      {"cpu: 4,", "cpu: 0,", "f:7: cluster.hosts[host].cpu: is 0, must be between 0.001 and 4096"},
      {"slope: 2,", "slope: .nan,",
       "f:32: microservices[web].sensitivity.cpu.slope: number '.nan'"},
      {"slope: 2,", "slope: -2,", "is -2, must be between 0 and 1000"},
      {"share: 3", "share: 3x", "f:10: operations[get].share: number '3x'"},
      {"quantile: 0.99", "quantile: 99", "f:4: sla.quantile: is 99, must be between 0.01"},
      {"latency: 200ms", "latency: 0s", "f:4: sla.latency: must be above 0"},
      {"v1alpha1", "v2", "f:1: apiVersion: is 'trimtab.dev/v2', must be 'trimtab.dev/v1alpha1'"},
      {"kind: Scenario", "kind: Profile", "f:2: kind: is 'Profile', must be 'Scenario'"},
      {"entry: web/get", "entry: web/put",
       "f:10: operations[get].entry: microservice 'web' has no endpoint 'put'"},
      {"- call: db/find", "- call: cache/find",
       "f:44: microservices[web].endpoints[get].program[1].branch.otherwise[0].call: there is no "
       "microservice 'cache'"},
      {"- call: db/find", "- call: find", "is 'find', must be microservice/endpoint"},
      {"wait: {twoPoint", "wait: {normal",
       "f:56: microservices[db].endpoints[find].program[0].wait.normal: unknown law"},
      {"- cpu: {quantiles", "- gpu: {quantiles",
       "f:57: microservices[db].endpoints[find].program[1].gpu: unknown step"},
      {"[0.5, 1ms]", "[0.5, 9ms]", "quantile table falls at point 2"},
      {"highShare: 0.1", "highShare: 1.1", "is 1.1, must be between 0 and 1"},
      {"autoregression: [0.5]", "autoregression: [1.5]", "is not stationary"},
      {"end: 12m", "end: 2m", "surge lasts from 10m to 2m"},
      {"constant: 0.25", "constant: 1.25", "cpu is 1.25, must be between 0 and 1"},
      {"status: assumed", "status: guessed", "is 'guessed', must be measured or assumed"},
      {"balancing: leastOfTwo", "balancing: best", "f:29: microservices[web].balancing: is 'best'"},
      {"cpu: 4, memory: 8Gi", "memory: 8Gi", "f:7: cluster.hosts[host].cpu: is missing"},
      {"replicas: 2,", "replicas: 1.5,", "must be a whole number between 1 and 10000"},
      {"last: 5", "last: 0", "f:18: arguments[size].values.last: is 0, must be at least 1"},
      {"classes: [2, 5]", "classes: [2, 6]",
       "classes must be ascending, from 1 on, and end with 5"},
      {"classes: [2, 5]", "classes: some", "f:19: arguments[size].classes: must be 'each' or"},
      {"{zipf: 1}", "{zipf: 1, weights: [1, 1, 1, 1, 1]}", "must not stand beside weights"},
      {"gradual: true", "gradual: slowly", "is 'slowly', must be true or false"},
      {"initial: 40", "initial: 51", "state 'stock': initial is 51, must be between 0 and 50"},
      {"argument: size, most", "argument: colour, most", "argument 'colour' is not declared"},
      {"take: stock", "grab: stock", "must have either 'take' or 'give'"},
      {"take: stock", "take: stocks", "effect on 'stocks': the state is not declared"},
      {"units: 2", "units: 0", "must be a whole number between 1 and"},
      {"when: {state: stock, atLeast: 2}", "when: {state: stock}",
       "must have 'atLeast' or 'atMost'"},
      {"when: {state: stock, atLeast: 2}", "when: {atLeast: 2}", "must have either 'state' or"},
      {"when: {state: stock, atLeast: 2}", "when: []", "must have at least one condition"},
      {"probability: 0.25", "chance: 0.25", "must have either 'probability' or 'when'"},
      {"count: 3,", "argument: size, count: 3,", "must have either 'count' or 'argument'"},
      {"steps: [{cpu: 1ms}]", "steps: [{repeat: {count: 2, steps: []}}]",
       "a repeat stands inside another"},
  };
  for (const auto& [from, to, expected] : cases) {
    EXPECT_THAT(ErrorOf(Changed(from, to)), HasSubstr(expected)) << from << " -> " << to;
  }
}

TEST(ScenarioTest, ReportsSeveralProblemsAtOnce) {
  const std::string text = ErrorOf(absl::StrReplaceAll(
      kSmall, {{"threads: 16", "threads: -1"}, {"share: 3", "share: -3"}, {"count: 2", "cnt: 2"}}));
  EXPECT_THAT(text, HasSubstr("threads: is -1"));
  EXPECT_THAT(text, HasSubstr("share: is -3"));
  EXPECT_THAT(text, HasSubstr("cnt: unknown key"));
}

TEST(ScenarioTest, EveryCutOfAFileIsAnErrorOrACompleteScenario) {
  const std::string text = kSmall;
  // What follows the load is optional; up to it a file is never whole.
  for (std::size_t size = 0; size < text.find("\n  interference:"); ++size) {
    EXPECT_FALSE(ParseScenario(text.substr(0, size), "f").ok()) << size;
  }
}

TEST(ScenarioTest, ACallCycleIsRefused) {
  EXPECT_THAT(
      ErrorOf(Changed("          - wait: {twoPoint: {low: 1ms, high: 20ms, highShare: 0.1}}",
                      "          - call: web/get")),
      HasSubstr("called by itself"));
}

TEST(ScenarioTest, WrittenItReadsBackAsTheSame) {
  const auto scenario = ParseScenario(kSmall, "f");
  ASSERT_TRUE(scenario.ok());
  const std::string written = WriteScenario(*scenario);
  const auto again = ParseScenario(written, "written");
  ASSERT_TRUE(again.ok()) << again.status() << written;
  EXPECT_EQ(ScenarioHash(*again), ScenarioHash(*scenario));
  EXPECT_EQ(WriteScenario(*again), written);
  ASSERT_EQ(again->provenance.size(), 1U);
  EXPECT_EQ(again->provenance[0].source, "this test");
}

TEST(ScenarioTest, HashDependsOnTheMeaningAlone) {
  const std::string hash = ScenarioHash(*ParseScenario(kSmall, "f"));
  EXPECT_EQ(hash.size(), 16U);
  // Order of keys, comments, spelling of units, provenance.
  for (const auto& [from, to] : std::vector<std::pair<const char*, const char*>>{
           {"{latency: 200ms, quantile: 0.99}", "{quantile: 0.990, latency: 0.2s}  # promise"},
           {"cpu: 4, memory: 8Gi", "memory: 8192Mi, cpu: 4000m"},
           {"source: this test", "source: another"}}) {
    EXPECT_EQ(ScenarioHash(*ParseScenario(Changed(from, to), "f")), hash) << to;
  }
  for (const auto& [from, to] :
       std::vector<std::pair<const char*, const char*>>{{"200ms", "201ms"},
                                                        {"slope: 2", "slope: 2.5"},
                                                        {"share: 3", "share: 4"},
                                                        {"sigma: 3", "sigma: 4"},
                                                        {"low: 1ms", "low: 1.1ms"},
                                                        {"count: 2", "count: 3"},
                                                        {"level: 45", "level: 46"},
                                                        {"zipf: 1", "zipf: 1.5"},
                                                        {"units: 2", "units: 3"},
                                                        {"plus: -1", "plus: 1"}}) {
    EXPECT_NE(ScenarioHash(*ParseScenario(Changed(from, to), "f")), hash) << to;
  }
}

TEST(ScenarioTest, ClusterHashLeavesOutSlaAndWorkload) {
  const std::string hash = ClusterHash(ParseScenario(kSmall, "f")->cluster);
  EXPECT_EQ(ClusterHash(ParseScenario(Changed("200ms", "201ms"), "f")->cluster), hash);
  EXPECT_EQ(ClusterHash(ParseScenario(Changed("sigma: 3", "sigma: 4"), "f")->cluster), hash);
  EXPECT_NE(ClusterHash(ParseScenario(Changed("slope: 2", "slope: 3"), "f")->cluster), hash);
}

TEST(ScenarioTest, ParametersWithoutARowAreListed) {
  const auto scenario = ParseScenario(Changed("parameter: \"*\"", "parameter: \"[a-z]*\""), "f");
  ASSERT_TRUE(scenario.ok());
  EXPECT_FALSE(scenario->without_provenance.empty());
  EXPECT_EQ(scenario->without_provenance[0], "sla.latency");
  EXPECT_THAT(scenario->without_provenance, ::testing::Contains("microservices[web].threads"));
}

TEST(MatchesParameterTest, StarIsAnyRunOfCharacters) {
  EXPECT_TRUE(MatchesParameter("microservices[*].memory.heap", "microservices[geo].memory.heap"));
  EXPECT_FALSE(MatchesParameter("microservices[*].memory.heap", "microservices[geo].memory.heaps"));
  EXPECT_TRUE(MatchesParameter("*", ""));
  EXPECT_TRUE(MatchesParameter("a*b*c", "abbbxc"));
  EXPECT_FALSE(MatchesParameter("a*b", "ac"));
  EXPECT_FALSE(MatchesParameter("", "a"));
}

TEST(ScenarioTest, TheShippedScenarioLoads) {
  const auto scenario =
      LoadScenario(std::string(TRIMTAB_SOURCE_DIR) + "/scenarios/hotel-reservation.yaml");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  EXPECT_EQ(scenario->application.size(), 17U);
  std::vector<std::string> operations;
  for (const Operation& operation : scenario->application.operations()) {
    operations.push_back(operation.name);
  }
  EXPECT_THAT(operations, ElementsAre("hotels", "recommendations", "user", "reserve"));
}

std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + name;
  std::ofstream(path) << text;
  return path;
}

TEST(ScenarioTest, AFileExtendsAnother) {
  WriteFile("base.yaml", kSmall);
  const auto base = ParseScenario(kSmall, "f");
  const std::string path = WriteFile("own.yaml", R"(extends: base.yaml
name: own
operations:
  - {name: find, entry: db/find}
provenance:
  - {parameter: "operations*", value: one, status: measured, source: here, effect: none}
)");
  const auto own = LoadScenario(path);
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_EQ(own->name, "own");
  EXPECT_EQ(own->sla.latency, base->sla.latency);
  ASSERT_EQ(own->cluster.entries.size(), 1U);
  // No operation reaches the web.
  ASSERT_EQ(own->cluster.microservices.size(), 1U);
  EXPECT_EQ(own->cluster.microservices[0].name, "db");
  EXPECT_EQ(own->application.size(), 1U);
  EXPECT_EQ(own->cluster.states.size(), 1U);
  ASSERT_EQ(own->provenance.size(), 2U);
  EXPECT_EQ(own->provenance[0].value, "one");
  EXPECT_TRUE(own->without_provenance.empty());
}

TEST(ScenarioTest, AnExtensionOfNothingIsNamed) {
  const auto error_of = [](const std::string& text) {
    return std::string(LoadScenario(WriteFile("bad.yaml", text)).status().message());
  };
  EXPECT_THAT(error_of("extends: none.yaml\n"), HasSubstr("none.yaml"));
  EXPECT_THAT(error_of("extends: ../base.yaml\n"),
              HasSubstr("bad.yaml:1: extends: is '../base.yaml', must be the name of a file"));
  WriteFile("base.yaml", kSmall);
  EXPECT_THAT(error_of("extends: base.yaml\nflavour: sweet\n"),
              HasSubstr("bad.yaml:2: flavour: unknown key"));
  WriteFile("chain.yaml", "extends: base.yaml\n");
  EXPECT_THAT(error_of("extends: chain.yaml\n"),
              HasSubstr("chain.yaml:1: extends: is 'base.yaml'"));
  EXPECT_THAT(ErrorOf("extends: base.yaml\n"), HasSubstr("only a file that is loaded by its path"));
}

TEST(ScenarioTest, AMissingFileIsNamed) {
  const auto scenario = LoadScenario("/no/such.yaml");
  EXPECT_EQ(scenario.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(scenario.status().message()), HasSubstr("/no/such.yaml"));
}

}  // namespace
}  // namespace trimtab
