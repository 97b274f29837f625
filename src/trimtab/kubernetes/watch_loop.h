// List and watch: a collection of the API server followed for as long as one likes.
#pragma once

#include <cstdint>
#include <mutex>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/clock/clock.h"
#include "trimtab/kubernetes/api_client.h"
#include "trimtab/kubernetes/retry_pauses.h"
#include "trimtab/kubernetes/watch_decoder.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct WatchOptions {
  // How long the server is asked to keep one watch. Ours ends `patience` later. Shorter than the
  // silence below: a collection in which nothing ever happened brings no bookmarks, either, and the
  // end of its watch is all that its server says.
  Duration length = std::chrono::seconds(100);
  // Of the first watch after a failure, which says the sooner that the server is back.
  Duration first_length = std::chrono::seconds(5);
  Duration patience = std::chrono::seconds(10);
  Duration longest_silence = std::chrono::minutes(2);
  Bytes largest_event = Mebibytes(8);
  std::size_t most_objects = 100'000;
  RetryOptions retry{};  // its attempts do not count: a watch never gives up
};

// What a watch is doing. `error` is that of the last attempt, OK once one succeeds.
struct WatchState {
  bool is_synced = false;  // a list has been delivered whole
  Instant last_answer{};   // when the server last said anything of it
  absl::Status error;
  std::int64_t lists = 0;
  std::int64_t watches = 0;
  std::int64_t events = 0;  // bookmarks left out
};

// Who hears of the objects, on the watch's thread. An error from any of these makes the watch list
// again, after a pause.
class WatchSink {
 public:
  using Json = nlohmann::json;
  virtual ~WatchSink() = default;

  // A whole list: begun (what an earlier one left unfinished does not count), its objects, and its
  // end: what it did not name is gone.
  virtual void BeginList() = 0;
  virtual absl::Status Listed(const Json& object) = 0;
  virtual absl::Status EndList() = 0;
  // An ADDED or MODIFIED event, and a DELETED one.
  virtual absl::Status Changed(const Json& object) = 0;
  virtual absl::Status Deleted(const Json& object) = 0;
};

// Follows one collection on a thread of its own:
//
//   list all, page by page
//   watch from the list's version, with bookmarks
//     the stream ended, was cut or went silent: watch again from the last version seen
//     410, as an answer or as an event:         list again
//     an event that cannot be used:             list again
//   a pause, jittered and doubling, after each failure and after a watch that ended at once
//   a short watch after each failure
//
// Versions are only handed back to the server, never compared. Thread-safety: state() from any
// thread. Memory: one page of a list, or one event.
class WatchLoop {
 public:
  // All must outlive it. Starts at once.
  WatchLoop(ApiClient& client, std::string path, ApiQuery selector, WatchSink& sink,
            const Clock& clock, const WatchOptions& options);
  // Ends the watch; returns once the sink will not be called again.
  ~WatchLoop();
  WatchLoop(const WatchLoop&) = delete;
  WatchLoop& operator=(const WatchLoop&) = delete;

  WatchState state() const;

 private:
  void Run(const std::stop_token& stop);
  absl::Status ListOnce(const std::stop_token& stop);
  absl::Status WatchOnce(Duration length, const std::stop_token& stop);
  absl::Status OnEvent(const WatchEvent& event);
  void Note(const absl::Status& status);

  ApiClient& client_;
  const std::string path_;
  const ApiQuery selector_;
  WatchSink& sink_;
  const Clock& clock_;
  const WatchOptions options_;
  RetryPauses pauses_;
  std::string version_;        // where the next watch begins; a list is due when empty
  bool has_progress_ = false;  // the current attempt brought something
  mutable std::mutex mutex_;
  WatchState state_;  // guarded by mutex_
  std::jthread thread_;
};

}  // namespace trimtab
