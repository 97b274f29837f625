#include "trimtab/tracing/trace_assembler.h"

#include <algorithm>

namespace trimtab {
namespace {

constexpr std::size_t kHandedOnKnown = std::size_t{1} << 16;

std::size_t HandedOnPlace(const TraceId& id) { return id.low % kHandedOnKnown; }

}  // namespace

TraceAssembler::TraceAssembler(Options options, TraceSink& sink)
    : options_(options),
      sink_(sink),
      most_chunks_(static_cast<std::uint32_t>(std::clamp<std::int64_t>(
          options.memory_bound.value() / std::int64_t{sizeof(Chunk)}, 1, kNone - 1))),
      handed_on_(kHandedOnKnown) {
  // An id that belongs to another place stands for "none".
  for (std::size_t place = 0; place < handed_on_.size(); ++place) handed_on_[place].low = place + 1;
}

void TraceAssembler::Add(std::span<const TracedSpan> batch, Instant now) {
  const TraceId* last_id = nullptr;
  std::uint32_t trace = kNone;
  for (const TracedSpan& traced : batch) {
    if (last_id == nullptr || *last_id != traced.trace) {
      trace = Open(traced.trace, now);
      last_id = &traced.trace;
    }
    if (trace == kNone) {
      ++counts_.late_spans;
      continue;
    }
    if (!Append(trace, traced.span)) ++counts_.excess_spans;
  }
}

bool TraceAssembler::Append(std::uint32_t trace, const SpanRecord& span) {
  if (traces_[trace].spans == options_.most_spans) return false;
  std::uint32_t chunk = traces_[trace].last_chunk;
  if (chunk == kNone || ChunkAt(chunk).used == kChunkSpans) {
    chunk = TakeChunk();
    if (chunk == kNone) return false;
    OpenTrace& open = traces_[trace];
    if (open.last_chunk == kNone) {
      open.first_chunk = chunk;
    } else {
      ChunkAt(open.last_chunk).next = chunk;
    }
    open.last_chunk = chunk;
  }
  Chunk& target = ChunkAt(chunk);
  target.spans[target.used++] = span;
  ++traces_[trace].spans;
  return true;
}

void TraceAssembler::Settle(Instant now) {
  while (oldest_ != kNone && traces_[oldest_].last_touch + options_.settle_delay <= now) {
    HandOn(oldest_);
  }
}

void TraceAssembler::Flush() {
  while (oldest_ != kNone) HandOn(oldest_);
}

std::uint32_t TraceAssembler::Open(const TraceId& id, Instant now) {
  const auto [entry, is_new] = table_.try_emplace(id, kNone);
  if (!is_new) {
    const std::uint32_t known = entry->second;
    if (now - traces_[known].opened > options_.longest_open) return kNone;
    Touch(known, now);
    return known;
  }
  if (handed_on_[HandedOnPlace(id)] == id) {
    table_.erase(entry);
    return kNone;
  }
  if (free_traces_.empty()) {
    free_traces_.push_back(static_cast<std::uint32_t>(traces_.size()));
    traces_.emplace_back();
  }
  const std::uint32_t trace = free_traces_.back();
  free_traces_.pop_back();
  traces_[trace] = {.id = id, .opened = now, .last_touch = now};
  LinkNewest(trace);
  entry->second = trace;
  return trace;
}

void TraceAssembler::Touch(std::uint32_t trace, Instant now) {
  traces_[trace].last_touch = now;
  if (trace == newest_) return;
  Unlink(trace);
  LinkNewest(trace);
}

void TraceAssembler::Unlink(std::uint32_t trace) {
  const OpenTrace& open = traces_[trace];
  (open.older == kNone ? oldest_ : traces_[open.older].newer) = open.newer;
  (open.newer == kNone ? newest_ : traces_[open.newer].older) = open.older;
}

void TraceAssembler::LinkNewest(std::uint32_t trace) {
  OpenTrace& open = traces_[trace];
  open.older = newest_;
  open.newer = kNone;
  (newest_ == kNone ? oldest_ : traces_[newest_].newer) = trace;
  newest_ = trace;
}

std::uint32_t TraceAssembler::TakeChunk() {
  if (free_chunk_ == kNone && chunk_count_ >= most_chunks_) {
    if (!options_.closes_early || oldest_ == newest_) return kNone;
    ++counts_.closed_early;
    HandOn(oldest_);
  }
  ++chunks_held_;
  if (free_chunk_ == kNone) {
    if (chunk_count_ % kSlabChunks == 0) {
      // A small bound takes no large page.
      const std::uint32_t chunks = std::min(kSlabChunks, most_chunks_);
      slabs_.push_back(MakeLargeSlab(chunks < kSlabChunks ? chunks * sizeof(Chunk) : kLargePage));
    }
    new (PlaceOf(chunk_count_)) Chunk;
    ++chunk_count_;
    return chunk_count_ - 1;
  }
  const std::uint32_t chunk = free_chunk_;
  free_chunk_ = ChunkAt(chunk).next;
  ChunkAt(chunk).next = kNone;
  ChunkAt(chunk).used = 0;
  return chunk;
}

void TraceAssembler::HandOn(std::uint32_t trace) {
  const OpenTrace open = traces_[trace];
  Unlink(trace);
  table_.erase(open.id);
  free_traces_.push_back(trace);
  handed_on_[HandedOnPlace(open.id)] = open.id;
  ++counts_.traces;
  chunks_held_ -= (open.spans + kChunkSpans - 1) / kChunkSpans;
  opened_ = open.opened;

  if (open.first_chunk == open.last_chunk && open.first_chunk != kNone) {
    const Chunk& only = ChunkAt(open.first_chunk);
    sink_.AcceptTrace(open.id, std::span(only.spans, only.used));
  } else {
    gathered_.clear();
    for (std::uint32_t at = open.first_chunk; at != kNone; at = ChunkAt(at).next) {
      const Chunk& chunk = ChunkAt(at);
      gathered_.insert(gathered_.end(), chunk.spans, chunk.spans + chunk.used);
    }
    sink_.AcceptTrace(open.id, gathered_);
  }
  if (open.last_chunk != kNone) {
    ChunkAt(open.last_chunk).next = free_chunk_;
    free_chunk_ = open.first_chunk;
  }
}

}  // namespace trimtab
