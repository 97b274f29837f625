// What the watches of a cluster have brought: objects by name, and pods by what made them.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "trimtab/kubernetes/autoscaler_view.h"
#include "trimtab/kubernetes/limits_view.h"
#include "trimtab/kubernetes/object_watch.h"
#include "trimtab/kubernetes/pod_view.h"
#include "trimtab/kubernetes/workload_view.h"

namespace trimtab {

// No field of a Node tells its CPU manager's policy; these labels are how operators mark it.
inline bool IsLabelledPinning(const NodeView& node) {
  for (const char* label : {"cpumanager", "kubevirt.io/cpumanager"}) {
    const auto found = node.meta.labels.find(label);
    if (found != node.meta.labels.end() && found->second == "true") return true;
  }
  return false;
}

// The kubelet's refusal of a resize, in its own words: "Resize is infeasible for Guaranteed Pods
// alongside CPU Manager static policy", or the same of the memory manager.
inline bool SaysItIsPinned(const PodView& pod) {
  const ObjectCondition* pending = FindCondition(pod.conditions, "PodResizePending");
  return pending != nullptr && pending->message.find("Manager static policy") != std::string::npos;
}

// Objects of one kind, by namespace and name.
template <class T>
class NamedObjects {
 public:
  void Apply(const ObjectChange<T>& change) {
    const Key key(change.object->meta.name_space, change.object->meta.name);
    if (change.kind != ObjectChange<T>::Kind::kDeleted) {
      objects_[key] = change.object;
      return;
    }
    const auto known = objects_.find(key);
    if (known == objects_.end() || known->second->meta.uid != change.object->meta.uid) return;
    objects_.erase(known);
  }

  std::shared_ptr<const T> Find(std::string_view name_space, std::string_view name) const {
    const auto found = objects_.find(Key(name_space, name));
    return found == objects_.end() ? nullptr : found->second;
  }

  // Of one namespace, by name.
  std::vector<std::shared_ptr<const T>> In(std::string_view name_space) const {
    std::vector<std::shared_ptr<const T>> found;
    for (auto it = objects_.lower_bound(Key(name_space, ""));
         it != objects_.end() && it->first.first == name_space; ++it) {
      found.push_back(it->second);
    }
    return found;
  }

 private:
  using Key = std::pair<std::string, std::string>;
  std::map<Key, std::shared_ptr<const T>> objects_;
};

// Objects of one kind by the uid of the owner that controls them, then by name.
template <class T>
class OwnedObjects {
 public:
  using ByName = std::map<std::string, std::shared_ptr<const T>>;

  void Apply(const ObjectChange<T>& change) {
    if (change.previous != nullptr) Remove(*change.previous);
    const OwnerReference* owner = change.object->meta.Controller();
    if (change.kind == ObjectChange<T>::Kind::kDeleted) {
      Remove(*change.object);
    } else if (owner != nullptr) {
      owned_[owner->uid][change.object->meta.name] = change.object;
    }
  }

  const ByName& Of(const std::string& owner_uid) const {
    static const ByName none;
    const auto found = owned_.find(owner_uid);
    return found == owned_.end() ? none : found->second;
  }

 private:
  void Remove(const T& object) {
    const OwnerReference* owner = object.meta.Controller();
    if (owner == nullptr) return;
    const auto owned = owned_.find(owner->uid);
    if (owned == owned_.end()) return;
    const auto known = owned->second.find(object.meta.name);
    if (known == owned->second.end() || known->second->meta.uid != object.meta.uid) return;
    owned->second.erase(known);
    if (owned->second.empty()) owned_.erase(owned);
  }

  std::map<std::string, ByName> owned_;
};

// Thread-safety: hold `mutex` for whatever else is used.
struct ClusterStore {
  // Under the lock, and tells those who wait.
  void Change(const std::function<void(ClusterStore&)>& change) {
    {
      const std::scoped_lock lock(mutex);
      change(*this);
      ++changes;
    }
    changed.notify_all();
  }

  // Whether the node's CPU or memory manager is static: by its own word or by its labels.
  bool Pins(const std::string& node) const {
    const auto labelled = nodes.Find("", node);
    return pinning_nodes.contains(node) || (labelled != nullptr && IsLabelledPinning(*labelled));
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t changes = 0;

  OwnedObjects<PodView> pods;
  OwnedObjects<WorkloadView> replica_sets;
  NamedObjects<WorkloadView> deployments;
  NamedObjects<WorkloadView> stateful_sets;
  std::map<std::string, WorkloadView> told;  // by "namespace/apiVersion/kind/name"
  NamedObjects<NodeView> nodes;
  std::set<std::string> pinning_nodes;  // whose kubelet has said that it pins Guaranteed pods
  NamedObjects<QuotaView> quotas;
  NamedObjects<LimitRangeView> limit_ranges;
  NamedObjects<DisruptionBudgetView> budgets;
  NamedObjects<HpaView> hpas;
  NamedObjects<VpaView> vpas;
  NamedObjects<ScaledObjectView> scaled_objects;
  std::map<std::string, std::string> reappliers;  // manager, by the uid of the workload
};

}  // namespace trimtab
