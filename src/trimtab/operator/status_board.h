// The status of one AppScaler as Trimtab wants it, written when it differs from what is stored.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/appscaler/app_scaler.h"
#include "trimtab/appscaler/scaler_status.h"
#include "trimtab/cluster/pod_size_book.h"
#include "trimtab/kubernetes/api_client.h"

namespace trimtab {

struct StatusBoardOptions {
  std::string name_space{};
  std::string name{};
  std::string uid{};  // a resource that was deleted and made anew is another
  bool dry_run = false;
};

// Holds the whole status and patches what changed, only where the resource is still of the version
// that the patch was made from; otherwise it reads it again and patches anew, so that a status that
// somebody wiped comes back with the next change. Sizes() and Put() are status.podSizes.
// Thread-safety: every method from any thread; writes come one after another.
class StatusBoard : public PodSizeBook {
 public:
  // `client` must outlive it. Begins with the status of `scaler`.
  StatusBoard(ApiClient& client, StatusBoardOptions options, const AppScaler& scaler);

  AppScalerStatus status() const;

  // Applies `change` and stores the result; nothing is sent when nothing changed. On an error the
  // status stays as it was. kNotFound: the resource is gone, or is another by now. Other errors as
  // PatchStatus().
  absl::Status Update(const std::function<void(AppScalerStatus&)>& change);

  // The resource was seen with this version: unless we wrote it ourselves, the next Update() looks
  // at what is stored.
  void Seen(const std::string& resource_version);

  std::vector<PodSize> Sizes() const override;
  // Of a resource that is gone they are kept here alone, so that raises can be finished.
  absl::Status Put(std::vector<PodSize> sizes) override;

  std::int64_t writes() const;

 private:
  absl::Status ReadAgain();
  void Stored(const nlohmann::json& object);

  ApiClient& client_;
  const StatusBoardOptions options_;
  std::mutex write_mutex_;  // held through a write
  // Of the writer.
  nlohmann::json stored_;
  std::string version_;

  mutable std::mutex mutex_;
  AppScalerStatus status_;       // guarded by mutex_
  std::deque<std::string> own_;  // versions that we know; guarded by mutex_
  bool must_read_ = false;       // guarded by mutex_
  std::int64_t writes_ = 0;      // guarded by mutex_
};

}  // namespace trimtab
