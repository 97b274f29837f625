// The text form of a neural latency model. Floats of the network are written as the eight
// hexadecimal digits of their bits, so that a model read back gives the same predictions to the
// last bit; other numbers are shortest decimals, which round-trip too.
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "trimtab/application/interference.h"
#include "trimtab/latency/feature_ranges.h"
#include "trimtab/latency/neural_latency_model.h"
#include "trimtab/neural/mlp.h"
#include "trimtab/neural/mlp_shape.h"

namespace trimtab {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;
constexpr std::size_t kDigits = 8;
constexpr const char* kRangeNames[] = {"cpuCores", "memoryMib", "containerLoadPerSecond",
                                       "loadPerCorePerSecond"};

std::array<const FeatureInterval*, 4> RangeMembers(const FeatureRanges& ranges) {
  return {&ranges.cpu_cores, &ranges.memory_mib, &ranges.container_load, &ranges.load_per_core};
}

std::string ToHex(std::span<const float> numbers) {
  std::string text;
  text.reserve(numbers.size() * kDigits);
  for (const float number : numbers) {
    fmt::format_to(std::back_inserter(text), "{:08x}", std::bit_cast<std::uint32_t>(number));
  }
  return text;
}

absl::Status Invalid(std::string_view member, std::string_view problem) {
  return absl::InvalidArgumentError(
      fmt::format("neural latency model member '{}' {}", member, problem));
}

absl::Status ReadHex(std::string_view text, std::span<float> numbers) {
  if (text.size() != numbers.size() * kDigits) {
    return Invalid("weights", fmt::format("has {} characters, expected {}", text.size(),
                                          numbers.size() * kDigits));
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::string_view digits = text.substr(i * kDigits, kDigits);
    std::uint32_t bits = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), bits, 16);
    if (error != std::errc() || end != digits.data() + digits.size()) {
      return Invalid("weights", fmt::format("has '{}' at number {}, expected 8 hexadecimal digits",
                                            digits, i));
    }
    numbers[i] = std::bit_cast<float>(bits);
    if (!std::isfinite(numbers[i])) {
      return Invalid("weights",
                     fmt::format("is {} at number {}, expected a finite number", numbers[i], i));
    }
  }
  return absl::OkStatus();
}

// Reads members of one object and keeps the first problem.
class Reader {
 public:
  explicit Reader(const Json& object) : object_(object) {}

  const absl::Status& status() const { return status_; }

  const Json* Find(const char* name) {
    const auto found = object_.is_object() ? object_.find(name) : object_.end();
    if (!object_.is_object() || found == object_.end()) {
      Fail(name, "is missing");
      return nullptr;
    }
    return &*found;
  }
  int Integer(const char* name) {
    const Json* value = Find(name);
    if (value == nullptr) return 0;
    if (!value->is_number_integer() || value->get<double>() < -1e9 || value->get<double>() > 1e9) {
      Fail(name, fmt::format("is {}, expected an integer", value->dump()));
      return 0;
    }
    return value->get<int>();
  }
  double Number(const char* name) {
    const Json* value = Find(name);
    if (value == nullptr) return 0;
    if (!value->is_number() || !std::isfinite(value->get<double>())) {
      Fail(name, fmt::format("is {}, expected a finite number", value->dump()));
      return 0;
    }
    return value->get<double>();
  }
  std::string Text(const char* name) {
    const Json* value = Find(name);
    if (value == nullptr) return {};
    if (!value->is_string()) {
      Fail(name, fmt::format("is {}, expected text", value->dump().substr(0, 40)));
      return {};
    }
    return value->get<std::string>();
  }
  // Two numbers, the first at most the second.
  FeatureInterval Range(const char* name) {
    const Json* value = Find(name);
    if (value == nullptr) return {};
    const bool pair = value->is_array() && value->size() == 2 && (*value)[0].is_number() &&
                      (*value)[1].is_number();
    const FeatureInterval range =
        pair ? FeatureInterval{(*value)[0].get<double>(), (*value)[1].get<double>()}
             : FeatureInterval{1, 0};
    if (!(range.low <= range.high) || !std::isfinite(range.length())) {
      Fail(name, fmt::format("is {}, expected [low, high]", value->dump().substr(0, 60)));
    }
    return range;
  }

 private:
  void Fail(std::string_view member, std::string_view problem) {
    if (status_.ok()) status_ = Invalid(member, problem);
  }

  const Json& object_;
  absl::Status status_;
};

absl::StatusOr<FeatureRanges> ReadRanges(const Json& object) {
  Reader reader(object);
  FeatureRanges ranges;
  ranges.cpu_cores = reader.Range(kRangeNames[0]);
  ranges.memory_mib = reader.Range(kRangeNames[1]);
  ranges.container_load = reader.Range(kRangeNames[2]);
  ranges.load_per_core = reader.Range(kRangeNames[3]);
  for (const InterferenceKind kind : kInterferenceKinds) {
    ranges.interference[static_cast<std::size_t>(kind)] =
        reader.Range(std::string(InterferenceName(kind)).c_str());
  }
  if (!reader.status().ok()) return reader.status();
  return ranges;
}

}  // namespace

std::string NeuralLatencyModel::ToJson() const {
  Json ranges;
  const auto members = RangeMembers(ranges_);
  for (std::size_t i = 0; i < members.size(); ++i) {
    ranges[kRangeNames[i]] = {members[i]->low, members[i]->high};
  }
  for (const InterferenceKind kind : kInterferenceKinds) {
    const FeatureInterval& range = ranges_.interference[static_cast<std::size_t>(kind)];
    ranges[std::string(InterferenceName(kind))] = {range.low, range.high};
  }
  const Json json = {{"format", kFormat},
                     {"layers", shape().layers},
                     {"hidden", shape().hidden},
                     {"logMean", scaling_.log_mean},
                     {"logDeviation", scaling_.log_deviation},
                     {"ranges", ranges},
                     {"weights", ToHex(weights())}};
  return json.dump();
}

absl::StatusOr<NeuralLatencyModel> NeuralLatencyModel::FromJson(std::string_view text,
                                                                SimdLevel simd) {
  // Only this call could throw, and with `false` it does not.
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) {
    return absl::InvalidArgumentError("neural latency model is not JSON");
  }
  Reader reader(json);
  const int format = reader.Integer("format");
  const MlpShape shape{.inputs = static_cast<int>(LatencyScaling::kInputs),
                       .hidden = reader.Integer("hidden"),
                       .layers = reader.Integer("layers")};
  const double log_mean = reader.Number("logMean");
  const double log_deviation = reader.Number("logDeviation");
  const std::string weights = reader.Text("weights");
  const Json* ranges_json = reader.Find("ranges");
  if (!reader.status().ok()) return reader.status();
  if (format != kFormat) {
    return Invalid("format", fmt::format("is {}, expected {}", format, kFormat));
  }
  if (!(log_deviation > 0)) {
    return Invalid("logDeviation", fmt::format("is {}, expected more than 0", log_deviation));
  }
  const absl::StatusOr<FeatureRanges> ranges = ReadRanges(*ranges_json);
  if (!ranges.ok()) return ranges.status();
  absl::StatusOr<Mlp> mlp = Mlp::Create(shape);
  if (!mlp.ok()) return mlp.status();
  if (absl::Status status = ReadHex(weights, mlp->weights()); !status.ok()) return status;
  return NeuralLatencyModel(*std::move(mlp), *ranges,
                            LatencyScaling::Of(*ranges, log_mean, log_deviation), simd);
}

}  // namespace trimtab
