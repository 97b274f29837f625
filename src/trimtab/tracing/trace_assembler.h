// Gathers the spans of each trace, however they are interleaved.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"
#include "trimtab/tracing/large_slab.h"
#include "trimtab/tracing/span_record.h"
#include "trimtab/tracing/text_hash.h"

namespace trimtab {

// Takes finished traces.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  // `spans` is in no particular order and valid during the call only.
  virtual void AcceptTrace(const TraceId& trace, std::span<const SpanRecord> spans) = 0;
};

struct AssemblerCounts {
  std::uint64_t traces = 0;        // handed on
  std::uint64_t closed_early = 0;  // of them, to stay below the memory bound
  std::uint64_t late_spans = 0;    // dropped: their trace was handed on, or too old
  std::uint64_t excess_spans = 0;  // dropped: their trace has too many, or fills the memory bound
};

// Spans come out of order and in pieces. A trace is handed on when no span of it has come for the
// settle delay, and earlier, least recently touched first, when the spans held reach the memory
// bound. A span of a trace that has been handed on lately is dropped and counted (the last 65,536
// such traces are known).
//
// Spans lie in chunks of 15 from a free list, traces in a flat table by id and in a list in order
// of last touch: Add() is O(1), without allocation once the bound has been reached.
// Thread-safety: none.
class TraceAssembler {
 public:
  struct Options {
    // How long after its last span a trace is complete. A file has no such moment: its traces
    // settle when it ends.
    Duration settle_delay = std::chrono::seconds(10);
    // Room for spans; a chunk of 15 takes 728 bytes.
    Bytes memory_bound = Mebibytes(64);
    // Spans that come this long after the first of their trace are late: so a trace that never ends
    // settles.
    Duration longest_open = Duration::max();
    // Of one trace; what is beyond is dropped.
    std::uint32_t most_spans = std::numeric_limits<std::uint32_t>::max();
    // At the memory bound traces are handed on early; otherwise spans are dropped.
    bool closes_early = true;
  };

  // `sink` must outlive the object.
  TraceAssembler(Options options, TraceSink& sink);

  // `now` never goes back.
  void Add(std::span<const TracedSpan> batch, Instant now);
  // Hands on the traces that are complete at `now`.
  void Settle(Instant now);
  // Hands on everything.
  void Flush();

  const AssemblerCounts& counts() const { return counts_; }
  std::size_t open_traces() const { return table_.size(); }
  // During AcceptTrace(): when the first span of its trace came.
  Instant opened() const { return opened_; }
  // What the spans held take of the memory bound.
  Bytes held() const {
    return Bytes(static_cast<std::int64_t>(chunks_held_) * std::int64_t{sizeof(Chunk)});
  }

 private:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::uint32_t kChunkSpans = 15;

  struct Chunk {
    std::uint32_t next = kNone;
    std::uint32_t used = 0;
    SpanRecord spans[kChunkSpans];
  };
  static constexpr std::uint32_t kSlabChunks = kLargePage / sizeof(Chunk);
  struct OpenTrace {
    TraceId id;
    Instant opened;
    Instant last_touch;
    std::uint32_t spans = 0;
    std::uint32_t first_chunk = kNone;
    std::uint32_t last_chunk = kNone;
    std::uint32_t older = kNone;
    std::uint32_t newer = kNone;
  };
  struct IdHash {
    std::size_t operator()(const TraceId& id) const {
      return MixWords(id.high ^ 0x6a09e667f3bcc909, id.low ^ 0xbb67ae8584caa73b);
    }
  };

  Chunk& ChunkAt(std::uint32_t chunk) {
    return *std::launder(reinterpret_cast<Chunk*>(PlaceOf(chunk)));
  }
  std::byte* PlaceOf(std::uint32_t chunk) {
    return slabs_[chunk / kSlabChunks].get() + chunk % kSlabChunks * sizeof(Chunk);
  }
  // The open trace of this id, opened when it is new; kNone when it was handed on lately, or has
  // been open for too long.
  std::uint32_t Open(const TraceId& id, Instant now);
  void Touch(std::uint32_t trace, Instant now);
  bool Append(std::uint32_t trace, const SpanRecord& span);
  void Unlink(std::uint32_t trace);
  void LinkNewest(std::uint32_t trace);
  // An empty chunk for a span of the newest trace; kNone when there is no room.
  std::uint32_t TakeChunk();
  void HandOn(std::uint32_t trace);

  Options options_;
  TraceSink& sink_;
  std::uint32_t most_chunks_;
  std::vector<LargeSlab> slabs_;  // a chunk is made in its place when it is first taken
  std::uint32_t chunk_count_ = 0;
  std::uint32_t chunks_held_ = 0;
  std::uint32_t free_chunk_ = kNone;
  std::vector<OpenTrace> traces_;
  std::vector<std::uint32_t> free_traces_;
  absl::flat_hash_map<TraceId, std::uint32_t, IdHash> table_;
  std::uint32_t oldest_ = kNone;
  std::uint32_t newest_ = kNone;
  std::vector<TraceId> handed_on_;  // direct-mapped by id
  std::vector<SpanRecord> gathered_;
  Instant opened_;
  AssemblerCounts counts_;
};

}  // namespace trimtab
