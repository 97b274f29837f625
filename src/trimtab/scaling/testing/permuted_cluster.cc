#include "trimtab/scaling/testing/permuted_cluster.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "trimtab/endtoend/tail_network.h"

namespace trimtab::testing {
namespace {

// Rows of `width` numbers in another order, starting at `offset`.
template <class T>
void PermuteRows(const std::vector<T>& from, std::size_t offset, std::size_t width,
                 const std::vector<std::size_t>& order, std::vector<T>& to) {
  for (std::size_t i = 0; i < order.size(); ++i) {
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(offset + order[i] * width), width,
                to.begin() + static_cast<std::ptrdiff_t>(offset + i * width));
  }
}

EndToEndModel PermutedModel(const EndToEndModel& from, const std::vector<std::size_t>& order) {
  EndToEndModel to = from;
  PermuteRows(from.microservices, 0, 1, order, to.microservices);
  PermuteRows(from.input_center, 0, 2, order, to.input_center);
  PermuteRows(from.input_scale, 0, 2, order, to.input_scale);
  if (HasComposition(from.kind)) {
    PermuteRows(from.composition_shares, 0, 1, order, to.composition_shares);
  }
  if (HasNetwork(from.kind)) {
    const TailNetworkShape shape = ShapeOf(from.kind, from.tokens(), from.hidden);
    if (shape.embedding) PermuteRows(from.parameters, 0, 2, order, to.parameters);
    PermuteRows(from.parameters, shape.dense_offset(), 2 * static_cast<std::size_t>(from.hidden),
                order, to.parameters);
  }
  return to;
}

}  // namespace

SyntheticCluster Permuted(const SyntheticCluster& cluster, const std::vector<std::size_t>& order) {
  SyntheticCluster to = cluster;
  std::vector<Microservice> microservices;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const MicroserviceId from(order[i]);
    microservices.push_back(cluster.application.microservice(from));
    to.latency[i] = cluster.latency[order[i]];
    to.desired[MicroserviceId(i)] = cluster.desired[from];
    to.observation.microservices[i] = cluster.observation.microservices[order[i]];
  }
  to.application = *Application::Create(cluster.application.name(), std::move(microservices), {});
  to.end_to_end = PermutedModel(cluster.end_to_end, order);
  return to;
}

}  // namespace trimtab::testing
