#include "trimtab/operator/leader_election.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "trimtab/clock/stoppable_wait.h"
#include "trimtab/quantity/text.h"

namespace trimtab {

absl::Status LeaderElectionOptions::Validate() const {
  std::string problems;
  if (claim.name.empty()) problems += "; the lease has no name";
  if (claim.name_space.empty()) problems += "; the lease has no namespace";
  if (claim.identity.empty()) problems += "; the candidate has no identity";
  if (claim.duration < std::chrono::seconds(1) || claim.duration > std::chrono::hours(1)) {
    problems += fmt::format("; lease duration is {}, must lie between 1s and 1h",
                            FormatDuration(claim.duration));
  }
  if (renew_deadline >= claim.duration) {
    problems += fmt::format("; renew deadline is {}, must be below the lease duration {}",
                            FormatDuration(renew_deadline), FormatDuration(claim.duration));
  }
  if (retry_period <= Duration(0) || retry_period >= renew_deadline) {
    problems += fmt::format("; retry period is {}, must lie between 0s and the renew deadline {}",
                            FormatDuration(retry_period), FormatDuration(renew_deadline));
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("leader election: " + problems.substr(2));
}

LeaderElection::LeaderElection(ApiClient& client, const Clock& clock, LeaderElectionOptions options,
                               std::function<void(const absl::Status& why)> on_lost)
    : client_(client),
      clock_(clock),
      options_(std::move(options)),
      on_lost_(std::move(on_lost)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

LeaderElection::~LeaderElection() { Resign(); }

Leadership LeaderElection::state() const {
  const std::scoped_lock lock(mutex_);
  return state_;
}

absl::Status LeaderElection::MayWrite() const {
  const std::scoped_lock lock(mutex_);
  if (state_ != Leadership::kLeader || resigned_) {
    return absl::FailedPreconditionError(
        fmt::format("nothing is written: '{}' does not hold lease '{}/{}'", options_.claim.identity,
                    options_.claim.name_space, options_.claim.name));
  }
  const Duration age = clock_.Now() - proven_;
  if (age < options_.renew_deadline) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("nothing is written: lease '{}/{}' was last renewed {} ago, {} is allowed",
                  options_.claim.name_space, options_.claim.name, FormatDuration(age),
                  FormatDuration(options_.renew_deadline)));
}

absl::Status LeaderElection::last_error() const {
  const std::scoped_lock lock(mutex_);
  return last_error_;
}

std::string LeaderElection::holder() const {
  const std::scoped_lock lock(mutex_);
  return holder_;
}

bool LeaderElection::WaitUntilLeader(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [this] { return state_ != Leadership::kStandby || resigned_; });
  return state_ == Leadership::kLeader && !resigned_;
}

void LeaderElection::Resign() {
  bool holds = false;
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(resigned_, true)) return;
    holds = state_ == Leadership::kLeader;
  }
  changed_.notify_all();
  thread_.request_stop();
  thread_.join();
  // A failed release costs the next holder the lease's duration and nothing else.
  if (holds && seen_) {
    ReleaseLease(client_, *seen_, options_.claim, clock_.Now()).IgnoreError();
  }
}

void LeaderElection::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Leadership before = state();
    if (before == Leadership::kLeader) {
      // After a long stop even a lease that nobody took is not renewed: what was about to be
      // written is as old as the stop.
      if (const absl::Status may = MayWrite(); !may.ok()) return Lose(may);
    }
    const absl::Status status = before == Leadership::kLeader ? Renew() : Stand();
    {
      const std::scoped_lock lock(mutex_);
      last_error_ = status;
      holder_ = seen_ ? seen_->holder : "";
      if (resigned_) return;
    }
    if (before == Leadership::kLeader) {
      // Judged by what is proven, however the renewal failed: the server may just be restarting.
      if (const absl::Status may = MayWrite(); !may.ok()) return Lose(status.ok() ? may : status);
    }
    if (state() == Leadership::kLost) return;
    if (!WaitFor(options_.retry_period, stop)) return;
  }
}

absl::Status LeaderElection::Stand() {
  const Instant asked = clock_.Now();
  auto lease = GetLease(client_, options_.claim.name_space, options_.claim.name);
  if (absl::IsNotFound(lease.status())) {
    auto made = CreateLease(client_, options_.claim, asked);
    if (made.ok()) Win(*std::move(made), asked);
    return made.status();
  }
  if (!lease.ok()) return lease.status();
  const bool is_new = !seen_ || seen_->meta.resource_version != lease->meta.resource_version ||
                      seen_->meta.uid != lease->meta.uid;
  // Our own lease of an earlier life is waited for as well: its process may not be gone.
  if (is_new) seen_at_ = clock_.Now();
  seen_ = *std::move(lease);
  const bool is_free = seen_->holder.empty();
  if (!is_free && clock_.Now() - seen_at_ < seen_->duration) return absl::OkStatus();
  const Instant sent = clock_.Now();
  auto taken = TakeLease(client_, *seen_, options_.claim, sent);
  if (taken.ok()) Win(*std::move(taken), sent);
  return taken.status();
}

absl::Status LeaderElection::Renew() {
  const Instant sent = clock_.Now();
  auto renewed = RenewLease(client_, *seen_, options_.claim, sent);
  if (absl::IsAborted(renewed.status())) {
    // Somebody wrote it: another holder, or a hand that set a label.
    auto now = GetLease(client_, options_.claim.name_space, options_.claim.name);
    if (!now.ok()) return now.status();
    if (now->holder != options_.claim.identity) {
      Lose(absl::FailedPreconditionError(fmt::format("lease '{}/{}' is held by '{}'",
                                                     options_.claim.name_space, options_.claim.name,
                                                     now->holder)));
      return absl::OkStatus();
    }
    seen_ = *std::move(now);
    renewed = RenewLease(client_, *seen_, options_.claim, sent);
  }
  if (!renewed.ok()) return renewed.status();
  Win(*std::move(renewed), sent);
  return absl::OkStatus();
}

void LeaderElection::Win(LeaseView lease, Instant proven) {
  seen_ = std::move(lease);
  {
    const std::scoped_lock lock(mutex_);
    // A lease that was taken while the process was stopped proves nothing: MayWrite() says so.
    state_ = Leadership::kLeader;
    proven_ = proven;
  }
  changed_.notify_all();
}

void LeaderElection::Lose(const absl::Status& why) {
  {
    const std::scoped_lock lock(mutex_);
    if (resigned_ || state_ == Leadership::kLost) return;
    state_ = Leadership::kLost;
  }
  changed_.notify_all();
  on_lost_(why);
}

}  // namespace trimtab
