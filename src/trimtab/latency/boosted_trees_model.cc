// The only file that knows XGBoost: its C interface, found at run time.
#include "trimtab/latency/boosted_trees_model.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/application/interference.h"
#include "trimtab/latency/feature_ranges.h"
#include "trimtab/latency/latency_model.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/neural/portable_math.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

constexpr std::size_t kInputs = 3 + kInterferenceKinds.size();
constexpr const char* kLibraries[] = {"libxgboost.so.0", "libxgboost.so"};
constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
using Row = std::array<float, kInputs>;

// The part of xgboost/c_api.h that is used; its handles are opaque pointers.
struct XgboostLibrary {
  const char* (*get_last_error)() = nullptr;
  int (*matrix_create)(const float*, std::uint64_t, std::uint64_t, float, void**) = nullptr;
  int (*matrix_set_float_info)(void*, const char*, const float*, std::uint64_t) = nullptr;
  int (*matrix_free)(void*) = nullptr;
  int (*booster_create)(void* const*, std::uint64_t, void**) = nullptr;
  int (*booster_free)(void*) = nullptr;
  int (*booster_set_param)(void*, const char*, const char*) = nullptr;
  int (*booster_update)(void*, int, void*) = nullptr;
  int (*booster_predict)(void*, const char*, const char*, void*, const std::uint64_t**,
                         std::uint64_t*, const float**) = nullptr;

  absl::Status Check(int code) const {
    if (code == 0) return absl::OkStatus();
    return absl::InternalError(fmt::format("XGBoost: {}", get_last_error()));
  }
};

template <class Function>
bool Resolve(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

absl::StatusOr<XgboostLibrary> LoadXgboost() {
  void* handle = nullptr;
  for (const char* name : kLibraries) {
    handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (handle != nullptr) break;
  }
  if (handle == nullptr) {
    return absl::UnavailableError(
        fmt::format("boosted trees need {}, which is not installed (Debian package libxgboost0)",
                    kLibraries[0]));
  }
  XgboostLibrary library;
  const bool complete = Resolve(handle, "XGBGetLastError", library.get_last_error) &&
                        Resolve(handle, "XGDMatrixCreateFromMat", library.matrix_create) &&
                        Resolve(handle, "XGDMatrixSetFloatInfo", library.matrix_set_float_info) &&
                        Resolve(handle, "XGDMatrixFree", library.matrix_free) &&
                        Resolve(handle, "XGBoosterCreate", library.booster_create) &&
                        Resolve(handle, "XGBoosterFree", library.booster_free) &&
                        Resolve(handle, "XGBoosterSetParam", library.booster_set_param) &&
                        Resolve(handle, "XGBoosterUpdateOneIter", library.booster_update) &&
                        Resolve(handle, "XGBoosterPredictFromDense", library.booster_predict);
  if (!complete) {
    return absl::UnavailableError(fmt::format(
        "libxgboost lacks a function of its C interface, expected version 1.6 or later: {}",
        dlerror()));
  }
  return library;
}

Row ToRow(const LatencyFeatures& features) {
  Row row;
  row[0] = static_cast<float>(InCores(features.container.cpu));
  row[1] = static_cast<float>(InMebibytes(features.container.memory));
  row[2] = static_cast<float>(features.container_load.value());
  for (std::size_t k = 0; k < kInterferenceKinds.size(); ++k) {
    const auto share = features.interference[kInterferenceKinds[k]];
    row[3 + k] = share ? static_cast<float>(share->value()) : kMissing;
  }
  return row;
}

}  // namespace

// A booster and the library that made it; owns the handle.
struct BoostedTreesModel::Booster {
  Booster(const XgboostLibrary& of, void* made) : library(of), handle(made) {}
  Booster(const Booster&) = delete;
  Booster& operator=(const Booster&) = delete;
  ~Booster() { library.booster_free(handle); }

  absl::Status Configure(const BoostedTreesOptions& options) const;
  absl::Status Train(void* matrix, int rounds) const;

  XgboostLibrary library;
  void* handle;
};

absl::Status BoostedTreesModel::Booster::Configure(const BoostedTreesOptions& options) const {
  const std::pair<const char*, std::string> parameters[] = {
      {"objective", "reg:squarederror"},
      {"tree_method", "hist"},
      {"nthread", "1"},
      {"verbosity", "0"},
      {"max_depth", fmt::format("{}", options.depth)},
      {"eta", fmt::format("{}", options.learning_rate)},
      {"num_parallel_tree", fmt::format("{}", options.parallel_trees)},
      {"subsample", fmt::format("{}", options.sample_share)},
      {"lambda", fmt::format("{}", options.leaf_penalty)},
      {"seed", fmt::format("{}", options.seed)}};
  for (const auto& [name, value] : parameters) {
    if (auto status = library.Check(library.booster_set_param(handle, name, value.c_str()));
        !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

absl::Status BoostedTreesModel::Booster::Train(void* matrix, int rounds) const {
  for (int round = 0; round < rounds; ++round) {
    if (auto status = library.Check(library.booster_update(handle, round, matrix)); !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

BoostedTreesOptions BoostedTreesOptions::RandomForest(std::uint64_t seed) {
  BoostedTreesOptions options;
  options.rounds = 1;
  options.learning_rate = 1;
  options.parallel_trees = 200;
  options.sample_share = 0.8;
  options.leaf_penalty = 1e-5;
  options.seed = seed;
  return options;
}

absl::Status BoostedTreesOptions::Validate() const {
  std::string violations;
  const auto check = [&violations](bool ok, const char* name, double value, const char* bound) {
    if (ok) return;
    violations +=
        fmt::format("{}{} is {}, expected {}", violations.empty() ? "" : "; ", name, value, bound);
  };
  check(rounds >= 1 && rounds <= 100'000, "boosting rounds", rounds, "1 to 100000");
  check(depth >= 1 && depth <= 16, "tree depth", depth, "1 to 16");
  check(learning_rate > 0 && learning_rate <= 1, "learning rate", learning_rate, "0 to 1, above 0");
  check(parallel_trees >= 1 && parallel_trees <= 10'000, "trees in parallel", parallel_trees,
        "1 to 10000");
  check(leaf_penalty >= 0 && leaf_penalty <= 1e6, "leaf penalty", leaf_penalty, "0 to 1000000");
  check(sample_share > 0 && sample_share <= 1, "share of the samples", sample_share,
        "0 to 1, above 0");
  check(mask_probability >= 0 && mask_probability <= 1, "mask probability", mask_probability,
        "0 to 1");
  check(model_error > 0 && model_error <= 1, "model error", model_error, "0 to 1, above 0");
  return violations.empty() ? absl::OkStatus() : absl::InvalidArgumentError(violations);
}

absl::StatusOr<BoostedTreesModel> BoostedTreesModel::Fit(std::span<const LatencySample> samples,
                                                         const BoostedTreesOptions& options) {
  if (absl::Status status = options.Validate(); !status.ok()) return status;
  if (absl::Status status = ValidateSamples(samples); !status.ok()) return status;
  const absl::StatusOr<XgboostLibrary> library = LoadXgboost();
  if (!library.ok()) return library.status();

  RandomStream masks(options.seed, "boosted trees/masks");
  std::vector<float> table;
  std::vector<float> targets;
  std::vector<float> weights;
  for (const LatencySample& sample : samples) {
    Row row = ToRow(sample.features);
    for (std::size_t k = 3; k < kInputs; ++k) {
      if (masks.Uniform() < options.mask_probability) row[k] = kMissing;
    }
    table.insert(table.end(), row.begin(), row.end());
    targets.push_back(static_cast<float>(PortableLog(sample.tail.count())));
    weights.push_back(
        static_cast<float>(SampleWeight(sample.relative_standard_error, options.model_error)));
  }

  void* made = nullptr;
  if (auto status = library->Check(
          library->matrix_create(table.data(), samples.size(), kInputs, kMissing, &made));
      !status.ok()) {
    return status;
  }
  const auto free_matrix = [&library](void* matrix) { library->matrix_free(matrix); };
  const std::unique_ptr<void, decltype(free_matrix)> matrix(made, free_matrix);
  for (const auto& [name, values] : {std::pair{"label", &targets}, std::pair{"weight", &weights}}) {
    if (auto status = library->Check(
            library->matrix_set_float_info(matrix.get(), name, values->data(), values->size()));
        !status.ok()) {
      return status;
    }
  }
  void* handle = nullptr;
  if (auto status = library->Check(library->booster_create(&made, 1, &handle)); !status.ok()) {
    return status;
  }
  auto booster = std::make_unique<Booster>(*library, handle);
  if (auto status = booster->Configure(options); !status.ok()) return status;
  if (auto status = booster->Train(matrix.get(), options.rounds); !status.ok()) return status;
  return BoostedTreesModel(FeatureRanges::Of(samples), std::move(booster));
}

BoostedTreesModel::BoostedTreesModel(const FeatureRanges& ranges, std::unique_ptr<Booster> booster)
    : ranges_(ranges), booster_(std::move(booster)) {}
BoostedTreesModel::BoostedTreesModel(BoostedTreesModel&&) noexcept = default;
BoostedTreesModel& BoostedTreesModel::operator=(BoostedTreesModel&&) noexcept = default;
BoostedTreesModel::~BoostedTreesModel() = default;

Latency BoostedTreesModel::Predict(const LatencyFeatures& features) const {
  const Row row = ToRow(features);
  const std::string array =
      fmt::format(R"({{"data":[{},true],"shape":[1,{}],"typestr":"<f4","version":3}})",
                  reinterpret_cast<std::uintptr_t>(row.data()), kInputs);
  constexpr const char* kConfig =
      R"({"type":0,"iteration_begin":0,"iteration_end":0,"strict_shape":false,)"
      R"("missing":NaN,"cache_id":0})";
  const std::uint64_t* shape = nullptr;
  std::uint64_t dimensions = 0;
  const float* result = nullptr;
  const int code = booster_->library.booster_predict(booster_->handle, array.c_str(), kConfig,
                                                     nullptr, &shape, &dimensions, &result);
  // A trained booster and a well-formed row leave nothing to fail but a broken library, and a made
  // up latency would be worse than an end.
  if (code != 0 || result == nullptr) std::abort();
  return Latency(PortableExp(static_cast<double>(*result)));
}

LatencyPrediction BoostedTreesModel::PredictWithGradient(const LatencyFeatures& features) const {
  LatencyPrediction prediction{Predict(features), {}};
  const auto slope = [&](const auto& moved_by, double step) {
    if (step <= 0) return 0.0;
    return (Predict(moved_by(step)) - Predict(moved_by(-step))).count() / (2 * step);
  };
  prediction.gradient.by_cpu = slope(
      [&](double cores) {
        LatencyFeatures moved = features;
        moved.container.cpu += Millicores(std::llround(1000 * cores));
        return moved;
      },
      0.05 * ranges_.cpu_cores.length());
  prediction.gradient.by_memory = slope(
      [&](double mib) {
        LatencyFeatures moved = features;
        moved.container.memory += Bytes(std::llround(1048576 * mib));
        return moved;
      },
      0.05 * ranges_.memory_mib.length());
  prediction.gradient.by_load = slope(
      [&](double load) {
        LatencyFeatures moved = features;
        moved.container_load += RequestsPerSecond(load);
        return moved;
      },
      0.05 * ranges_.container_load.length());
  return prediction;
}

}  // namespace trimtab
