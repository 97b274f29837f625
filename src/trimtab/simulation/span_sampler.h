// Spans of a sampled share of the requests, kept until they are read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "trimtab/probability/random_stream.h"
#include "trimtab/simulation/cluster_state.h"
#include "trimtab/tracing/span.h"

namespace trimtab {

// A span as the simulation notes it: numbers only, names are looked up when it is read.
struct SampledSpan {
  std::uint64_t trace = 0;  // counts sampled requests from 1
  std::uint64_t id = 0;
  std::uint64_t parent = 0;
  std::uint32_t microservice = 0;
  std::uint32_t ordinal = 0;  // of the replica
  std::uint32_t endpoint = 0;
  std::uint32_t request_kind = kNone;  // of a root's server span
  SpanKind kind = SpanKind::kUnspecified;
  SimNanos start = 0;
  SimNanos end = 0;
  SimNanos reported = 0;
  bool failed = false;  // by an error of its own or of a call, or given up by the caller
};

// Head sampling: whether a request is traced is drawn when it arrives, from a stream of its own, so
// tracing changes no latency. Each sampled call gives a client span of the caller and a server span
// of the callee, reported when the answer is received: children before parents.
// Memory: at most `most_records` spans wait to be read; beyond that the oldest are dropped and
// counted. Thread-safety: none.
class SpanSampler {
 public:
  SpanSampler(double share, std::size_t most_records, std::uint64_t seed)
      : share_(share), most_records_(most_records), stream_(seed, "span sampling") {}

  double share() const { return share_; }
  std::uint64_t dropped() const { return dropped_; }

  // The context of a new entry request's root; kNone when it is not sampled.
  std::uint32_t OnRequest();
  // The context of a call that the sampled frame `caller` makes.
  std::uint32_t OnCall(const Frame& caller, const ClusterState& state);
  // The callee of a sampled frame is done, at frame.ended; its container is about to forget it.
  void OnServed(const Frame& frame, const ClusterState& state);
  // The caller received the answer; the context is free afterwards.
  void OnReply(const Frame& frame, const ClusterState& state);
  // The client span of the caller ends: it gave up, or has its answer.
  void OnCallOver(const Frame& frame, const ClusterState& state, bool failed);

  // Spans not yet read, in the order in which they were reported.
  std::deque<SampledSpan>& records() { return records_; }

 private:
  struct Context {
    std::uint64_t trace = 0;
    std::uint64_t server = 0;
    std::uint64_t client = 0;            // 0: a root, called from outside
    std::uint64_t caller = 0;            // server span of the caller
    std::uint32_t microservice = kNone;  // of the caller
    std::uint32_t ordinal = 0;           // of the caller's replica
    std::uint32_t served_by = kNone;     // ordinal of the callee's replica
  };

  std::uint32_t Allocate();
  void Report(const SampledSpan& record);

  double share_;
  std::size_t most_records_;
  RandomStream stream_;
  std::uint64_t traces_ = 0;
  std::uint64_t ids_ = 0;
  std::uint64_t dropped_ = 0;
  std::vector<Context> contexts_;
  std::vector<std::uint32_t> free_;
  std::deque<SampledSpan> records_;
};

}  // namespace trimtab
