// Who of several processes writes: the holder of a Lease, and only while it surely holds it.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "trimtab/clock/clock.h"
#include "trimtab/kubernetes/api_client.h"
#include "trimtab/kubernetes/lease.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

struct LeaderElectionOptions {
  LeaseClaim claim{};  // its duration: how long others wait for a holder that is silent
  // A holder that could not renew for so long has lost: what is left of the duration is for writes
  // that are on their way.
  Duration renew_deadline = std::chrono::seconds(10);
  Duration retry_period = std::chrono::seconds(2);

  // kInvalidArgument lists every violation: names, retry period < renew deadline < duration.
  absl::Status Validate() const;
};

enum class Leadership { kStandby, kLeader, kLost };

// Stands for election on a thread of its own:
//
//   standby: every retry period read the lease; take it when nobody holds it, or when no change of
//            it was seen for its duration by our own clock (the times in it are other machines')
//   leader:  every retry period renew it; what a renewal proves counts from before it was sent
//   lost:    another holds it, or the renew deadline passed. This is final: the process must end,
//            since only a new one has forgotten what the old one was about to write
//
// MayWrite() is asked before each attempt of a write and again when its bytes are about to leave
// (ApiClientOptions::before_write and before_sent), so that a process that was stopped for a while
// finds its lease too old before it sends anything. A stop between that look and the system call
// that sends is left to the fence of the chart, by which the API server refuses the writes of a pod
// that does not hold the lease.
// Thread-safety: every method from any thread.
class LeaderElection {
 public:
  // Both must outlive it. Begins at once. `client` must not be gated by MayWrite(), and should give
  // up within the retry period. `on_lost` is called at most once, on the thread of the election.
  LeaderElection(ApiClient& client, const Clock& clock, LeaderElectionOptions options,
                 std::function<void(const absl::Status& why)> on_lost);
  // Releases the lease if it is held: the next holder need not wait.
  ~LeaderElection();
  LeaderElection(const LeaderElection&) = delete;
  LeaderElection& operator=(const LeaderElection&) = delete;

  Leadership state() const;
  // Who holds the lease, as last seen; empty: nobody, or not known.
  std::string holder() const;
  // Of the last attempt to read or write the lease.
  absl::Status last_error() const;
  // OK while this process leads and its last proven renewal is younger than the renew deadline;
  // otherwise kFailedPrecondition with the reason.
  absl::Status MayWrite() const;
  // Waits until this process leads. False: stopped, or lost before.
  bool WaitUntilLeader(const std::stop_token& stop);
  // Gives the lease back and stands no more. From now on MayWrite() refuses.
  void Resign();

 private:
  void Run(const std::stop_token& stop);
  absl::Status Stand();
  absl::Status Renew();
  void Lose(const absl::Status& why);
  void Win(LeaseView lease, Instant proven);

  ApiClient& client_;
  const Clock& clock_;
  const LeaderElectionOptions options_;
  const std::function<void(const absl::Status&)> on_lost_;

  // Of the thread alone.
  std::optional<LeaseView> seen_;  // the lease as it was last read
  Instant seen_at_{};              // when it was seen to change

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  Leadership state_ = Leadership::kStandby;  // guarded by mutex_
  Instant proven_{};                         // guarded by mutex_
  bool resigned_ = false;                    // guarded by mutex_
  absl::Status last_error_;                  // guarded by mutex_
  std::string holder_;                       // guarded by mutex_
  std::jthread thread_;
};

}  // namespace trimtab
