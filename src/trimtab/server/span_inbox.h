// Where received spans wait until their traces are whole.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"
#include "trimtab/tracing/argument_bins.h"
#include "trimtab/tracing/child_order.h"
#include "trimtab/tracing/name_table.h"
#include "trimtab/tracing/otlp_intake.h"
#include "trimtab/tracing/otlp_json.h"
#include "trimtab/tracing/trace_assembler.h"
#include "trimtab/tracing/trace_source.h"

namespace trimtab {

// Takes requests of OTLP, whichever connection brought them, puts the spans of each trace together
// by its id, and hands a trace out when no span of it has come for the settle delay.
//
// No loss is silent. While the spans that wait fill three quarters of the memory bound, requests
// are turned away whole, to be sent again (kUnavailable): so nothing is lost while its sender has
// patience. A span that is refused (OtlpFault), that comes after its trace was closed, or that
// finds no room is counted, and its sender is told.
//
// A trace that has been open for `longest_trace` is closed although spans still come; so is nothing
// of a trace beyond `most_spans` kept: a trace id that never changes cannot fill the memory.
// Thread-safety: every method may be called from any thread. Cost: see the benchmark.
class SpanInbox : public TraceSource, private TraceSink {
 public:
  struct Options {
    // Longer than exporters hold spans back.
    Duration settle_delay = std::chrono::seconds(10);
    Duration longest_hold = std::chrono::seconds(5);  // of an exporter, before it sends a span
    Duration longest_trace = std::chrono::minutes(2);
    std::uint32_t most_spans = 20'000;
    Bytes memory_bound = Mebibytes(64);
    double sampling_share = 1;
    ArgumentBins arguments{};
  };
  enum class Encoding { kProtobuf, kJson };

  // What became of one request.
  struct Receipt {
    // kInvalidArgument: no request of OTLP. kUnavailable: no room now; nothing was taken.
    absl::Status status;
    std::uint64_t accepted = 0;
    std::uint64_t lost = 0;  // refused, late, or without room
    std::string reasons;     // why, by reason; empty when nothing was lost
  };

  explicit SpanInbox(Options options);

  // An inbox takes spans from its making on. Where several do so in turn, as the replicas of a
  // controller that lead one after the other, spans of a trace may have gone to the one before:
  // traces of which a span came before Begin(), or sooner than whole_after() behind it, are not
  // handed out, and their spans count as dropped.
  void Begin(Instant now);
  // Gives up the traces that wait; their spans count as dropped. Until Begin() requests are turned
  // away whole.
  void End();

  // In place of those of the options: which attributes are arguments, from the next request on.
  void SetArguments(ArgumentBins arguments);

  // `now` never goes back.
  Receipt Take(std::string body, Encoding encoding, Instant now);

  // Whole traces, children before parents. `sink` must not call the inbox.
  absl::Status Read(Instant now, const std::function<void(const Span&)>& sink) override;
  // The same for the traces that have not settled; for the end.
  void ReadRest(Instant now, const std::function<void(const Span&)>& sink);
  double sampling_share() const override { return options_.sampling_share; }
  std::optional<Duration> whole_after() const override {
    return options_.longest_hold + options_.settle_delay;
  }
  SpanAccount account() const override;
  std::vector<Duration> unfinished_ages() const override;

  std::size_t open_traces() const;
  // Refused spans, why they were, since the beginning.
  std::map<std::string, std::uint64_t> refused_by_reason() const;

 private:
  void AcceptTrace(const TraceId& trace, std::span<const SpanRecord> spans) override;
  void BeginRead(Instant now, const std::function<void(const Span&)>& sink);

  Options options_;
  mutable std::mutex mutex_;  // guards all below
  NameTable names_;
  OtlpIntake intake_{names_, &options_.arguments};
  OtlpJsonDecoder json_;
  TraceAssembler assembler_;
  SpanAccount account_;
  std::vector<Duration> unfinished_ages_;
  std::array<std::uint64_t, kOtlpFaults> refused_{};
  bool has_seen_root_ = false;
  bool has_ended_ = false;
  Instant whole_from_ = Instant::min();  // traces that began before may not be whole
  // During a Read().
  const std::function<void(const Span&)>* sink_ = nullptr;
  Instant now_;
  ChildOrder order_;
  Span span_;  // that is handed out
};

}  // namespace trimtab
