// Cuts answers of Jaeger's query service and requests of OTLP into texts that are parsed alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/tracing/input_file.h"

namespace trimtab {

// Of Jaeger's `/api/traces`: reads `{"data": [trace, trace, ...], ...}`, and also a bare array of
// traces, a bare trace whose first key is traceID, spans or processes, and several of these one
// after the other. Of OTLP: `{"resourceSpans": [element, ...]}`, the same as the member `result` of
// an object, and several of these; an element of resourceSpans is what is called a trace here. Only
// braces and strings are looked at; what is inside a trace is for the parser to judge.
//
// Thread-safety: none. Memory: the largest trace, at most `trace_bound`, rounded up to a power
// of 2.
class TraceCutter {
 public:
  static constexpr std::size_t kPadding = 64;  // readable bytes behind each trace

  enum class PieceState { kTrace, kTooLarge, kEnd };
  struct Piece {
    PieceState state = PieceState::kEnd;
    std::uint64_t number = 0;  // of the trace in the file, from 1
    std::string_view text;     // from brace to brace; valid until the next call
  };

  enum class Shape { kJaeger, kOtlp };

  // `input` must outlive the object.
  TraceCutter(InputFile& input, Shape shape, Bytes trace_bound = Mebibytes(64));

  // The next trace. A trace above the bound is passed over and told as kTooLarge. kInvalidArgument
  // when the text is not of the shape, kDataLoss when it ends too early; both name the byte.
  absl::StatusOr<Piece> Next();

  // Arrays of traces, and results, found so far: text without any is JSON of something else.
  std::uint64_t answers() const { return answers_; }

 private:
  enum class Place { kOutside, kInAnswer, kInTraces };

  // Makes the byte at at_ available; false at the end of the file.
  absl::StatusOr<bool> Available();
  // The next byte that is neither white space nor a comma, not yet taken; -1 at the end.
  absl::StatusOr<int> NextByte();
  absl::Status Wrong(std::string_view expected) const;
  absl::Status EndsInside(std::string_view what) const;
  // Each takes a step in its place; sets `has_trace` when at_ stands on the brace of a trace.
  absl::Status StepOutside(bool& has_trace);
  absl::Status StepInAnswer(bool& has_trace);
  absl::Status StepInTraces(bool& has_trace);
  absl::StatusOr<std::string_view> TakeString();
  absl::Status SkipValue();
  absl::StatusOr<Piece> CutTrace();

  InputFile* input_;
  Shape shape_;
  std::size_t trace_bound_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // bytes before it are done with
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  std::uint64_t file_offset_ = 0;  // of the buffer's first byte
  bool is_at_end_ = false;
  Place place_ = Place::kOutside;
  bool is_in_result_ = false;       // of OTLP: the object around the answer goes on behind it
  bool traces_end_answer_ = false;  // the array of traces is a member of an answer
  std::uint64_t traces_ = 0;
  std::uint64_t answers_ = 0;
};

}  // namespace trimtab
