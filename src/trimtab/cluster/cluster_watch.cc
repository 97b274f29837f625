#include "trimtab/cluster/cluster_watch.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <utility>

#include "fmt/format.h"
#include "trimtab/cluster/cluster_store.h"
#include "trimtab/cluster/pod_size.h"
#include "trimtab/kubernetes/resource_type.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

// What is waited for may also change without an event.
constexpr Duration kAskAgain = std::chrono::milliseconds(50);

// Managers of a person who sets replicas by hand.
constexpr std::array<std::string_view, 4> kHands = {"kubectl", "kubectl-edit", "kubectl-patch",
                                                    "kubectl-replace"};

bool IsByHand(const FieldHolder& holder) {
  return !holder.is_applied && std::ranges::find(kHands, holder.manager) != kHands.end();
}

// After we had scaled, a manager set the replicas of the object itself: it will do so again.
void NoteReapplier(const ObjectChange<WorkloadView>& change, std::string_view ours,
                   std::map<std::string, std::string>& reappliers) {
  using Kind = ObjectChange<WorkloadView>::Kind;
  const std::string& uid = change.object->meta.uid;
  const FieldHolder& holder = change.object->replicas_holder;
  if (change.kind == Kind::kDeleted) {
    reappliers.erase(uid);
    return;
  }
  const auto known = reappliers.find(uid);
  if (known != reappliers.end() && known->second != holder.manager) reappliers.erase(known);
  const bool was_ours = change.previous != nullptr &&
                        change.previous->replicas_holder == FieldHolder{std::string(ours), "scale"};
  if (was_ours && !holder.manager.empty() && holder.manager != ours && holder.subresource.empty() &&
      !IsByHand(holder)) {
    reappliers[uid] = holder.manager;
  }
}

std::string KeyOf(std::string_view name_space, const ScaleTarget& target) {
  return fmt::format("{}/{}/{}/{}", name_space, target.api_version, target.kind, target.name);
}

bool HasEnded(const PodView& pod) { return pod.phase == "Succeeded" || pod.phase == "Failed"; }

}  // namespace

class ClusterWatch::Collection {
 public:
  Collection(std::string name, bool is_needed) : name_(std::move(name)), is_needed_(is_needed) {}
  virtual ~Collection() = default;
  virtual WatchState state() const = 0;
  const std::string& name() const { return name_; }
  bool is_needed() const { return is_needed_; }

 private:
  const std::string name_;
  const bool is_needed_;
};

namespace {

template <class Base, class T>
class TypedCollection : public Base {
 public:
  TypedCollection(std::string name, bool is_needed, ApiClient& client, std::string path,
                  const Clock& clock, const WatchOptions& options,
                  typename ObjectStore<T>::Reader read, ClusterStore& store,
                  std::function<void(ClusterStore&, const ObjectChange<T>&)> apply)
      : Base(std::move(name), is_needed),
        watch_(
            client, std::move(path), {}, clock, options, std::move(read),
            [&store, apply = std::move(apply)](const ObjectChange<T>& change) {
              store.Change([&](ClusterStore& locked) { apply(locked, change); });
            },
            [&store] { store.Change([](ClusterStore&) {}); }) {}
  WatchState state() const override { return watch_.state(); }

 private:
  ObjectWatch<T> watch_;
};

}  // namespace

ClusterWatch::ClusterWatch(ApiClient& client, const Clock& clock, ClusterWatchOptions options)
    : clock_(clock),
      options_(std::move(options)),
      field_manager_(client.options().field_manager),
      store_(std::make_unique<ClusterStore>()) {}

ClusterWatch::~ClusterWatch() = default;

absl::StatusOr<std::unique_ptr<ClusterWatch>> ClusterWatch::Start(ApiClient& client,
                                                                  const Clock& clock,
                                                                  ClusterWatchOptions options) {
  const std::set<std::string> namespaces(options.namespaces.begin(), options.namespaces.end());
  if (namespaces.contains("")) {
    return absl::InvalidArgumentError("watching a cluster: a namespace without a name");
  }
  std::unique_ptr<ClusterWatch> watch(new ClusterWatch(client, clock, std::move(options)));
  if (namespaces.empty()) watch->Follow(client, "");
  for (const std::string& name_space : namespaces) watch->Follow(client, name_space);
  return watch;
}

void ClusterWatch::Follow(ApiClient& client, const std::string& name_space) {
  const auto follow = [&]<class T>(const ResourceType& type, bool is_needed,
                                   absl::StatusOr<T> (*read)(const nlohmann::json&), auto apply) {
    const std::string in = type == kNodes ? "" : name_space;
    std::string name(type.plural);
    if (!in.empty()) name += fmt::format(" in '{}'", in);
    collections_.push_back(std::make_unique<TypedCollection<Collection, T>>(
        std::move(name), is_needed, client, ResourcePath(type, in), clock_, options_.watch, read,
        *store_, std::move(apply)));
  };
  const auto into = [](auto member) {
    return [member](ClusterStore& store, const auto& change) { (store.*member).Apply(change); };
  };
  const auto workload = [ours = field_manager_](auto member) {
    return [member, ours](ClusterStore& store, const ObjectChange<WorkloadView>& change) {
      (store.*member).Apply(change);
      NoteReapplier(change, ours, store.reappliers);
    };
  };
  follow(kPods, true, ReadPod, [](ClusterStore& store, const ObjectChange<PodView>& change) {
    store.pods.Apply(change);
    if (SaysItIsPinned(*change.object)) store.pinning_nodes.insert(change.object->node);
  });
  follow(kReplicaSets, true, ReadWorkload, into(&ClusterStore::replica_sets));
  follow(kDeployments, true, ReadWorkload, workload(&ClusterStore::deployments));
  follow(kStatefulSets, true, ReadWorkload, workload(&ClusterStore::stateful_sets));
  follow(kResourceQuotas, true, ReadQuota, into(&ClusterStore::quotas));
  follow(kLimitRanges, true, ReadLimitRange, into(&ClusterStore::limit_ranges));
  follow(kPodDisruptionBudgets, true, ReadDisruptionBudget, into(&ClusterStore::budgets));
  follow(kHorizontalPodAutoscalers, true, ReadHpa, into(&ClusterStore::hpas));
  follow(kVerticalPodAutoscalers, false, ReadVpa, into(&ClusterStore::vpas));
  follow(kScaledObjects, false, ReadScaledObject, into(&ClusterStore::scaled_objects));
  const bool has_nodes = std::ranges::any_of(
      collections_, [](const auto& each) { return each->name() == kNodes.plural; });
  if (options_.nodes && !has_nodes) follow(kNodes, true, ReadNode, into(&ClusterStore::nodes));
}

bool ClusterWatch::IsSynced() const {
  return std::ranges::all_of(collections_, [](const auto& each) {
    const WatchState state = each->state();
    // A kind that the server does not know, or does not show, has no list.
    return state.is_synced || (!each->is_needed() && (absl::IsNotFound(state.error) ||
                                                      absl::IsPermissionDenied(state.error)));
  });
}

absl::Status ClusterWatch::Health() const {
  for (const auto& each : collections_) {
    if (!each->is_needed()) continue;
    const WatchState state = each->state();
    if (!state.is_synced) {
      return absl::UnavailableError(fmt::format(
          "{}: not read yet{}", each->name(),
          state.error.ok() ? "" : fmt::format(": {}", std::string(state.error.message()))));
    }
    const Duration age = clock_.Now() - state.last_answer;
    if (!state.error.ok() && age > options_.stale_after) {
      return absl::UnavailableError(
          fmt::format("{}: not heard of for {}, at most {}: {}", each->name(), FormatDuration(age),
                      FormatDuration(options_.stale_after), std::string(state.error.message())));
    }
  }
  return absl::OkStatus();
}

std::vector<WatchAge> ClusterWatch::Ages() const {
  std::vector<WatchAge> ages;
  const Instant now = clock_.Now();
  for (const auto& each : collections_) {
    const WatchState state = each->state();
    ages.push_back({.collection = each->name(),
                    .age = now - state.last_answer,
                    .error = state.error,
                    .is_needed = each->is_needed()});
  }
  return ages;
}

std::vector<std::string> ClusterWatch::Unreadable() const {
  std::vector<std::string> names;
  for (const auto& each : collections_) {
    if (absl::IsPermissionDenied(each->state().error)) names.push_back(each->name());
  }
  return names;
}

ApplicationView ClusterWatch::View(const AppScaler& scaler) const {
  ApplicationView view{.name_space = scaler.meta.name_space};
  std::set<std::string> node_names;
  const std::scoped_lock lock(store_->mutex);
  const auto find = [&](const ScaleTarget& target) -> std::shared_ptr<const WorkloadView> {
    if (target.api_version == "apps/v1" && target.kind == "Deployment") {
      return store_->deployments.Find(view.name_space, target.name);
    }
    if (target.api_version == "apps/v1" && target.kind == "StatefulSet") {
      return store_->stateful_sets.Find(view.name_space, target.name);
    }
    const auto told = store_->told.find(KeyOf(view.name_space, target));
    if (told == store_->told.end()) return nullptr;
    return std::make_shared<const WorkloadView>(told->second);
  };
  for (const ScaledWorkload& scaled : scaler.workloads) {
    WorkloadSight sight{.workload = find(scaled.target)};
    if (sight.workload != nullptr) {
      const auto add = [&](const std::string& owner,
                           const std::shared_ptr<const WorkloadView>& replica_set) {
        for (const auto& [name, pod] : store_->pods.Of(owner)) {
          if (HasEnded(*pod)) continue;
          if (!pod->node.empty()) node_names.insert(pod->node);
          sight.pods.push_back(
              {.pod = pod, .replica_set = replica_set, .ready = pod->IsReady(), .limits = {}});
        }
      };
      const std::string& uid = sight.workload->meta.uid;
      add(uid, nullptr);
      for (const auto& [name, set] : store_->replica_sets.Of(uid)) add(set->meta.uid, set);
      std::ranges::sort(sight.pods, {}, [](const PodSight& pod) { return pod.pod->meta.name; });
      sight.containers =
          ScaledContainers(scaled, sight.workload->containers.empty() && !sight.pods.empty()
                                       ? sight.pods.front().pod->containers
                                       : sight.workload->containers);
      for (PodSight& pod : sight.pods) {
        pod.limits = SizeInForce(*pod.pod, sight.containers, scaled.vertical.limits);
        pod.is_pinned = pod.pod->qos_class == "Guaranteed" && store_->Pins(pod.pod->node);
      }
    }
    view.workloads.push_back(std::move(sight));
  }
  for (const std::string& name : node_names) {
    if (auto node = store_->nodes.Find("", name); node != nullptr) view.nodes.push_back(node);
  }
  return view;
}

std::shared_ptr<const WorkloadView> ClusterWatch::FindDeployment(std::string_view name_space,
                                                                 std::string_view name) const {
  const std::scoped_lock lock(store_->mutex);
  return store_->deployments.Find(name_space, name);
}

std::vector<std::shared_ptr<const QuotaView>> ClusterWatch::Quotas(
    std::string_view name_space) const {
  const std::scoped_lock lock(store_->mutex);
  return store_->quotas.In(name_space);
}

std::vector<std::shared_ptr<const LimitRangeView>> ClusterWatch::LimitRanges(
    std::string_view name_space) const {
  const std::scoped_lock lock(store_->mutex);
  return store_->limit_ranges.In(name_space);
}

std::vector<std::shared_ptr<const DisruptionBudgetView>> ClusterWatch::DisruptionBudgets(
    std::string_view name_space) const {
  const std::scoped_lock lock(store_->mutex);
  return store_->budgets.In(name_space);
}

std::vector<std::shared_ptr<const HpaView>> ClusterWatch::Hpas(std::string_view name_space) const {
  const std::scoped_lock lock(store_->mutex);
  return store_->hpas.In(name_space);
}

std::vector<std::shared_ptr<const VpaView>> ClusterWatch::Vpas(std::string_view name_space) const {
  const std::scoped_lock lock(store_->mutex);
  return store_->vpas.In(name_space);
}

std::vector<std::shared_ptr<const ScaledObjectView>> ClusterWatch::ScaledObjects(
    std::string_view name_space) const {
  const std::scoped_lock lock(store_->mutex);
  return store_->scaled_objects.In(name_space);
}

std::vector<std::shared_ptr<const NodeView>> ClusterWatch::Nodes() const {
  const std::scoped_lock lock(store_->mutex);
  return store_->nodes.In("");
}

std::string ClusterWatch::Reapplier(std::string_view workload_uid) const {
  const std::scoped_lock lock(store_->mutex);
  const auto found = store_->reappliers.find(std::string(workload_uid));
  return found == store_->reappliers.end() ? "" : found->second;
}

void ClusterWatch::Tell(std::string_view name_space, const ScaleTarget& target,
                        std::optional<WorkloadView> workload) {
  store_->Change([&](ClusterStore& store) {
    const std::string key = KeyOf(name_space, target);
    if (workload) {
      store.told.insert_or_assign(key, *std::move(workload));
    } else {
      store.told.erase(key);
    }
  });
}

bool ClusterWatch::Await(const std::function<bool()>& condition, Duration patience) const {
  const Instant deadline = clock_.Now() + patience;
  while (true) {
    std::uint64_t seen = 0;
    {
      const std::scoped_lock lock(store_->mutex);
      seen = store_->changes;
    }
    if (condition()) return true;
    const Duration left = deadline - clock_.Now();
    if (left <= Duration(0)) return false;
    std::unique_lock lock(store_->mutex);
    store_->changed.wait_for(lock, std::min(left, kAskAgain),
                             [&] { return store_->changes != seen; });
  }
}

}  // namespace trimtab
