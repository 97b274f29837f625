// Spans of the simulated cluster give back the scenario that they come from.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/calibration/hold_out.h"
#include "trimtab/calibration/run_samples.h"
#include "trimtab/calibration/scenario_from_spans.h"
#include "trimtab/callgraph/call_tree.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/scenario/scenario.h"
#include "trimtab/simulation/simulated_cluster.h"
#include "trimtab/tracing/trace_analysis.h"

namespace trimtab {
namespace {

// A call tree that a scenario can make, and how often.
struct PossibleTree {
  double share;
  CallTree tree;
};

// All ways in which the programs of a scenario can run.
class TreeEnumeration {
 public:
  explicit TreeEnumeration(const ClusterScenario& cluster) : cluster_(cluster) {}

  std::vector<PossibleTree> All() const {
    std::vector<PossibleTree> all;
    double shares = 0;
    for (const EntrySpec& entry : cluster_.entries) shares += entry.share;
    for (const EntrySpec& entry : cluster_.entries) {
      for (PossibleTree& tree : Of({entry.microservice, entry.endpoint, std::nullopt})) {
        all.push_back({tree.share * entry.share / shares, std::move(tree.tree)});
      }
    }
    return all;
  }

 private:
  std::vector<PossibleTree> Of(const CallTarget& target) const {
    for (const MicroserviceSpec& m : cluster_.microservices) {
      if (m.name != target.microservice) continue;
      for (const EndpointSpec& endpoint : m.endpoints) {
        if (endpoint.name == target.endpoint) {
          return Run(endpoint.program, {{1.0, CallTree{m.name, 1, {}}}});
        }
      }
    }
    return {};
  }
  std::vector<PossibleTree> Run(const std::vector<ProgramStep>& program,
                                std::vector<PossibleTree> so_far) const {
    for (const ProgramStep& step : program) {
      if (const auto* call = std::get_if<CallStep>(&step.step); call != nullptr) {
        so_far = WithCall(*call, so_far);
      } else if (const auto* branch = std::get_if<BranchStep>(&step.step); branch != nullptr) {
        auto then = Run(branch->then, so_far);
        auto otherwise = Run(branch->otherwise, so_far);
        for (PossibleTree& tree : then) tree.share *= branch->probability;
        for (PossibleTree& tree : otherwise) tree.share *= 1 - branch->probability;
        then.insert(then.end(), otherwise.begin(), otherwise.end());
        so_far = std::move(then);
      }
    }
    return so_far;
  }
  std::vector<PossibleTree> WithCall(const CallStep& call,
                                     const std::vector<PossibleTree>& so_far) const {
    std::vector<std::pair<double, std::vector<CallTree>>> calls = {{1.0, {}}};
    for (const CallTarget& target : call.targets) {
      std::vector<std::pair<double, std::vector<CallTree>>> longer;
      for (const auto& [share, branches] : calls) {
        for (const PossibleTree& callee : Of(target)) {
          longer.emplace_back(share * callee.share, branches);
          longer.back().second.push_back(callee.tree);
        }
      }
      calls = std::move(longer);
    }
    std::vector<PossibleTree> all;
    for (const PossibleTree& before : so_far) {
      if (call.probability < 1) {
        all.push_back({before.share * (1 - call.probability), before.tree});
      }
      if (call.probability <= 0) continue;
      for (const auto& [share, branches] : calls) {
        all.push_back({before.share * call.probability * share, before.tree});
        auto& steps = all.back().tree.steps;
        if (call.parallel) {
          steps.push_back(Parallel(branches));
        } else {
          for (const CallTree& branch : branches) steps.push_back(Sequential(branch));
        }
      }
    }
    return all;
  }

  const ClusterScenario& cluster_;
};

// A run with every request traced, and what the Tracing Coordinator makes of its spans.
struct TracedRun {
  NameTable names;
  TraceAnalysis analysis{names};
  RunCollector collector{names, {}};

  void Run(const ClusterScenario& cluster, double load, Duration length, std::uint64_t seed) {
    SimulatedClusterOptions options;
    options.seed = seed;
    // The last requests are answered before the end: no trace is cut.
    const auto series = StepSeries::Create(length - std::chrono::seconds(5), {load, 0});
    ASSERT_TRUE(series.ok());
    options.load = *series;
    options.span_share = 1;
    options.scrape_interval = Duration(0);
    auto world = SimulatedCluster::Create(cluster, std::move(options));
    ASSERT_TRUE(world.ok()) << world.status();
    std::vector<TracedSpan> spans;
    for (Duration at = std::chrono::seconds(5); at <= length; at += std::chrono::seconds(5)) {
      (*world)->clock().WaitUntil(Instant(at));
      spans.clear();
      ASSERT_TRUE((*world)
                      ->traces()
                      .Read((*world)->clock().Now(),
                            [&](const Span& span) { spans.push_back(Interned(span, names)); })
                      .ok());
      analysis.Add(spans, (*world)->clock().Now());
      assembler_.Add(spans, (*world)->clock().Now());
    }
    analysis.Finish();
    assembler_.Settle(Instant(length + std::chrono::hours(1)));
  }

 private:
  TraceAssembler assembler_{{}, collector};
};

void ExpectTreesOf(const ClusterScenario& cluster, const std::vector<InferredClass>& classes) {
  std::map<std::string, double> possible;
  for (const PossibleTree& tree : TreeEnumeration(cluster).All()) {
    possible[CanonicalText(tree.tree)] += tree.share;
  }
  double traces = 0;
  for (const InferredClass& one : classes) traces += static_cast<double>(one.traces);
  std::map<std::string, double> seen;
  for (const InferredClass& one : classes) {
    const std::string text = CanonicalText(one.tree);
    EXPECT_TRUE(possible.contains(text)) << text;
    seen[text] = static_cast<double>(one.traces) / traces;
  }
  for (const auto& [text, share] : possible) {
    // Binomial; 5 standard errors, since there are two dozen of them and some are rare.
    EXPECT_NEAR(seen[text], share, 5 * std::sqrt(share * (1 - share) / traces)) << text;
  }
}

ClusterScenario WithRoom(ClusterScenario cluster) {
  for (MicroserviceSpec& m : cluster.microservices) m.initial = {1, {Cores(4), Mebibytes(1000)}};
  return cluster;
}

TEST(SimulatedSpansTest, GiveBackTheCallTreesOfHotelReservation) {
  const auto scenario =
      LoadScenario(std::string(TRIMTAB_SOURCE_DIR) + "/scenarios/hotel-reservation.yaml");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  const ClusterScenario cluster = WithRoom(scenario->cluster);
  TracedRun run;
  run.Run(cluster, 100, std::chrono::seconds(60), 1);
  ExpectTreesOf(cluster, run.analysis.trees().Classes(ClassKey::kCanonical));
}

constexpr char kParallel[] = R"(apiVersion: trimtab.dev/v1alpha1
kind: Scenario
name: parallel
sla: {latency: 1s}
cluster: {hosts: [{name: host, cpu: 64, memory: 64Gi}]}
operations: [{name: get, entry: web/get}]
microservices:
  - name: web
    endpoints:
      - name: get
        program:
          - cpu: {lognormal: {mean: 1ms, cv: 1}}
          - call: {to: [a/x, b/x], parallel: true}
          - branch: {probability: 0.3, then: [{call: {to: [c/x, c/x]}}], otherwise: [{call: c/x}]}
  - {name: a, endpoints: [{name: x, program: [{cpu: {shiftedLognormal: {shift: 5ms, mean: 2ms, cv: 0.5}}}]}]}
  - {name: b, endpoints: [{name: x, program: [{wait: {shiftedLognormal: {shift: 4ms, mean: 3ms, cv: 0.5}}}]}]}
  - {name: c, endpoints: [{name: x, program: [{cpu: {lognormal: {mean: 2ms, cv: 0.7}}}, {call: b/x}]}]}
workload: {load: {constant: 20}}
)";

TEST(SimulatedSpansTest, GiveBackOwnLatenciesWithinTheSamplingError) {
  const auto scenario = ParseScenario(kParallel, "parallel");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  const ClusterScenario cluster = WithRoom(scenario->cluster);
  TracedRun run;
  run.Run(cluster, 20, std::chrono::seconds(600), 1);
  ExpectTreesOf(cluster, run.analysis.trees().Classes(ClassKey::kCanonical));
  const auto runs = run.collector.Runs();
  ASSERT_TRUE(runs.ok()) << runs.status();
  ASSERT_EQ(runs->size(), 1U);
  // Poisson count of 11,900: 4 standard errors are 3.7 %.
  EXPECT_NEAR(runs->front().rate, 20, 0.75);
  // At 20 requests/s on 8 cores nothing queues: the law of own latency is that of the program.
  const std::map<std::string, Distribution> laws = {
      {"web", Lognormal{Latency(1), 1}},
      {"a", ShiftedLognormal{Latency(5), Latency(2), 0.5}},
      {"b", ShiftedLognormal{Latency(4), Latency(3), 0.5}},
      {"c", Lognormal{Latency(2), 0.7}}};
  for (const auto& [name, law] : laws) {
    const std::vector<double>& own = runs->front().own_latency.at(name);
    for (const double p : {0.5, 0.95}) {
      // Standard error of a sample quantile sqrt(p (1 - p) / n) / density, the density from the
      // law's own quantiles; 4 of them and 1 % for two requests that meet on a core.
      const double h = 0.005;
      const double density =
          2 * h / (QuantileOf(law, p + h).count() - QuantileOf(law, p - h).count());
      const double error = std::sqrt(p * (1 - p) / static_cast<double>(own.size())) / density;
      EXPECT_NEAR(QuantileOfSorted(own, p), QuantileOf(law, p).count(),
                  4 * error + 0.01 * QuantileOf(law, p).count())
          << name << " at " << p;
    }
  }
}

// What the programs of a scenario say of own latency where nothing queues, without the simulation:
// by microservice, an ascending sample of the mixture of its endpoints.
class OwnLatencyLaws {
 public:
  explicit OwnLatencyLaws(const ClusterScenario& cluster) : cluster_(cluster) {
    for (const EntrySpec& entry : cluster.entries) {
      Visit({entry.microservice, entry.endpoint, std::nullopt}, entry.share);
    }
  }

  std::vector<double> Sample(const std::string& microservice, std::size_t size) {
    const auto& endpoints = weights_.at(microservice);
    double total = 0;
    for (const auto& [endpoint, weight] : endpoints) total += weight;
    std::vector<double> sample(size);
    for (double& value : sample) {
      double rest = stream_.Uniform() * total;
      auto chosen = endpoints.begin();
      while (rest > chosen->second && std::next(chosen) != endpoints.end()) {
        rest -= chosen->second;
        ++chosen;
      }
      value = Latency(chosen->first->transfer).count() + Draw(chosen->first->program);
    }
    std::sort(sample.begin(), sample.end());
    return sample;
  }

 private:
  void Visit(const CallTarget& target, double weight) {
    for (const MicroserviceSpec& m : cluster_.microservices) {
      if (m.name != target.microservice) continue;
      for (const EndpointSpec& endpoint : m.endpoints) {
        if (endpoint.name != target.endpoint) continue;
        weights_[m.name][&endpoint] += weight;
        Follow(endpoint.program, weight);
      }
    }
  }
  void Follow(const std::vector<ProgramStep>& program, double weight) {
    for (const ProgramStep& step : program) {
      if (const auto* call = std::get_if<CallStep>(&step.step); call != nullptr) {
        for (const CallTarget& target : call->targets) Visit(target, weight * call->probability);
      } else if (const auto* branch = std::get_if<BranchStep>(&step.step); branch != nullptr) {
        Follow(branch->then, weight * branch->probability);
        Follow(branch->otherwise, weight * (1 - branch->probability));
      }
    }
  }
  // In milliseconds.
  double Draw(const std::vector<ProgramStep>& program) {
    double sum = 0;
    for (const ProgramStep& step : program) {
      if (const auto* cpu = std::get_if<CpuStep>(&step.step); cpu != nullptr) {
        sum += QuantileOf(cpu->demand, stream_.Uniform()).count();
      } else if (const auto* wait = std::get_if<WaitStep>(&step.step); wait != nullptr) {
        sum += QuantileOf(wait->time, stream_.Uniform()).count();
      } else if (const auto* branch = std::get_if<BranchStep>(&step.step); branch != nullptr) {
        sum += Draw(stream_.Uniform() < branch->probability ? branch->then : branch->otherwise);
      }
    }
    return sum;
  }

  const ClusterScenario& cluster_;
  RandomStream stream_{1, "own latency laws"};
  std::map<std::string, std::map<const EndpointSpec*, double>> weights_;
};

TEST(SimulatedSpansTest, GiveBackOwnLatenciesOfHotelReservation) {
  const auto scenario =
      LoadScenario(std::string(TRIMTAB_SOURCE_DIR) + "/scenarios/hotel-reservation.yaml");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  ClusterScenario cluster = WithRoom(scenario->cluster);
  for (MicroserviceSpec& m : cluster.microservices) {
    m.cold_cache = {};
    m.sensitivity = {};  // to the memory of the host that others use: 1 % of three of them
  }
  TracedRun run;
  run.Run(cluster, 100, std::chrono::seconds(900), 1);
  OwnLatencyLaws laws(cluster);
  const auto measured = run.analysis.microservices();
  ASSERT_EQ(measured.size(), cluster.microservices.size());
  for (const MicroserviceLatency& one : measured) {
    const auto visits = static_cast<double>(one.visits);
    EXPECT_GT(visits, 400) << one.name;  // 20 beyond its P95
    constexpr std::size_t kReference = 200'000;
    const std::vector<double> law = laws.Sample(one.name, kReference);
    for (const double p : {0.5, 0.95}) {
      // The standard error of a sample quantile is sqrt(p (1 - p) / n) / density, for the visits
      // and for the reference; the density is the law's, over the 2 % around p. Of 34 quantiles the
      // largest of the errors is expected at 2.2 of them; 4 are passed once in 500 runs. Half a bin
      // of the histogram is 0.4 %.
      constexpr double kAround = 0.01;
      const double density =
          2 * kAround / (QuantileOfSorted(law, p + kAround) - QuantileOfSorted(law, p - kAround));
      const double error = std::sqrt(p * (1 - p) * (1 / visits + 1.0 / kReference)) / density;
      const double expected = QuantileOfSorted(law, p);
      const double value = one.own_latency.ValueAt(Quantile(p)) * 1e-6;
      EXPECT_NEAR(value, expected, 4 * error + 0.004 * expected)
          << one.name << " at " << p << ", " << one.visits << " visits";
    }
  }
}

TEST(SimulatedSpansTest, AScenarioMadeOfSpansHasTheirCallTreesAndLatencies) {
  const auto scenario = ParseScenario(kParallel, "parallel");
  ASSERT_TRUE(scenario.ok());
  TracedRun first;
  first.Run(WithRoom(scenario->cluster), 20, std::chrono::seconds(600), 1);
  const auto runs = first.collector.Runs();
  ASSERT_TRUE(runs.ok());
  std::map<std::string, LatencyLaw> laws;
  for (const auto& [name, unused] : runs->front().own_latency) laws[name] = *LawOf(*runs, name);
  const auto classes = first.analysis.trees().Classes(ClassKey::kCanonical);
  const auto made = ScenarioFromSpans("made", classes, laws, *runs);
  ASSERT_TRUE(made.ok()) << made.status();
  const auto again = ParseScenario(WriteScenario(*made), "made");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(ScenarioHash(*again), ScenarioHash(*made));
  EXPECT_TRUE(again->without_provenance.empty());

  TracedRun second;
  second.Run(WithRoom(again->cluster), 20, std::chrono::seconds(300), 2);
  ExpectTreesOf(again->cluster, second.analysis.trees().Classes(ClassKey::kCanonical));
  const auto second_runs = second.collector.Runs();
  ASSERT_TRUE(second_runs.ok());
  for (const auto& [name, own] : runs->front().own_latency) {
    for (const double p : {0.5, 0.95}) {
      // The fit of the law (3 %), and the sampling of 6,000 requests (4 standard errors of a P95 of
      // a lognormal of cv 1 are 7 %).
      EXPECT_NEAR(
          QuantileOfSorted(second_runs->front().own_latency.at(name), p) / QuantileOfSorted(own, p),
          1, 0.1)
          << name << " at " << p;
    }
  }
}

}  // namespace
}  // namespace trimtab
