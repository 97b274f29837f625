#include "trimtab/application/application.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/application/ids.h"
#include "trimtab/quantity/quantity.h"

namespace trimtab {
namespace {

void CheckBounds(const Microservice& microservice, std::vector<std::string>& problems) {
  const ScalingBounds& b = microservice.bounds;
  const auto add = [&](const std::string& text) {
    problems.push_back(fmt::format("microservice '{}': {}", microservice.name, text));
  };
  if (b.smallest.cpu <= Millicores(0)) add("smallest cpu is not above 0");
  if (b.smallest.memory <= Bytes(0)) add("smallest memory is not above 0");
  if (b.smallest.cpu > b.largest.cpu) {
    add(fmt::format("smallest cpu {}m exceeds largest {}m", b.smallest.cpu.value(),
                    b.largest.cpu.value()));
  }
  if (b.smallest.memory > b.largest.memory) {
    add(fmt::format("smallest memory {} B exceeds largest {} B", b.smallest.memory.value(),
                    b.largest.memory.value()));
  }
  if (b.working_set > b.largest.memory) {
    add(fmt::format("working set {} B exceeds largest memory {} B", b.working_set.value(),
                    b.largest.memory.value()));
  }
  if (b.fewest_replicas < 1) add(fmt::format("fewest replicas {} is below 1", b.fewest_replicas));
  if (b.most_replicas < b.fewest_replicas) {
    add(fmt::format("most replicas {} is below fewest replicas {}", b.most_replicas,
                    b.fewest_replicas));
  }
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += "; ";
    text += part;
  }
  return text;
}

}  // namespace

absl::StatusOr<Application> Application::Create(std::string name,
                                                std::vector<Microservice> microservices,
                                                std::vector<Operation> operations) {
  std::vector<std::string> problems;
  Application app;
  if (name.empty()) problems.emplace_back("the application has no name");
  if (microservices.empty()) problems.emplace_back("there are no microservices");
  for (std::size_t i = 0; i < microservices.size(); ++i) {
    const std::string& key = microservices[i].name;
    if (key.empty()) problems.push_back(fmt::format("microservice {} has no name", i));
    if (!app.by_name_.emplace(key, MicroserviceId(i)).second) {
      problems.push_back(fmt::format("microservice '{}' is named twice", key));
    }
    CheckBounds(microservices[i], problems);
  }
  for (const Operation& operation : operations) {
    if (!app.by_name_.contains(operation.entry_microservice)) {
      problems.push_back(fmt::format("operation '{}' enters unknown microservice '{}'",
                                     operation.name, operation.entry_microservice));
    }
  }
  if (!problems.empty()) {
    return absl::InvalidArgumentError(fmt::format("application '{}': {}", name, Joined(problems)));
  }
  app.name_ = std::move(name);
  app.microservices_ = std::move(microservices);
  app.operations_ = std::move(operations);
  return app;
}

std::optional<MicroserviceId> Application::Find(std::string_view microservice) const {
  const auto it = by_name_.find(microservice);
  if (it == by_name_.end()) return std::nullopt;
  return it->second;
}

}  // namespace trimtab
