#include "trimtab/cluster/pod_size.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

// Containers that injectors add to the pods of others.
constexpr std::array<std::string_view, 9> kKnownSidecars = {
    "istio-proxy", "linkerd-proxy",   "consul-dataplane", "envoy-sidecar", "daprd",
    "vault-agent", "cloud-sql-proxy", "jaeger-agent",     "otc-container"};

__extension__ using Wide = __int128;

std::int64_t ScaledBy(std::int64_t value, std::int64_t numerator, std::int64_t denominator) {
  return static_cast<std::int64_t>(static_cast<Wide>(value) * numerator / denominator);
}

const PodContainer* Find(const std::vector<PodContainer>& containers, std::string_view name) {
  const auto found = std::ranges::find(containers, name, &PodContainer::name);
  return found == containers.end() ? nullptr : &*found;
}

// One of the two resources, in amounts.
template <class Q>
using Resource = std::optional<Q> ResourceAmounts::*;

// The amount that a size is made of.
template <class Q>
std::optional<Q> Leading(const ResourceAmounts& requests, const ResourceAmounts& limits,
                         Resource<Q> resource, LimitsRule rule) {
  const std::optional<Q>& request = requests.*resource;
  const std::optional<Q>& limit = limits.*resource;
  if (rule == LimitsRule::kRequestsOnly) return request ? request : limit;
  return limit ? limit : request;
}

void Add(const ResourceAmounts& requests, const ResourceAmounts& limits, LimitsRule rule,
         ContainerConfig& size) {
  size.cpu += Leading(requests, limits, &ResourceAmounts::cpu, rule).value_or(Millicores(0));
  size.memory += Leading(requests, limits, &ResourceAmounts::memory, rule).value_or(Bytes(0));
}

// Requests and limits of one container of which the leading amount becomes `amount`.
template <class Q>
absl::Status SetLeading(Q amount, Resource<Q> resource, LimitsRule rule, PodSize& size) {
  const std::optional<Q>& old_request = size.template_requests.*resource;
  const std::optional<Q>& old_limit = size.template_limits.*resource;
  std::optional<Q>& request = size.requests.*resource;
  std::optional<Q>& limit = size.limits.*resource;
  limit = old_limit;
  request = amount;
  if (rule == LimitsRule::kRequestsOnly) {
    if (!limit || amount <= *limit) return absl::OkStatus();
    return absl::InvalidArgumentError(fmt::format(
        "container '{}': a request of {} is above its limit of {}, which RequestsOnly keeps",
        size.container, amount.value(), limit->value()));
  }
  if (!old_limit) return absl::OkStatus();
  limit = amount;
  if (rule == LimitsRule::kEqualRequests || !old_request || old_limit->value() == 0) {
    return absl::OkStatus();
  }
  const std::int64_t kept = ScaledBy(amount.value(), old_request->value(), old_limit->value());
  const std::int64_t least = old_request->value() > 0 ? 1 : 0;
  request = Q(std::max(kept, least));
  return absl::OkStatus();
}

// Parts `total` in the proportions of the template; what rounding leaves goes to the first ones.
template <class Q>
absl::Status Split(Q total, Resource<Q> resource, std::string_view what, LimitsRule rule,
                   std::vector<PodSize>& parts) {
  std::int64_t sum = 0;
  std::vector<std::pair<PodSize*, std::int64_t>> shares;
  for (PodSize& part : parts) {
    const auto old = Leading(part.template_requests, part.template_limits, resource, rule);
    if (old && old->value() > 0) {
      sum += old->value();
      shares.emplace_back(&part, old->value());
    }
  }
  if (sum == 0) {
    if (total.value() == 0) return absl::OkStatus();
    return absl::InvalidArgumentError(fmt::format(
        "the template has neither request nor limit for {}, so it is not scaled", what));
  }
  if (total.value() < static_cast<std::int64_t>(shares.size())) {
    return absl::InvalidArgumentError(fmt::format("{} of {} is too little for {} containers",
                                                  total.value(), what, shares.size()));
  }
  std::int64_t left = total.value();
  for (auto& [part, share] : shares) {
    share = std::max<std::int64_t>(ScaledBy(total.value(), share, sum), 1);
    left -= share;
  }
  for (std::size_t i = 0; left != 0; i = (i + 1) % shares.size()) {
    const std::int64_t step = left > 0 ? 1 : -1;
    if (shares[i].second + step < 1) continue;
    shares[i].second += step;
    left -= step;
  }
  for (const auto& [part, share] : shares) {
    if (absl::Status set = SetLeading(Q(share), resource, rule, *part); !set.ok()) return set;
  }
  return absl::OkStatus();
}

bool IsGuaranteed(const ResourceAmounts& requests, const ResourceAmounts& limits) {
  return limits.cpu && limits.memory && requests == limits;
}

ResourceAmounts Defaulted(ResourceAmounts requests, const ResourceAmounts& limits) {
  if (!requests.cpu) requests.cpu = limits.cpu;
  if (!requests.memory) requests.memory = limits.memory;
  return requests;
}

// What of `wanted` differs from what is there.
ResourceAmounts Differing(const ResourceAmounts& wanted, const ResourceAmounts& is) {
  ResourceAmounts differing;
  if (wanted.cpu && wanted.cpu != is.cpu) differing.cpu = wanted.cpu;
  if (wanted.memory && wanted.memory != is.memory) differing.memory = wanted.memory;
  return differing;
}

void AddResize(const PodContainer& container, const ResourceAmounts& requests,
               const ResourceAmounts& limits, std::vector<ContainerResize>& resizes) {
  ContainerResize resize{.container = container.name,
                         .requests = Differing(requests, container.requests),
                         .limits = Differing(limits, container.limits)};
  const ResourceAmounts none;
  if (resize.requests == none && resize.limits == none) return;
  resizes.push_back(std::move(resize));
}

}  // namespace

std::vector<std::string> ScaledContainers(const ScaledWorkload& scaled,
                                          const std::vector<PodContainer>& containers) {
  std::vector<std::string> names;
  std::vector<std::string> all;
  for (const PodContainer& container : containers) {
    all.push_back(container.name);
    const bool scales =
        scaled.containers.empty()
            ? std::ranges::find(kKnownSidecars, container.name) == kKnownSidecars.end()
            : std::ranges::find(scaled.containers, container.name) != scaled.containers.end();
    if (scales) names.push_back(container.name);
  }
  // A pod of sidecars alone is the proxy itself.
  return names.empty() && scaled.containers.empty() ? all : names;
}

ContainerConfig SizeOf(const std::vector<PodContainer>& containers,
                       const std::vector<std::string>& names, LimitsRule rule) {
  ContainerConfig size;
  for (const std::string& name : names) {
    const PodContainer* container = Find(containers, name);
    if (container != nullptr) {
      Add(DefaultedRequests(*container), container->limits, rule, size);
    }
  }
  return size;
}

ContainerConfig SizeInForce(const PodView& pod, const std::vector<std::string>& names,
                            LimitsRule rule) {
  ContainerConfig size;
  for (const std::string& name : names) {
    const PodContainerStatus* status = pod.StatusOf(name);
    const PodContainer* container = Find(pod.containers, name);
    if (status != nullptr && status->has_resources) {
      Add(status->requests, status->limits, rule, size);
    } else if (container != nullptr) {
      Add(container->requests, container->limits, rule, size);
    }
  }
  return size;
}

ContainerConfig SizeOf(const std::vector<PodSize>& sizes, LimitsRule rule) {
  ContainerConfig size;
  for (const PodSize& each : sizes) Add(each.requests, each.limits, rule, size);
  return size;
}

ResourceAmounts DefaultedRequests(const PodContainer& container) {
  return Defaulted(container.requests, container.limits);
}

absl::StatusOr<std::vector<PodSize>> SplitSize(const WorkloadView& workload,
                                               const std::vector<std::string>& names,
                                               const ContainerConfig& size, LimitsRule rule) {
  const auto refused = [&](const absl::Status& why) {
    return absl::InvalidArgumentError(fmt::format("{} '{}/{}': {}", workload.kind,
                                                  workload.meta.name_space, workload.meta.name,
                                                  std::string(why.message())));
  };
  std::vector<PodSize> parts;
  for (const std::string& name : names) {
    const PodContainer* container = Find(workload.containers, name);
    if (container == nullptr) continue;
    const ResourceAmounts requests = DefaultedRequests(*container);
    parts.push_back({.kind = workload.kind,
                     .name = workload.meta.name,
                     .container = name,
                     .requests = requests,
                     .limits = container->limits,
                     .template_requests = requests,
                     .template_limits = container->limits});
  }
  if (parts.empty()) return refused(absl::InvalidArgumentError("has no container that scales"));
  absl::Status split = Split(size.cpu, &ResourceAmounts::cpu, "CPU", rule, parts);
  if (split.ok()) split = Split(size.memory, &ResourceAmounts::memory, "memory", rule, parts);
  if (!split.ok()) return refused(split);
  bool was_guaranteed = true;
  bool is_guaranteed = true;
  for (const PodContainer& container : workload.containers) {
    const auto part = std::ranges::find(parts, container.name, &PodSize::container);
    const bool was = IsGuaranteed(DefaultedRequests(container), container.limits);
    was_guaranteed = was_guaranteed && was;
    is_guaranteed =
        is_guaranteed && (part == parts.end() ? was : IsGuaranteed(part->requests, part->limits));
  }
  if (was_guaranteed != is_guaranteed) {
    return refused(absl::InvalidArgumentError(
        fmt::format("{} would change the QoS class of its pods {} Guaranteed, which a running pod "
                    "must keep",
                    LimitsRuleName(rule), is_guaranteed ? "to" : "from")));
  }
  return parts;
}

std::vector<PodSize> ValidSizes(const std::vector<PodSize>& book, const WorkloadView& workload,
                                const std::vector<std::string>& names) {
  std::vector<PodSize> valid;
  for (const std::string& name : names) {
    const PodContainer* container = Find(workload.containers, name);
    const auto entry = std::ranges::find_if(book, [&](const PodSize& size) {
      return size.kind == workload.kind && size.name == workload.meta.name &&
             size.container == name;
    });
    if (container == nullptr || entry == book.end() ||
        entry->template_requests != DefaultedRequests(*container) ||
        entry->template_limits != container->limits) {
      return {};
    }
    valid.push_back(*entry);
  }
  return valid;
}

std::vector<ContainerResize> ResizesTo(const PodView& pod, const std::vector<PodSize>& sizes) {
  std::vector<ContainerResize> resizes;
  for (const PodSize& size : sizes) {
    const PodContainer* container = Find(pod.containers, size.container);
    if (container != nullptr) AddResize(*container, size.requests, size.limits, resizes);
  }
  return resizes;
}

std::vector<ContainerResize> ResizesBack(const PodView& pod,
                                         const std::vector<std::string>& names) {
  std::vector<ContainerResize> resizes;
  for (const std::string& name : names) {
    const PodContainer* container = Find(pod.containers, name);
    const PodContainerStatus* status = pod.StatusOf(name);
    if (container == nullptr || status == nullptr || !status->has_resources) continue;
    AddResize(*container, status->requests, status->limits, resizes);
  }
  return resizes;
}

}  // namespace trimtab
