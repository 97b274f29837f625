// Fuzzes the reader of share networks: no crash, and what it accepts predicts shares that sum to
// one and comes back with the same bytes.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "trimtab/graphdynamics/share_network_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto model = trimtab::ShareNetworkModel::FromJson(
      std::string_view(reinterpret_cast<const char*>(data), size));
  if (!model.ok()) return 0;
  const std::string text = model->ToJson();
  const auto again = trimtab::ShareNetworkModel::FromJson(text);
  if (!again.ok() || again->ToJson() != text) std::abort();
  const auto predictor = trimtab::MakeNetworkPredictor(*model);
  if (!predictor.ok()) std::abort();
  const std::size_t graphs = model->space.graphs();
  std::vector<double> row(model->space.width(), 1.0 / static_cast<double>(graphs));
  std::vector<double> shares(graphs);
  (*predictor)->Predict({&model->space, row}, shares);
  double sum = 0;
  for (const double share : shares) sum += share;
  if (!(std::abs(sum - 1) < 1e-6)) std::abort();
  return 0;
}
