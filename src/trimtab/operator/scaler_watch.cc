#include "trimtab/operator/scaler_watch.h"

#include <utility>

#include "fmt/format.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

std::string KeyOf(const ObjectMeta& meta) {
  return fmt::format("{}/{}", meta.name_space, meta.name);
}

absl::StatusOr<SeenScaler> Read(const nlohmann::json& object) {
  auto meta = ReadObjectMeta(object);
  if (!meta.ok()) return meta.status();
  return SeenScaler{.exists = true, .meta = *std::move(meta), .scaler = ReadAppScaler(object)};
}

}  // namespace

absl::Status CheckTargets(const AppScaler& scaler, const AppScaler& other) {
  const auto age = [](const AppScaler& of) {
    return std::pair(of.meta.created.value_or(Instant::max()), of.meta.name);
  };
  if (other.meta.name_space != scaler.meta.name_space || age(other) >= age(scaler)) {
    return absl::OkStatus();
  }
  for (std::size_t i = 0; i < scaler.workloads.size(); ++i) {
    const ScaleTarget& target = scaler.workloads[i].target;
    for (const ScaledWorkload& of_other : other.workloads) {
      if (of_other.target != target) continue;
      return absl::InvalidArgumentError(
          fmt::format("spec.workloads[{}].targetRef: {} '{}' is scaled by AppScaler '{}', which is "
                      "older",
                      i, target.kind, target.name, other.meta.name));
    }
  }
  return absl::OkStatus();
}

SeenScaler ScalerWatch::Checked(const SeenScaler& seen) const {
  if (!seen.scaler.ok()) return seen;
  const std::string first = seen.meta.name_space + "/";
  for (auto it = seen_.lower_bound(first); it != seen_.end() && it->first.starts_with(first);
       ++it) {
    if (!it->second.scaler.ok()) continue;
    if (absl::Status own = CheckTargets(*seen.scaler, *it->second.scaler); !own.ok()) {
      SeenScaler refused = seen;
      refused.scaler = std::move(own);
      return refused;
    }
  }
  return seen;
}

ScalerWatch::ScalerWatch(ApiClient& client, const Clock& clock,
                         const std::vector<std::string>& namespaces, Duration stale_after)
    : clock_(clock), stale_after_(stale_after) {
  const auto follow = [&](const std::string& name_space) {
    watches_.push_back(std::make_unique<Watch>(
        client, ResourcePath(kAppScalers, name_space), ApiQuery{}, clock, WatchOptions{}, Read,
        [this](const ObjectChange<SeenScaler>& change) {
          const std::scoped_lock lock(mutex_);
          const std::string key = KeyOf(change.object->meta);
          if (change.kind != ObjectChange<SeenScaler>::Kind::kDeleted) {
            seen_[key] = *change.object;
            return;
          }
          const auto known = seen_.find(key);
          if (known != seen_.end() && known->second.meta.uid == change.object->meta.uid) {
            seen_.erase(known);
          }
        },
        [] {}));
  };
  if (namespaces.empty()) follow("");
  for (const std::string& name_space : namespaces) follow(name_space);
}

absl::Status ScalerWatch::Synced() const {
  for (const auto& watch : watches_) {
    const WatchState state = watch->state();
    if (state.is_synced) continue;
    return absl::UnavailableError(
        fmt::format("AppScalers are not listed yet: {}",
                    state.error.ok() ? "no answer so far" : std::string(state.error.message())));
  }
  return absl::OkStatus();
}

absl::Status ScalerWatch::Health() const {
  if (absl::Status synced = Synced(); !synced.ok()) return synced;
  for (const auto& watch : watches_) {
    const WatchState state = watch->state();
    const Duration age = clock_.Now() - state.last_answer;
    if (state.error.ok() || age <= stale_after_) continue;
    return absl::UnavailableError(fmt::format("AppScalers: not heard of for {}, at most {}: {}",
                                              FormatDuration(age), FormatDuration(stale_after_),
                                              std::string(state.error.message())));
  }
  return absl::OkStatus();
}

std::vector<SeenScaler> ScalerWatch::All() const {
  const std::scoped_lock lock(mutex_);
  std::vector<SeenScaler> all;
  for (const auto& [key, seen] : seen_) all.push_back(Checked(seen));
  return all;
}

SeenScaler ScalerWatch::Find(std::string_view name_space, std::string_view name) const {
  const std::scoped_lock lock(mutex_);
  const auto found = seen_.find(fmt::format("{}/{}", name_space, name));
  return found == seen_.end() ? SeenScaler{} : Checked(found->second);
}

}  // namespace trimtab
