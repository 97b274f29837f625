// The share network as JSON.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "fmt/format.h"
#include "trimtab/graphdynamics/share_network_model.h"

namespace trimtab {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLargestText = std::size_t{64} << 20;

// The double whose shortest text is the float's shortest text, where that text reads back to the
// float; otherwise the float itself.
double ShortDouble(float value) {
  double parsed = 0;
  if (absl::SimpleAtod(fmt::format("{}", value), &parsed) && static_cast<float>(parsed) == value) {
    return parsed;
  }
  return value;
}

// Takes one member after another; remembers the first that is wrong.
class NetworkMembers {
 public:
  explicit NetworkMembers(const Json& object) : object_(object) {}

  const Json* Take(const char* key) {
    const auto it = object_.find(key);
    if (it == object_.end()) {
      Fail(key, "is missing");
      return nullptr;
    }
    ++taken_;
    return &*it;
  }

  template <class T>
  std::vector<T> Numbers(const char* key) {
    std::vector<T> numbers;
    const Json* array = Array(key);
    if (array == nullptr) return numbers;
    numbers.reserve(array->size());
    for (const Json& each : *array) {
      if (!each.is_number()) {
        Fail(key, "holds something that is not a number");
        return {};
      }
      numbers.push_back(static_cast<T>(each.get<double>()));
    }
    return numbers;
  }

  std::vector<std::string> Texts(const char* key) {
    std::vector<std::string> texts;
    const Json* array = Array(key);
    if (array == nullptr) return texts;
    for (const Json& each : *array) {
      if (!each.is_string()) {
        Fail(key, "holds something that is not a text");
        return {};
      }
      texts.push_back(each.get<std::string>());
    }
    return texts;
  }

  int Whole(const char* key) {
    const Json* value = Take(key);
    if (value == nullptr) return 0;
    const double number = value->is_number() ? value->get<double>() : -1;
    if (!(number >= 0 && number <= 1e6) || number != std::floor(number)) {
      Fail(key, "is not a whole number from 0 to 1000000");
      return 0;
    }
    return static_cast<int>(number);
  }

  double Number(const char* key) {
    const Json* value = Take(key);
    if (value == nullptr) return 0;
    if (!value->is_number()) Fail(key, "is not a number");
    return value->is_number() ? value->get<double>() : 0;
  }

  ShareWeights Weights(const char* key) {
    const auto numbers = Numbers<double>(key);
    if (numbers.size() == 3) return {numbers[0], numbers[1], numbers[2]};
    Fail(key, fmt::format("has {} numbers, expected 3", numbers.size()));
    return {1, 0, 0};
  }

  bool Flag(const char* key) {
    const Json* value = Take(key);
    if (value == nullptr) return false;
    if (!value->is_boolean()) Fail(key, "is not true or false");
    return value->is_boolean() && value->get<bool>();
  }

  void Fail(std::string_view key, std::string_view problem) {
    if (!status_.ok()) return;
    status_ = absl::InvalidArgumentError(
        fmt::format("share network model: member '{}' {}", key, problem));
  }

  absl::Status Finish() {
    if (status_.ok() && taken_ != object_.size()) {
      status_ = absl::InvalidArgumentError(
          fmt::format("share network model has {} members, {} are known", object_.size(), taken_));
    }
    return status_;
  }

 private:
  const Json* Array(const char* key) {
    const Json* array = Take(key);
    if (array == nullptr || array->is_array()) return array;
    Fail(key, "is not an array");
    return nullptr;
  }

  const Json& object_;
  std::size_t taken_ = 0;
  absl::Status status_;
};

}  // namespace

std::string ShareNetworkModel::ToJson() const {
  std::vector<double> digits;
  digits.reserve(weights.size());
  for (const float weight : weights) digits.push_back(ShortDouble(weight));
  const Json root = {{"argumentClasses", space.argument_classes},
                     {"graphClasses", space.graph_classes},
                     {"window", shape.window},
                     {"encoder", shape.encoder},
                     {"decoder", shape.decoder},
                     {"attention", shape.attention},
                     {"copying", shape.copying},
                     {"inputCenter", input_center},
                     {"inputScale", input_scale},
                     {"blend", blend.moving},
                     {"quietBlend", blend.quiet},
                     {"signal", blend.signal},
                     {"weights", digits}};
  return root.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<ShareNetworkModel> ShareNetworkModel::FromJson(std::string_view text) {
  if (text.size() > kLargestText) {
    return absl::InvalidArgumentError(fmt::format(
        "share network model has {} bytes, at most {} are read", text.size(), kLargestText));
  }
  const Json root = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (root.is_discarded() || !root.is_object()) {
    return absl::InvalidArgumentError("share network model is not a JSON object");
  }
  NetworkMembers members(root);
  ShareNetworkModel model;
  model.space.argument_classes = members.Texts("argumentClasses");
  model.space.graph_classes = members.Texts("graphClasses");
  model.shape.arguments = static_cast<int>(model.space.arguments());
  model.shape.graphs = static_cast<int>(model.space.graphs());
  model.shape.window = members.Whole("window");
  model.shape.encoder = members.Whole("encoder");
  model.shape.decoder = members.Whole("decoder");
  model.shape.attention = members.Flag("attention");
  model.shape.copying = members.Flag("copying");
  model.input_center = members.Numbers<double>("inputCenter");
  model.input_scale = members.Numbers<double>("inputScale");
  model.blend.moving = members.Weights("blend");
  model.blend.quiet = members.Weights("quietBlend");
  model.blend.signal = members.Number("signal");
  model.weights = members.Numbers<float>("weights");
  if (absl::Status status = members.Finish(); !status.ok()) return status;
  if (absl::Status status = model.Validate(); !status.ok()) return status;
  return model;
}

}  // namespace trimtab
