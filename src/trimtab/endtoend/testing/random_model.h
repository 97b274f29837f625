// End-to-end models and own latencies at random, for tests and benchmarks.
#pragma once

#include <cstdint>
#include <vector>

#include "fmt/format.h"
#include "trimtab/endtoend/end_to_end_model.h"
#include "trimtab/endtoend/own_latency.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab::testing {

// A valid model whose weights have the sizes that training leaves them with.
inline EndToEndModel RandomEndToEndModel(EndToEndKind kind, int tokens, int hidden,
                                         std::uint64_t seed) {
  RandomStream random(seed, "endtoend/testing");
  EndToEndModel model;
  model.kind = kind;
  model.hidden = hidden;
  for (int i = 0; i < tokens; ++i) {
    model.microservices.push_back(fmt::format("microservice-{}", i));
    for (int c = 0; c < 2; ++c) {
      model.input_center.push_back(2.0 + 0.3 * random.Normal());
      model.input_scale.push_back(1.0 + 0.3 * random.Uniform());
    }
    if (HasComposition(kind)) model.composition_shares.push_back(0.2 + 0.8 * random.Uniform());
  }
  model.composition_weight = HasNetwork(kind) && HasComposition(kind) ? 0.8 : 1;
  model.composition_constant = HasComposition(kind) ? 1.5 : 0;
  model.output_center = HasComposition(kind) ? 0.05 : 4;
  model.output_scale = HasComposition(kind) ? 0.15 : 0.6;
  if (HasNetwork(kind)) {
    const TailNetworkShape shape = ShapeOf(kind, tokens, hidden);
    for (std::size_t i = 0; i < shape.parameter_count(); ++i) {
      double size = 0.5;
      if (i >= shape.dense_offset()) size = i < shape.bias_offset() ? 0.3 / std::sqrt(tokens) : 0.2;
      model.parameters.push_back(static_cast<float>(random.Normal() * size));
    }
  }
  model.error_ratios = {0.9, 1.0, 1.1};
  return model;
}

inline OwnLatency RandomOwnLatency(RandomStream& random) {
  const double mean = 2 + 20 * random.Uniform();
  return {.mean = Latency(mean), .max = Latency(mean * (1 + random.Uniform()))};
}

inline std::vector<OwnLatency> RandomOwnLatencies(int tokens, RandomStream& random) {
  std::vector<OwnLatency> all;
  for (int i = 0; i < tokens; ++i) all.push_back(RandomOwnLatency(random));
  return all;
}

}  // namespace trimtab::testing
