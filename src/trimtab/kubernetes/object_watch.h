// A collection of typed objects, kept as the API server has them.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/kubernetes/json_view.h"
#include "trimtab/kubernetes/watch_loop.h"

namespace trimtab {

// What happened to one object. `object` is the last known one when it is gone.
template <class T>
struct ObjectChange {
  enum class Kind { kAdded, kModified, kDeleted };
  Kind kind = Kind::kAdded;
  std::shared_ptr<const T> object;
  std::shared_ptr<const T> previous;  // kModified only
};

// The objects that a watch has brought, by uid. Whatever the connection does, a consumer sees each
// object added once, each of its versions at most once and in order, and deleted once; an object
// that was deleted and made anew under its name is two. After a gap, deletions come first.
// An object that `read` refuses is an error of the watch, which lists again: nothing is passed
// over. So a reader of what users write freely takes it with its faults, and refuses only what no
// server would store.
// Thread-safety: the watch's thread only. Memory: one T for each object, two while listing.
template <class T>
class ObjectStore : public WatchSink {
 public:
  using Reader = std::function<absl::StatusOr<T>(const Json&)>;
  using Consumer = std::function<void(const ObjectChange<T>&)>;

  // `on_synced` is called after each whole list.
  ObjectStore(Reader read, Consumer on_change, std::function<void()> on_synced)
      : read_(std::move(read)),
        on_change_(std::move(on_change)),
        on_synced_(std::move(on_synced)) {}

  void BeginList() override { listed_.clear(); }

  absl::Status Listed(const Json& object) override {
    auto read = Read(object);
    if (!read.ok()) return read.status();
    listed_[UidOf(object)] = *std::move(read);
    return absl::OkStatus();
  }

  absl::Status EndList() override {
    for (auto known = known_.begin(); known != known_.end();) {
      if (listed_.contains(known->first)) {
        ++known;
        continue;
      }
      on_change_({ObjectChange<T>::Kind::kDeleted, known->second.object, nullptr});
      known = known_.erase(known);
    }
    for (auto& [uid, entry] : std::exchange(listed_, {})) Put(uid, entry);
    on_synced_();
    return absl::OkStatus();
  }

  absl::Status Changed(const Json& object) override {
    auto read = Read(object);
    if (!read.ok()) return read.status();
    Put(UidOf(object), *read);
    return absl::OkStatus();
  }

  absl::Status Deleted(const Json& object) override {
    const auto known = known_.find(UidOf(object));
    if (known == known_.end()) return absl::OkStatus();
    const std::shared_ptr<const T> last = known->second.object;
    known_.erase(known);
    on_change_({ObjectChange<T>::Kind::kDeleted, last, nullptr});
    return absl::OkStatus();
  }

 private:
  struct Entry {
    std::string version;
    std::shared_ptr<const T> object;
  };

  static std::string UidOf(const Json& object) { return TextAt(object, {"metadata", "uid"}); }

  absl::StatusOr<Entry> Read(const Json& object) const {
    if (UidOf(object).empty()) return absl::DataLossError("an object without metadata.uid");
    auto read = read_(object);
    if (!read.ok()) {
      return absl::DataLossError(fmt::format(
          "{} '{}/{}': {}", TextAt(object, {"kind"}), TextAt(object, {"metadata", "namespace"}),
          TextAt(object, {"metadata", "name"}), std::string(read.status().message())));
    }
    return Entry{TextAt(object, {"metadata", "resourceVersion"}),
                 std::make_shared<const T>(*std::move(read))};
  }

  void Put(const std::string& uid, const Entry& entry) {
    Entry& known = known_[uid];
    const std::shared_ptr<const T> previous = known.object;
    if (previous != nullptr && known.version == entry.version) return;
    known = entry;
    const auto kind =
        previous == nullptr ? ObjectChange<T>::Kind::kAdded : ObjectChange<T>::Kind::kModified;
    on_change_({kind, entry.object, previous});
  }

  const Reader read_;
  const Consumer on_change_;
  const std::function<void()> on_synced_;
  std::map<std::string, Entry> known_;   // by uid
  std::map<std::string, Entry> listed_;  // of the list that is under way
};

// A store and the watch that fills it. Destroy it to end the watch. As WatchLoop.
template <class T>
class ObjectWatch {
 public:
  ObjectWatch(ApiClient& client, std::string path, ApiQuery selector, const Clock& clock,
              const WatchOptions& options, typename ObjectStore<T>::Reader read,
              typename ObjectStore<T>::Consumer on_change, std::function<void()> on_synced)
      : store_(std::move(read), std::move(on_change), std::move(on_synced)),
        loop_(client, std::move(path), std::move(selector), store_, clock, options) {}

  WatchState state() const { return loop_.state(); }

 private:
  ObjectStore<T> store_;
  WatchLoop loop_;  // ends first
};

}  // namespace trimtab
