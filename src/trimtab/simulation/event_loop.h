// The event loop of the simulated cluster and the meaning of one step.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/quantity/time.h"
#include "trimtab/simulation/calls.h"
#include "trimtab/simulation/cluster_state.h"
#include "trimtab/simulation/host_contention.h"
#include "trimtab/simulation/host_shares.h"
#include "trimtab/simulation/replicas.h"
#include "trimtab/simulation/request_log.h"
#include "trimtab/simulation/request_process.h"
#include "trimtab/simulation/span_sampler.h"
#include "trimtab/workload/load_series.h"

namespace trimtab {

struct EventLoopOptions {
  std::uint64_t seed = 1;
  StepSeries load = StepSeries::Constant(0);  // requests per second, all operations
  double span_share = 0;                      // of the requests that are traced
  std::size_t most_unread_spans = 1'000'000;
  int bins_per_octave = 128;  // of all histograms; 16 above 1,000 containers, or the cache is lost
  // No replicas but those of HostedReplicas, and no requests before BeginRequests().
  bool is_hosted = false;
};

// Events happen in order of (time, sequence number of the push); equal times therefore fall in the
// order in which they were caused. One step pops the earliest event, sets `now` and does:
//
//   Arrive            send the request to its entry; the process settles the next one, its
//                     arguments and what it does to the state included; push its Arrive
//   send(call)        pick a replica of those in the balancer; none: an error reply, at once;
//                     otherwise push Deliver after one hop; with a timeout, note its deadline
//   Deliver           replica gone, starting or killed: error reply after one hop
//                     no thread free: to the end of the accept queue
//                     otherwise: begin
//   begin(frame)      takes a thread; the container is killed if its memory does not suffice;
//                     page faults: owe CPU, WAIT first; then run
//   run(frame)        CPU    demand from its stream: join the running set of the container; wait
//                     WAIT   push WaitEnd; wait
//                     CALL   send to all targets; wait until each has answered or timed out
//                     WHEN, REPEAT   as the kind of the request says
//                     END    note the own latency; free the thread, which begins the next of the
//                            accept queue; push Reply after transfer and one hop
//   ContainerTimer    stale unless it is the container's pending one; serve the time that has
//                     passed; run every frame whose demand is done; out of quota: throttle until
//                     the period's end; share out the host; set the timer to the next completion,
//                     exhaustion or refill (an earlier pending timer stays: it finds nothing due)
//   WaitEnd           run the frame
//   Reply             the caller notes an error if there was one, and runs on if it was the last
//   Timeout           the callers of expired calls run on with an error; the callees work on, and
//                     what they burn is lost
//   Replica, Resize,  see replicas.h: start-up, draining, restarts, new sizes, decisions taking
//   Reconcile         effect. A replica that is removed leaves the balancer first; its frames end
//                     normally within the grace period, afterwards fail like those of a killed one:
//                     frames in it answer an error after one hop, calls they wait for work on and
//                     their answers are dropped, calls on the way to it are refused
//   HostTick          see host_contention.h: usage, speeds, memory pressure, network stretch
//   Anomaly, Scrape,  handed to the owner; Scrape and WindowEnd only read, so that they change no
//   WindowEnd         latency
//
// Deterministic: state, options and the calls made from outside decide every byte.
// Cost: 4 events a call, some 80-150 ns an event. Memory: independent of simulated time.
// Thread-safety: none; distinct loops are independent.
class EventLoop {
 public:
  // What the loop hands to its owner, at the event's time.
  using Handler = std::function<void(EventKind)>;

  // `scenario` must be valid and outlive it. kInvalidArgument when the initial allocation does not
  // fit on the hosts.
  static absl::StatusOr<std::unique_ptr<EventLoop>> Create(const ClusterScenario& scenario,
                                                           const EventLoopOptions& options,
                                                           Handler handler);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // The load begins now. REQUIRES: a hosted loop, once.
  void BeginRequests();
  // Runs all events up to and including `until`, then lets time pass to it.
  void RunUntil(SimNanos until);

  const ClusterState& state() const { return state_; }
  ClusterState& state() { return state_; }
  Replicas& replicas() { return replicas_; }
  HostContention& contention() { return contention_; }
  RequestLog& requests() { return requests_; }
  const RequestLog& requests() const { return requests_; }
  const RequestProcess& process() const { return process_; }
  SpanSampler& spans() { return spans_; }
  const SpanSampler& spans() const { return spans_; }

 private:
  EventLoop(const ClusterScenario& scenario, const EventLoopOptions& options, Handler handler);
  void Step(const Event& event);
  void OnArrive();
  void PushNextRequest();

  ClusterState state_;
  RequestProcess process_;
  Request next_;
  SimNanos load_start_ = 0;
  HostShares shares_;
  RequestLog requests_;
  SpanSampler spans_;
  Calls calls_;
  Replicas replicas_;
  HostContention contention_;
  Handler handler_;
};

}  // namespace trimtab
