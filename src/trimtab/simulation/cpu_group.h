// The CPU side of a container: processor sharing among its runnable frames under CFS quota.
// All of it is inline and in one header: it is the inner loop of the simulation and of the station.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "trimtab/simulation/event_queue.h"
#include "trimtab/simulation/implicit_heap.h"

namespace trimtab {

inline constexpr SimNanos kNever = std::numeric_limits<SimNanos>::max();
inline constexpr SimNanos kSecond = 1'000'000'000;

struct CpuGroupParameters {
  double parallelism = 1;  // cores that the process can use at once
  double quota = 0;        // cores; 0 = no limit
  SimNanos period = 100'000'000;
  SimNanos phase = 0;  // of the boundaries, in [0, period): random in a cluster, then fixed
};

// As in `cpu.stat` of a cgroup.
struct CpuStatistics {
  double used_nanos = 0;      // CPU time burnt
  std::uint64_t periods = 0;  // in which some frame was runnable
  std::uint64_t throttled_periods = 0;
  double throttled_nanos = 0;  // wall time, counted once whatever the number of threads
};

// Equal sharing of the allocation among the runnable frames, exact in virtual time: the virtual
// clock V runs at speed * allocation / runnable, a frame of demand d that starts at V0 is done at
// V0 + d, so an arrival or a departure costs O(log n) and moves no other frame (Parekh, Gallager
// 1993). The quota q gives q * period of CPU time each period, refilled to exactly that without
// carry-over; when it is used up, every frame stops until the next boundary
// (Documentation/scheduler/sched-bwc). The refill is lazy: boundaries are moments only while
// throttled. A stalled cycle burns quota as well, so a low speed causes throttling.
//
// One change at `now` is: Advance(now); then Start / PopFinished / set_quota; then
// SetShare(allocation, speed), where the allocation is what the host grants of want(); then
// NextMoment() says when to come back if nothing else happens. Times are rounded up to whole
// nanoseconds and a remainder below one of them counts as nothing, or a timer would fire for ever.
// Thread-safety: none.
class CpuGroup {
 public:
  CpuGroup(const CpuGroupParameters& parameters, SimNanos now)
      : last_(now),
        parallelism_(parameters.parallelism),
        quota_(parameters.quota),
        period_(parameters.period),
        boundary_(now + period_ - (now - parameters.phase % period_ + period_) % period_) {
    quota_left_ = Refill();
  }

  // Lets time pass. REQUIRES: now >= the last call's, and <= NextMoment() while frames run.
  void Advance(SimNanos now) {
    if (now == last_) return;
    const auto elapsed = static_cast<double>(now - last_);
    virtual_now_ += virtual_rate_ * elapsed;
    statistics_.used_nanos += allocation_ * elapsed;
    if (throttled_) statistics_.throttled_nanos += elapsed;
    if (!running_.empty() && !period_counted_) {
      period_counted_ = true;
      ++statistics_.periods;
    }
    if (now >= boundary_) {
      CrossBoundary(now);
    } else {
      quota_left_ -= allocation_ * elapsed;
    }
    last_ = now;
  }

  // Adds a frame. REQUIRES: demand > 0, in CPU nanoseconds at speed 1.
  void Start(double demand, std::uint32_t frame) { running_.Push({virtual_now_ + demand, frame}); }

  // Removes one frame whose demand is served, if there is one.
  bool PopFinished(std::uint32_t* frame) {
    if (running_.empty() || running_.top().finish - virtual_now_ > virtual_rate_) return false;
    *frame = running_.top().frame;
    running_.Pop();
    // At rest the virtual clock starts again, so that it never loses precision.
    if (running_.empty()) virtual_now_ = 0;
    return true;
  }
  void Clear() {
    running_.Clear();
    virtual_now_ = 0;
  }

  // Stops everything until the boundary if the quota is used up. Call after the last change at an
  // instant and before want().
  void Throttle() {
    if (throttled_ || running_.empty() || quota_left_ >= 1 || quota_ <= 0) return;
    throttled_ = true;
    ++statistics_.throttled_periods;
  }
  // Cores that the group could burn now.
  double want() const {
    return throttled_ ? 0 : std::min(static_cast<double>(running_.size()), parallelism_);
  }
  void SetShare(double allocation, double speed) {
    allocation_ = allocation;
    const auto runnable = static_cast<double>(running_.size());
    // A core each is the usual case, and needs no division.
    if (allocation == runnable) {
      virtual_rate_ = runnable > 0 ? speed : 0;
    } else {
      virtual_rate_ = speed * allocation / std::max(runnable, 1.0);
    }
  }

  // The next completion, exhaustion or refill; kNever if none is to come.
  SimNanos NextMoment() const {
    if (throttled_) return boundary_;
    if (virtual_rate_ <= 0) return kNever;
    const double wait = std::max((running_.top().finish - virtual_now_) / virtual_rate_, 0.0);
    return last_ + std::min(WholeNanos(wait), UntilExhaustion());
  }

  // Effective for the next refill; what is left of this period stays.
  void set_quota(double cores) { quota_ = cores; }
  double quota() const { return quota_; }
  double allocation() const { return allocation_; }
  double parallelism() const { return parallelism_; }
  bool throttled() const { return throttled_; }
  std::size_t runnable() const { return running_.size(); }
  // As of the last Advance().
  const CpuStatistics& statistics() const { return statistics_; }
  // CPU nanoseconds burnt up to `now` if nothing changes until then; does not touch the state.
  double UsedAt(SimNanos now) const {
    return statistics_.used_nanos + allocation_ * static_cast<double>(now - last_);
  }
  // Throttled nanoseconds up to `now`, likewise.
  double ThrottledAt(SimNanos now) const {
    return statistics_.throttled_nanos + (throttled_ ? static_cast<double>(now - last_) : 0.0);
  }

 private:
  struct Running {
    double finish;  // in virtual time
    std::uint32_t frame;
  };
  // Ties go by frame, so that the order does not depend on the history of the heap.
  struct FinishesBefore {
    bool operator()(const Running& a, const Running& b) const {
      return a.finish < b.finish || (a.finish == b.finish && a.frame < b.frame);
    }
  };

  double Refill() const {
    return quota_ > 0 ? quota_ * static_cast<double>(period_)
                      : std::numeric_limits<double>::infinity();
  }
  static SimNanos WholeNanos(double nanos) {
    const auto below = static_cast<SimNanos>(std::min(nanos, 1e17));
    return below + (static_cast<double>(below) < nanos && nanos < 1e17 ? 1 : 0);
  }
  // From last_; beyond any simulation if the allocation stays within the quota.
  SimNanos UntilExhaustion() const {
    const auto to_boundary = static_cast<double>(boundary_ - last_);
    // A remainder below a nanosecond is rounding: a group that burns exactly its quota runs on.
    if (quota_left_ < allocation_ * (to_boundary - 1)) return WholeNanos(quota_left_ / allocation_);
    if (quota_ <= 0 || allocation_ <= quota_) return kNever - last_;
    return WholeNanos(to_boundary + Refill() / allocation_);
  }
  void CrossBoundary(SimNanos now) {
    SimNanos crossed = 1;
    if (now - boundary_ >= period_) crossed += (now - boundary_) / period_;
    const SimNanos last_boundary = boundary_ + (crossed - 1) * period_;
    quota_left_ = Refill() - allocation_ * static_cast<double>(now - last_boundary);
    boundary_ = last_boundary + period_;
    throttled_ = false;
    period_counted_ = !running_.empty() && now > last_boundary;
    if (!running_.empty()) {
      statistics_.periods += static_cast<std::uint64_t>(crossed - 1) + (period_counted_ ? 1U : 0U);
    }
  }

  double virtual_now_ = 0;   // CPU nanoseconds served to each frame since the group was last idle
  double virtual_rate_ = 0;  // of it, per nanosecond
  double allocation_ = 0;    // cores burnt
  double quota_left_ = 0;    // CPU nanoseconds until the boundary
  SimNanos last_ = 0;
  double parallelism_;
  double quota_;
  SimNanos period_;
  SimNanos boundary_;  // the next one; last_ < boundary_
  bool throttled_ = false;
  bool period_counted_ = false;
  ImplicitHeap<Running, FinishesBefore, 2> running_;
  CpuStatistics statistics_;
};

}  // namespace trimtab
