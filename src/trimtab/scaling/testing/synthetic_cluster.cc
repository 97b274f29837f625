#include "trimtab/scaling/testing/synthetic_cluster.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "trimtab/endtoend/end_to_end_predictor.h"
#include "trimtab/endtoend/testing/random_model.h"
#include "trimtab/latency/testing/synthetic_microservice.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab::testing {
namespace {

constexpr int kModels = 4;

Application MakeApplication(int microservices) {
  std::vector<Microservice> all;
  for (int i = 0; i < microservices; ++i) {
    all.push_back({.name = fmt::format("m{}", i), .bounds = {}});
    all.back().bounds.working_set = Mebibytes(120);
  }
  return *Application::Create("synthetic", std::move(all), {});
}

EndToEndModel MakeEndToEnd(int microservices, EndToEndKind kind, std::uint64_t seed) {
  EndToEndModel model = RandomEndToEndModel(kind, microservices, 32, seed);
  for (int i = 0; i < microservices; ++i) {
    model.microservices[static_cast<std::size_t>(i)] = fmt::format("m{}", i);
  }
  return model;
}

}  // namespace

const std::vector<NeuralLatencyModel>& TrainedLatencyModels() {
  static const std::vector<NeuralLatencyModel> models = [] {
    std::vector<NeuralLatencyModel> trained;
    for (int seed = 0; seed < kModels; ++seed) {
      NeuralLatencyOptions options;
      options.samples_read = 200'000;
      trained.push_back(*NeuralLatencyModel::Fit(
          SyntheticMicroservice(static_cast<std::uint64_t>(seed)).Grid(7), options));
    }
    return trained;
  }();
  return models;
}

SyntheticCluster::SyntheticCluster(int microservices, int replicas, EndToEndKind kind,
                                   double load_share, std::uint64_t seed)
    : application(MakeApplication(microservices)),
      end_to_end(MakeEndToEnd(microservices, kind, seed)),
      desired(static_cast<std::size_t>(microservices),
              {.replicas = replicas, .container = {Millicores(500), Mebibytes(300)}}) {
  RandomStream random(seed, "scaling/testing");
  observation.at = Instant(std::chrono::minutes(10));
  observation.window = std::chrono::seconds(60);
  observation.hosts.push_back({.name = "host",
                               .allocatable_cpu = Cores(64),
                               .allocatable_memory = Gibibytes(128),
                               .requested_cpu = {},
                               .requested_memory = {},
                               .interference = {}});
  for (std::size_t i = 0; i < application.size(); ++i) {
    latency.push_back(&TrainedLatencyModels()[i % kModels]);
    const double per_core = latency.back()->ranges().load_per_core.high;
    const double spread = 0.8 + 0.4 * random.Uniform();
    MicroserviceObservation& seen = observation.microservices.emplace_back();
    seen.desired = desired[MicroserviceId(i)];
    seen.ready = replicas;
    double total = 0;
    for (int r = 0; r < replicas; ++r) {
      ContainerObservation& container = seen.containers.emplace_back();
      container.pod = fmt::format("m{}-{}", i, r);
      container.ready = true;
      container.limits = seen.desired.container;
      const double load = load_share * spread * per_core * 0.5;
      container.container_load = Measured<RequestsPerSecond>{.value = RequestsPerSecond(load)};
      container.cpu_usage = Measured<double>{.value = 0.8 * load / per_core};
      container.memory_usage = Measured<Bytes>{.value = Mebibytes(110)};
      for (const InterferenceKind kind_of : kInterferenceKinds) {
        container.interference.Set(kind_of, Ratio(0.3 * random.Uniform()));
      }
      total += load;
    }
    seen.arrival_rate = RequestsPerSecond(total);
  }
  AddClass("0000000000000001", microservices, 80);
  AddClass("0000000000000002", std::max(1, microservices - 1), 20);
}

void SyntheticCluster::AddClass(std::string id, int visits, std::int64_t traces) {
  GraphClassObservation& of = observation.graph_classes.emplace_back();
  of.id = std::move(id);
  of.traces = traces;
  of.share = static_cast<double>(traces) / 100;
  of.tree.microservice = "m0";
  for (int i = 1; i < visits; ++i) {
    of.tree.steps.push_back(Sequential({.microservice = fmt::format("m{}", i), .steps = {}}));
  }
}

DermModels SyntheticCluster::LatencyLaws() const {
  DermModels models;
  models.levels = {Interference::None()};
  for (const NeuralLatencyModel* const model : latency) {
    const double limit = 1.25 * 0.5 * model->ranges().load_per_core.high;
    const RateLaw rate{.slope = -5000 / limit, .intercept = 5000};
    const LoadLaw law = *LoadLaw::Of(rate);
    DermMicroserviceModel& of = models.microservices.emplace_back();
    of.container = {Millicores(500), Mebibytes(300)};
    DermLaws& laws = of.laws.emplace_back();
    laws.rate = rate;
    for (const double share : {0.0, 0.3, 0.6, 0.8, 0.95}) {
      const LoadLaw::Moments at = law.At(share * limit);
      laws.curve.push_back({share * limit, at.mean, at.variance, at.third});
    }
  }
  return models;
}

GradModels SyntheticCluster::Models() const {
  return *GradModels::Create(application, latency, end_to_end);
}

PlanningInput SyntheticCluster::Input(Latency sla) const {
  return {.application = application,
          .observation = observation,
          .desired = desired,
          .sla = {.latency = sla},
          .capacity = std::nullopt};
}

Latency SyntheticCluster::ExpectedTail(const Allocation& allocation) const {
  std::vector<OwnLatency> own;
  for (std::size_t i = 0; i < application.size(); ++i) {
    const MicroserviceAllocation& a = allocation[MicroserviceId(i)];
    const MicroserviceObservation& seen = observation.microservices[i];
    const FeatureRanges& ranges = latency[i]->ranges();
    std::vector<Latency> tails;
    Interference mean;
    for (const InterferenceKind kind : kInterferenceKinds) {
      double sum = 0;
      for (const ContainerObservation& c : seen.containers) sum += c.interference[kind]->value();
      mean.Set(kind, Ratio(sum / static_cast<double>(seen.containers.size())));
    }
    const double load = std::clamp(seen.arrival_rate->value() / a.replicas,
                                   ranges.container_load.low, ranges.container_load.high);
    const std::size_t rows = std::max(seen.containers.size(), static_cast<std::size_t>(a.replicas));
    for (std::size_t r = 0; r < rows; ++r) {
      tails.push_back(latency[i]->Predict(
          {.container = a.container,
           .container_load = RequestsPerSecond(load),
           .interference = r < seen.containers.size() ? seen.containers[r].interference : mean}));
    }
    own.push_back(OwnLatency::Of(tails));
  }
  return EndToEndPredictor::Create(end_to_end)->Predict(own);
}

}  // namespace trimtab::testing
