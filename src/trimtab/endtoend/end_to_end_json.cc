// The end-to-end model as JSON.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "trimtab/endtoend/end_to_end_model.h"

namespace trimtab {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLargestText = std::size_t{64} << 20;

// Takes one member after another; remembers the first that is wrong.
class Members {
 public:
  explicit Members(const Json& object) : object_(object) {}

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
    const Json* array = Take(key);
    if (array == nullptr) return numbers;
    if (!array->is_array()) Fail(key, "is not an array");
    for (const Json& each : *array) {
      if (!each.is_number()) {
        Fail(key, "holds something that is not a number");
        return {};
      }
      numbers.push_back(each.get<T>());
    }
    return numbers;
  }

  double Number(const char* key) {
    const Json* value = Take(key);
    if (value != nullptr && value->is_number()) return value->get<double>();
    Fail(key, "is not a number");
    return 0;
  }

  std::vector<std::string> Texts(const char* key) {
    std::vector<std::string> texts;
    const Json* array = Take(key);
    if (array == nullptr) return texts;
    if (!array->is_array()) Fail(key, "is not an array");
    for (const Json& each : *array) {
      if (!each.is_string()) {
        Fail(key, "holds something that is not a text");
        return {};
      }
      texts.push_back(each.get<std::string>());
    }
    return texts;
  }

  std::string Text(const char* key) {
    const Json* value = Take(key);
    if (value != nullptr && value->is_string()) return value->get<std::string>();
    Fail(key, "is not a text");
    return {};
  }

  void Fail(std::string_view key, std::string_view problem) {
    if (!status_.ok()) return;
    status_ =
        absl::InvalidArgumentError(fmt::format("end-to-end model: member '{}' {}", key, problem));
  }

  absl::Status Finish() {
    if (status_.ok() && taken_ != object_.size()) {
      status_ = absl::InvalidArgumentError(
          fmt::format("end-to-end model has {} members, {} are known", object_.size(), taken_));
    }
    return status_;
  }

 private:
  const Json& object_;
  std::size_t taken_ = 0;
  absl::Status status_;
};

}  // namespace

std::string EndToEndModel::ToJson() const {
  const Json root = {{"kind", EndToEndKindName(kind)},
                     {"microservices", microservices},
                     {"inputCenter", input_center},
                     {"inputScale", input_scale},
                     {"outputCenter", output_center},
                     {"outputScale", output_scale},
                     {"compositionWeight", composition_weight},
                     {"compositionConstantMilliseconds", composition_constant},
                     {"compositionShares", composition_shares},
                     {"hidden", hidden},
                     {"parameters", parameters},
                     {"errorRatios", error_ratios}};
  return root.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<EndToEndModel> EndToEndModel::FromJson(std::string_view text) {
  if (text.size() > kLargestText) {
    return absl::InvalidArgumentError(fmt::format(
        "end-to-end model has {} bytes, at most {} are read", text.size(), kLargestText));
  }
  const Json root = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (root.is_discarded() || !root.is_object()) {
    return absl::InvalidArgumentError("end-to-end model is not a JSON object");
  }
  Members members(root);
  EndToEndModel model;
  const absl::StatusOr<EndToEndKind> kind = ParseEndToEndKind(members.Text("kind"));
  if (kind.ok()) {
    model.kind = *kind;
  } else {
    members.Fail("kind", std::string(kind.status().message()));
  }
  model.microservices = members.Texts("microservices");
  model.input_center = members.Numbers<double>("inputCenter");
  model.input_scale = members.Numbers<double>("inputScale");
  model.output_center = members.Number("outputCenter");
  model.output_scale = members.Number("outputScale");
  model.composition_weight = members.Number("compositionWeight");
  model.composition_constant = members.Number("compositionConstantMilliseconds");
  model.composition_shares = members.Numbers<double>("compositionShares");
  const double hidden = members.Number("hidden");
  if (!(hidden >= 1 && hidden <= TailNetworkShape::kMaxHidden) ||
      hidden != static_cast<int>(hidden)) {
    members.Fail("hidden", fmt::format("is {}, expected a whole number from 1 to {}", hidden,
                                       TailNetworkShape::kMaxHidden));
  } else {
    model.hidden = static_cast<int>(hidden);
  }
  model.parameters = members.Numbers<float>("parameters");
  model.error_ratios = members.Numbers<double>("errorRatios");
  if (absl::Status status = members.Finish(); !status.ok()) return status;
  if (absl::Status status = model.Validate(); !status.ok()) return status;
  return model;
}

}  // namespace trimtab
