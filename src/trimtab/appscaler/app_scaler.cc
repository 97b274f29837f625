#include "trimtab/appscaler/app_scaler.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/appscaler/app_scaler_reader.h"

namespace trimtab {
namespace {

template <class Enum, std::size_t kCount>
std::string_view NameIn(const std::array<std::string_view, kCount>& names, Enum value) {
  return names[static_cast<std::size_t>(value)];
}

}  // namespace

std::string_view ScalerModeName(ScalerMode mode) {
  return NameIn(std::to_array<std::string_view>({"Recommend", "Apply"}), mode);
}

std::string_view ScalerAlgorithmName(ScalerAlgorithm algorithm) {
  return NameIn(std::to_array<std::string_view>({"Grad", "Derm"}), algorithm);
}

std::string_view VerticalApplyName(VerticalApply apply) {
  return NameIn(std::to_array<std::string_view>({"Off", "InPlace", "Template"}), apply);
}

std::string_view LimitsRuleName(LimitsRule rule) {
  return NameIn(std::to_array<std::string_view>({"KeepRatio", "EqualRequests", "RequestsOnly"}),
                rule);
}

const ScaledWorkload* AppScaler::FindService(std::string_view service) const {
  const auto found = std::ranges::find_if(workloads, [service](const ScaledWorkload& workload) {
    return std::ranges::find(workload.service_names, service) != workload.service_names.end();
  });
  return found == workloads.end() ? nullptr : &*found;
}

absl::StatusOr<AppScaler> ReadAppScaler(const nlohmann::json& object) {
  FieldProblems problems;
  AppScaler scaler = ReadAppScalerFields(object, problems);
  if (absl::Status status = problems.ToStatus(); !status.ok()) return status;
  return scaler;
}

absl::StatusOr<Application> ApplicationOf(const AppScaler& scaler,
                                          std::span<const FixedAllocation> fixed) {
  if (!fixed.empty() && fixed.size() != scaler.workloads.size()) {
    return absl::InvalidArgumentError(fmt::format("{} fixed allocations for {} workloads",
                                                  fixed.size(), scaler.workloads.size()));
  }
  std::vector<Microservice> microservices;
  for (std::size_t i = 0; i < scaler.workloads.size(); ++i) {
    const ScaledWorkload& workload = scaler.workloads[i];
    ScalingBounds bounds{.smallest = workload.vertical.smallest,
                         .largest = workload.vertical.largest,
                         .fewest_replicas = workload.horizontal.fewest,
                         .most_replicas = workload.horizontal.most,
                         .working_set = Bytes(0)};
    const FixedAllocation what = fixed.empty() ? FixedAllocation{} : fixed[i];
    if (what.replicas) {
      bounds.fewest_replicas = bounds.most_replicas = std::max(1, *what.replicas);
    }
    if (what.container) bounds.smallest = bounds.largest = *what.container;
    microservices.push_back({workload.name, bounds});
  }
  const ScaledWorkload* const entry = scaler.FindService(scaler.entry.service);
  if (entry == nullptr) {
    return absl::InvalidArgumentError(fmt::format(
        "spec.entry.serviceName: '{}' is the service of no workload", scaler.entry.service));
  }
  std::vector<Operation> operations;
  for (const std::string& operation : scaler.entry.operations) {
    operations.push_back({operation, entry->name});
  }
  return Application::Create(fmt::format("{}/{}", scaler.meta.name_space, scaler.meta.name),
                             std::move(microservices), std::move(operations));
}

}  // namespace trimtab
