// The fused kernels against what the machine can do at most, and against one lane at a time.
#include <cstddef>
#include <vector>

#include "bench/comparison.h"
#include "fmt/format.h"
#include "trimtab/neural/mlp.h"
#include "trimtab/neural/mlp_shape.h"
#include "trimtab/neural/mlp_trainer.h"
#include "trimtab/neural/simd_level.h"
#include "trimtab/probability/random_stream.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "trimtab/neural/fused_kernels_comparison.cc"
#include "hwy/foreach_target.h"
// foreach_target.h comes first: it includes this file again for each instruction set.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace trimtab::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Independent chains of fused multiply-adds that fit the registers; returns the operations done.
double FusedMultiplyAdds(std::size_t rounds, float* sink) {
  const hn::CappedTag<float, 16> d;
  constexpr std::size_t kChains = hn::MaxLanes(d) == 16 ? 16 : 10;
  const auto factor = hn::Set(d, 0.999f);
  const auto term = hn::Set(d, 0.001f);
  hn::Vec<decltype(d)> chains[kChains];
  for (std::size_t i = 0; i < kChains; ++i) chains[i] = hn::Set(d, static_cast<float>(i));
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < kChains; ++i) chains[i] = hn::MulAdd(chains[i], factor, term);
  }
  for (std::size_t i = 1; i < kChains; ++i) chains[0] = hn::Add(chains[0], chains[i]);
  *sink = hn::GetLane(chains[0]);
  return 2.0 * static_cast<double>(rounds) * kChains * static_cast<double>(hn::MaxLanes(d));
}

}  // namespace trimtab::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trimtab {
namespace {

HWY_EXPORT(FusedMultiplyAdds);

MlpSamples RandomSamples(int inputs, std::size_t rows) {
  MlpSamples samples(inputs, rows);
  RandomStream random(1, "samples");
  for (std::size_t i = 0; i < rows; ++i) {
    for (float& input : samples.row(i)) input = static_cast<float>(random.Uniform());
    samples.target(i) = samples.row(i)[0] * samples.row(i)[1];
  }
  return samples;
}

int CompareTraining(int hidden, int batch_rows) {
  const MlpShape shape{.inputs = 7, .hidden = hidden};
  const MlpSamples samples = RandomSamples(shape.inputs, 16'000);
  const MlpTrainerOptions options{.epochs = 4, .batch_rows = batch_rows};
  Comparison comparison;
  comparison.what =
      fmt::format("training 7-{0}-{0}-{0}-1, batch {1}, of the peak", hidden, batch_rows);
  comparison.unit = "FLOP/s";
  comparison.peer_name = fmt::format("multiply-add loop, {}", InstructionSetName());
  comparison.work = shape.TrainingFlopsPerSample() * 16'000 * options.epochs;
  float sink = 0;
  const double once = HWY_DYNAMIC_DISPATCH(FusedMultiplyAdds)(1, &sink);
  const auto rounds = static_cast<std::size_t>(comparison.work / once);
  bool ok = true;
  const int code = RunComparison(
      comparison, [&] { ok = ok && TrainMlp(samples, shape, options).ok(); },
      [&] { HWY_DYNAMIC_DISPATCH(FusedMultiplyAdds)(rounds, &sink); });
  return ok && sink > 0 ? code : 1;
}

int CompareInference() {
  const MlpShape shape{.inputs = 11};
  RandomStream random(1, "weights");
  const Mlp mlp = Mlp::CreateRandom(shape, {}, random).value();
  constexpr std::size_t kRows = 12'000;
  const MlpSamples samples = RandomSamples(shape.inputs, kRows);
  std::vector<float> vectors(kRows);
  std::vector<float> lanes(kRows);
  const auto evaluate = [&](std::vector<float>& values) {
    EvaluateMlp(shape, mlp.weights().data(), samples.table(), kRows, values.data(),
                SimdLevel::kPortable);
  };
  Comparison comparison;
  comparison.what = "values of 11-32-32-32-1";
  comparison.unit = "rows/s";
  comparison.peer_name = "one lane at a time, same bytes";
  comparison.work = kRows;
  const int code = RunComparison(
      comparison, [&] { evaluate(vectors); },
      [&] {
        hwy::SetSupportedTargetsForTest(HWY_SCALAR);
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
        evaluate(lanes);
        hwy::SetSupportedTargetsForTest(0);
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
      });
  return vectors == lanes ? code : 1;
}

}  // namespace
}  // namespace trimtab

int main() {
  int code = trimtab::CompareTraining(32, 32);
  if (code == 0) code = trimtab::CompareTraining(64, 128);
  if (code == 0) code = trimtab::CompareInference();
  return code;
}
#endif  // HWY_ONCE
