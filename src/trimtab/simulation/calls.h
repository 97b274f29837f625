// The execution of calls: frames step through their programs, in containers, over the network.
#pragma once

#include <cstdint>

#include "trimtab/simulation/cluster_state.h"
#include "trimtab/simulation/host_shares.h"
#include "trimtab/simulation/request_log.h"
#include "trimtab/simulation/request_process.h"
#include "trimtab/simulation/span_sampler.h"

namespace trimtab {

// Each method handles one kind of event at `state.now`; event_loop.h states what they mean.
// Own latency = span - union of the intervals in which some callee had not answered the caller, so
// hops belong to neither side's own latency, only to the end-to-end one.
// Cost: about 4 events a call; no allocation once the pools have grown. Thread-safety: none.
class Calls {
 public:
  // The arguments must outlive it.
  Calls(ClusterState& state, HostShares& shares, const RequestProcess& process,
        RequestLog& requests, SpanSampler& spans)
      : state_(state), shares_(shares), process_(process), requests_(requests), spans_(spans) {}

  // A client sends a request to an entry of the scenario.
  void SendEntry(const Request& request);
  void Deliver(std::uint32_t frame);
  void OnContainerTimer(std::uint32_t container, SimNanos time);
  void OnWaitEnd(std::uint32_t frame);
  void OnReply(std::uint32_t frame);
  void OnTimeout(std::uint32_t timeout_class);

  // Burns the start-up CPU of a new process; a Replica event follows at its end.
  void StartUp(std::uint32_t container);
  // Every frame of the container fails; callers get an error one hop later. Its memory is empty.
  void FailAll(std::uint32_t container);

 private:
  void Send(std::uint32_t frame, const CompiledTarget& target, std::uint32_t from_host);
  std::uint32_t PickReplica(std::uint32_t microservice);
  void Refuse(std::uint32_t frame);
  void Run(std::uint32_t frame);
  bool Begin(std::uint32_t frame);
  bool RunSteps(std::uint32_t frame);
  void StartCpu(std::uint32_t frame, double demand);
  void StartWait(std::uint32_t frame, double nanos);
  void CallAll(std::uint32_t frame, const Step& step);
  std::uint32_t Finish(std::uint32_t frame);
  std::uint32_t TakeQueued(Container& container);
  void Leave(std::uint32_t container, Container& c, Frame& frame);
  void ScheduleReply(std::uint32_t frame, SimNanos ended);
  void FailFrame(std::uint32_t frame);
  void ChildDone(std::uint32_t parent, bool failed);
  void Expire(std::uint32_t frame);
  void WakeLife(std::uint32_t container);
  SimNanos HopBetween(std::uint32_t host, std::uint32_t other) const;
  std::uint32_t HostOf(std::uint32_t frame) const;

  ClusterState& state_;
  HostShares& shares_;
  const RequestProcess& process_;
  RequestLog& requests_;
  SpanSampler& spans_;
};

}  // namespace trimtab
