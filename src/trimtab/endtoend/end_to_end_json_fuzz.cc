// Fuzzes the reader of end-to-end models: no crash, and what it accepts predicts finite tails and
// comes back with the same bytes.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "trimtab/endtoend/end_to_end_predictor.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto model =
      trimtab::EndToEndModel::FromJson(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!model.ok()) return 0;
  const std::string text = model->ToJson();
  const auto again = trimtab::EndToEndModel::FromJson(text);
  if (!again.ok() || again->ToJson() != text) std::abort();
  if (model->tokens() > 64) return 0;
  const auto predictor = trimtab::EndToEndPredictor::Create(*model);
  const std::vector<trimtab::OwnLatency> own(model->microservices.size(),
                                             {trimtab::Latency(5), trimtab::Latency(7)});
  if (!predictor.ok() || !std::isfinite(predictor->Predict(own).count())) std::abort();
  return 0;
}
