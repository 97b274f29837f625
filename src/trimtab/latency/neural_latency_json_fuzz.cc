// Any text is read or refused, and what is read can be asked and written.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "trimtab/latency/neural_latency_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto model = trimtab::NeuralLatencyModel::FromJson(text, trimtab::SimdLevel::kPortable);
  if (!model.ok()) return 0;
  const auto copy =
      trimtab::NeuralLatencyModel::FromJson(model->ToJson(), trimtab::SimdLevel::kPortable);
  if (!copy.ok() || copy->ToJson() != model->ToJson()) std::abort();
  return 0;
}
