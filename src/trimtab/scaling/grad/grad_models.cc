#include "trimtab/scaling/grad/grad_models.h"

#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"

namespace trimtab {

absl::StatusOr<GradModels> GradModels::Create(const Application& application,
                                              std::span<const NeuralLatencyModel* const> latency,
                                              EndToEndModel end_to_end) {
  if (latency.size() != application.size()) {
    return absl::InvalidArgumentError(
        fmt::format("application '{}' has {} microservices, {} latency models were given",
                    application.name(), application.size(), latency.size()));
  }
  std::vector<const NeuralLatencyModel*> models;
  std::vector<Joined> joined(application.size());
  for (std::size_t i = 0; i < latency.size(); ++i) {
    if (latency[i] == nullptr) continue;
    joined[i].model = models.size();
    joined[i].ranges = latency[i]->ranges();
    models.push_back(latency[i]);
  }
  absl::StatusOr<LatencyBank> bank = LatencyBank::Create(models);
  if (!bank.ok()) return bank.status();
  absl::StatusOr<EndToEndPredictor> predictor = EndToEndPredictor::Create(std::move(end_to_end));
  if (!predictor.ok()) return predictor.status();
  const std::vector<std::string>& tokens = predictor->microservices();
  for (std::size_t t = 0; t < tokens.size(); ++t) {
    const std::optional<MicroserviceId> id = application.Find(tokens[t]);
    if (!id) {
      return absl::InvalidArgumentError(
          fmt::format("the end-to-end model knows microservice '{}', application '{}' does not",
                      tokens[t], application.name()));
    }
    joined[id->value()].token = t;
  }
  const SimdLevel simd = models[0]->simd();
  GradModels all(*std::move(bank), *std::move(predictor), simd);
  all.joined_ = std::move(joined);
  return all;
}

}  // namespace trimtab
