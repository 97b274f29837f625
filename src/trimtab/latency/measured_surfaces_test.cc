// The models on latencies that others measured on real systems. The files are not part of the
// repository; without them the tests are skipped.
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "trimtab/application/interference.h"
#include "trimtab/latency/accuracy.h"
#include "trimtab/latency/latency_models.h"
#include "trimtab/latency/latency_sample.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

using Row = std::map<std::string, std::string>;

std::string DataFile(std::string_view name) {
  return fmt::format("{}/../shared/data/{}", TRIMTAB_SOURCE_DIR, name);
}

// Rows of a gzipped table without quoted fields, by column name.
std::vector<Row> ReadTable(const std::string& path) {
  std::string text;
  if (gzFile file = gzopen(path.c_str(), "rb"); file != nullptr) {
    std::vector<char> buffer(1 << 16);
    for (int got = 0; (got = gzread(file, buffer.data(), 1 << 16)) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    gzclose(file);
  }
  std::vector<Row> rows;
  std::vector<std::string> header;
  for (const std::string& line :
       std::vector<std::string>(absl::StrSplit(text, '\n', absl::SkipEmpty()))) {
    const std::vector<std::string> fields = absl::StrSplit(line, ',');
    if (header.empty()) {
      header = fields;
      continue;
    }
    Row& row = rows.emplace_back();
    for (std::size_t i = 0; i < std::min(header.size(), fields.size()); ++i) {
      row[header[i]] = fields[i];
    }
  }
  return rows;
}

double Number(const Row& row, const std::string& column) {
  double value = 0;
  const auto found = row.find(column);
  if (found == row.end() || !absl::SimpleAtod(found->second, &value)) return std::nan("");
  return value;
}

double MedianAccuracy(std::string_view kind, const std::vector<MicroserviceSamples>& samples,
                      const LatencyModelOptions& options) {
  const std::vector<InterferenceMask> none = {{"none", 0}};
  const auto reports = EvaluateLatencyModel(kind, samples, none, options, 2);
  if (!reports.ok()) {
    ADD_FAILURE() << reports.status();
    return 0;
  }
  return (*reports)[0].median;
}

struct Accuracies {
  double pwl = 0;
  double nn4 = 0;
  double xgb = 0;
};

// Labels without an error estimate; nothing is hidden in training because nothing is in the test.
Accuracies Compare(const std::vector<MicroserviceSamples>& samples) {
  LatencyModelOptions options;
  // An idle nginx is slower than a busy one, and several of the Erms surfaces fall with load.
  options.neural.monotone = false;
  options.neural.mask_probability = 0;
  options.trees.mask_probability = 0;
  Accuracies accuracies;
  accuracies.pwl = MedianAccuracy("pwl", samples, options);
  accuracies.nn4 = MedianAccuracy("nn4", samples, options);
  accuracies.xgb = MedianAccuracy("xgb", samples, options);
  fmt::print("pwl {:.1f} %, nn4 {:.1f} %, xgb {:.1f} %\n", accuracies.pwl, accuracies.nn4,
             accuracies.xgb);
  return accuracies;
}

// P95 of one nginx microservice under injected CPU, last-level-cache and memory-bandwidth load,
// 0 to 4 pods each. Cache load stands in the place of memory capacity.
TEST(MeasuredSurfacesTest, NetworksAndTreesBeatLinesOnNginx) {
  const std::string path = DataFile("ntua_nginx_interference/samples.csv.gz");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no recording at " << path;
  std::vector<LatencySample> samples;
  for (const Row& row : ReadTable(path)) {
    const double replicas = Number(row, "replicas");
    const double tail = Number(row, "p95_ms");
    if (!(replicas >= 1) || !(tail > 0)) continue;  // replicas may be the name of a placement
    LatencySample& sample = samples.emplace_back();
    sample.features.container = {Millicores(500), Mebibytes(512)};
    sample.features.container_load = RequestsPerSecond(Number(row, "given_rps") / replicas);
    const auto share = [&row](const char* column) { return Ratio(Number(row, column) / 4); };
    sample.features.interference.Set(InterferenceKind::kCpu, share("ibench_cpu"));
    sample.features.interference.Set(InterferenceKind::kMemoryCapacity, share("ibench_l3"));
    sample.features.interference.Set(InterferenceKind::kMemoryBandwidth, share("ibench_membw"));
    sample.tail = Latency(tail);
  }
  ASSERT_EQ(samples.size(), 1955u);
  std::vector<MicroserviceSamples> splits;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    splits.push_back(Divide("nginx", samples, 0.15, seed));
  }
  const Accuracies accuracies = Compare(splits);
  EXPECT_GT(accuracies.nn4, accuracies.pwl + 3);
  EXPECT_NEAR(accuracies.nn4, accuracies.xgb, 5);
}

// P95 own latency over load, CPU and memory interference: 31 microservices of three applications.
TEST(MeasuredSurfacesTest, NetworksAndTreesBeatLinesOnTheErmsSurfaces) {
  const std::string path = DataFile("erms/recovered_p95_surface.csv.gz");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no recording at " << path;
  std::map<std::string, std::vector<LatencySample>> by_name;
  for (const Row& row : ReadTable(path)) {
    LatencySample sample;
    sample.features.container = {Millicores(100), Mebibytes(100)};
    sample.features.container_load = RequestsPerSecond(Number(row, "load_rps_per_container"));
    sample.features.interference.Set(InterferenceKind::kCpu, Ratio(Number(row, "cpu_inter") / 2));
    sample.features.interference.Set(InterferenceKind::kMemoryCapacity,
                                     Ratio(Number(row, "mem_inter") / 4000));
    sample.tail = Latency(Number(row, "p95_latency") / 1000);
    by_name[row.at("app") + row.at("service") + row.at("microservice")].push_back(sample);
  }
  ASSERT_EQ(by_name.size(), 31u);
  std::vector<MicroserviceSamples> microservices;
  for (const auto& [name, samples] : by_name) {
    microservices.push_back(Divide(name, samples, 0.15, 1));
  }
  const Accuracies accuracies = Compare(microservices);
  EXPECT_GT(accuracies.nn4, accuracies.pwl + 5);
  EXPECT_GT(accuracies.xgb, accuracies.pwl + 5);
}

}  // namespace
}  // namespace trimtab
