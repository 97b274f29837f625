// What a sample table is about: kept beside it as a JSON document.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/profiling/sweep_options.h"

namespace trimtab {

// How far measuring alone is off, from settings of utilisation 0.6-0.8 that were measured both
// ways: alone / in the tree - 1, from the mean logarithm of the ratio, in which each pair weighs by
// the error estimates of its two labels. Nothing is known when `pairs` is 0.
struct AloneBias {
  double mean = 0;
  double standard_error = 0;
  std::int64_t pairs = 0;
  friend bool operator==(const AloneBias&, const AloneBias&) = default;
};

struct SampledMicroservice {
  std::string name;
  bool asynchronous = true;
  double visits_per_request = 0;
  std::int64_t refused_settings = 0;    // too little memory to run
  std::int64_t set_aside_settings = 0;  // alone is not valid there
  AloneBias alone_bias = {};
};

struct SampleManifest {
  static constexpr int kVersion = 2;

  std::string application;
  std::string scenario_hash;
  SweepOptions options;
  std::vector<SampledMicroservice> microservices;  // in the order of MicroserviceId
  std::int64_t settings = 0;                       // measurements planned, alone and whole-tree
  std::int64_t rows = 0;
  // The sweep ran to its end. Until then counts and biases are zero.
  bool complete = false;

  std::vector<std::string> Names() const;
};

std::string ManifestToJson(const SampleManifest& manifest);

// Strict. kFailedPrecondition for another version, kInvalidArgument for anything else that is
// wrong, with its place. ManifestFromJson(ManifestToJson(m)) equals m in every field.
absl::StatusOr<SampleManifest> ManifestFromJson(std::string_view text);

// Where two sweeps differ in what decides their samples, counts and biases apart: one line for each
// field, "options.seed: 1 and 2". Empty: one can continue the other.
std::vector<std::string> SweepDifferences(const SampleManifest& a, const SampleManifest& b);

}  // namespace trimtab
