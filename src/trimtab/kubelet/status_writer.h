// Writes of many pods' statuses, a few at a time.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/kubernetes/api_client.h"

namespace trimtab {

struct PodIdentity {
  std::string name_space;
  std::string name;
  std::string uid;
};

// Sends the newest report of each pod, one request of a pod at a time, on a few threads. A report
// that has not been sent when a newer one comes is never sent. What fails is sent again a second
// later, for as long as it takes: an API server that is away changes nothing but the delay. A pod
// that is gone, or another one by now, is left alone, and a report that the server finds wrong is
// not sent again.
// Thread-safety: every method may be called from any thread.
class StatusWriter {
 public:
  // `client` must outlive it.
  StatusWriter(ApiClient& client, int threads);
  // Ends without sending what waits.
  ~StatusWriter();
  StatusWriter(const StatusWriter&) = delete;
  StatusWriter& operator=(const StatusWriter&) = delete;

  void Write(const PodIdentity& pod, nlohmann::json patch);
  // Removes the object of a pod whose processes have ended.
  void Remove(const PodIdentity& pod);

  std::uint64_t written() const;
  // Of the last attempt that failed.
  absl::Status last_error() const;

 private:
  struct Task {
    PodIdentity pod;
    std::optional<nlohmann::json> patch;
    bool remove = false;
    bool is_queued = false;  // or under way
  };

  void Run(const std::stop_token& stop);
  absl::Status Send(const Task& task, const std::stop_token& stop);
  void Queue(Task& task);

  ApiClient& client_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  // All below are guarded by mutex_.
  std::map<std::string, Task> tasks_;  // by uid
  std::deque<std::string> queue_;      // uids
  std::uint64_t written_ = 0;
  absl::Status last_error_;
  std::vector<std::jthread> threads_;  // end first
};

}  // namespace trimtab
