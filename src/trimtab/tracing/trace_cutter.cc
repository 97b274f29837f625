#include "trimtab/tracing/trace_cutter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "trimtab/tracing/json_object_scan.h"

namespace trimtab {
namespace {

constexpr std::size_t kBlock = std::size_t{256} << 10;
// Keys and other strings outside of traces; Jaeger's have ten letters at most.
constexpr std::size_t kLongestKey = std::size_t{64} << 10;

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

}  // namespace

TraceCutter::TraceCutter(InputFile& input, Shape shape, Bytes trace_bound)
    : input_(&input),
      shape_(shape),
      trace_bound_(static_cast<std::size_t>(trace_bound.value())),
      buffer_(2 * kBlock + kPadding) {}

absl::StatusOr<bool> TraceCutter::Available() {
  if (at_ < end_) return true;
  if (is_at_end_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    file_offset_ += begin_;
    at_ -= begin_;
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - kPadding - end_ < kBlock) {
    buffer_.resize(2 * (buffer_.size() - kPadding) + kPadding);
  }
  const absl::StatusOr<std::size_t> got = input_->Read(buffer_.data() + end_, kBlock);
  if (!got.ok()) return got.status();
  end_ += *got;
  is_at_end_ = *got == 0;
  return !is_at_end_;
}

absl::StatusOr<int> TraceCutter::NextByte() {
  for (;; ++at_) {
    begin_ = at_;
    const absl::StatusOr<bool> available = Available();
    if (!available.ok()) return available.status();
    if (!*available) return -1;
    if (!IsSpace(buffer_[at_]) && buffer_[at_] != ',') {
      return static_cast<unsigned char>(buffer_[at_]);
    }
  }
}

absl::Status TraceCutter::Wrong(std::string_view expected) const {
  const char found = buffer_[at_];
  const bool is_printable = found > 0x20 && found < 0x7f;
  return absl::InvalidArgumentError(fmt::format(
      "'{}': byte {}: expected {}, found {}", input_->path(), file_offset_ + at_, expected,
      is_printable ? fmt::format("'{}'", found)
                   : fmt::format("byte 0x{:02x}", static_cast<unsigned char>(found))));
}

absl::Status TraceCutter::EndsInside(std::string_view what) const {
  return absl::DataLossError(fmt::format("'{}': byte {}: the file ends inside {}", input_->path(),
                                         file_offset_ + at_, what));
}

absl::StatusOr<TraceCutter::Piece> TraceCutter::Next() {
  for (;;) {
    const absl::StatusOr<int> next = NextByte();
    if (!next.ok()) return next.status();
    if (*next == -1) {
      if (place_ == Place::kInAnswer) return EndsInside("an answer");
      if (place_ == Place::kInTraces) return EndsInside("an array of traces");
      return Piece{.state = PieceState::kEnd, .number = traces_, .text = {}};
    }
    bool has_trace = false;
    absl::Status step;
    switch (place_) {
      case Place::kOutside:
        step = StepOutside(has_trace);
        break;
      case Place::kInAnswer:
        step = StepInAnswer(has_trace);
        break;
      case Place::kInTraces:
        step = StepInTraces(has_trace);
        break;
    }
    if (!step.ok()) return step;
    if (has_trace) return CutTrace();
  }
}

absl::Status TraceCutter::StepOutside(bool& has_trace) {
  if (buffer_[at_] == '[' && shape_ == Shape::kJaeger) {
    ++at_;
    ++answers_;
    place_ = Place::kInTraces;
    traces_end_answer_ = false;
    return absl::OkStatus();
  }
  if (buffer_[at_] != '{') {
    return Wrong(shape_ == Shape::kJaeger ? "an answer of Jaeger ('{' or '[')"
                                          : "a request of OTLP ('{')");
  }
  if (shape_ == Shape::kOtlp) {
    ++at_;
    place_ = Place::kInAnswer;
    return absl::OkStatus();
  }
  // A bare trace is told by its first key, with the buffer kept from its brace on.
  ++at_;
  while (true) {
    const absl::StatusOr<bool> available = Available();
    if (!available.ok()) return available.status();
    if (!*available) return EndsInside("an answer");
    if (!IsSpace(buffer_[at_])) break;
    ++at_;
  }
  place_ = Place::kInAnswer;
  if (buffer_[at_] != '"') return absl::OkStatus();
  const absl::StatusOr<std::string_view> key = TakeString();
  if (!key.ok()) return key.status();
  has_trace = *key == "traceID" || *key == "spans" || *key == "processes";
  if (has_trace) place_ = Place::kOutside;
  at_ = has_trace ? begin_ : begin_ + 1;
  return absl::OkStatus();
}

absl::StatusOr<std::string_view> TraceCutter::TakeString() {
  const std::size_t from = at_ - begin_ + 1;  // relative: the buffer may move
  bool is_escaped = false;
  for (++at_;; ++at_) {
    const absl::StatusOr<bool> available = Available();
    if (!available.ok()) return available.status();
    if (!*available) return EndsInside("a string");
    if (!is_escaped && buffer_[at_] == '"') break;
    is_escaped = !is_escaped && buffer_[at_] == '\\';
    if (at_ - begin_ - from > kLongestKey) {
      return absl::InvalidArgumentError(fmt::format("'{}': byte {}: a key longer than {} bytes",
                                                    input_->path(), file_offset_ + at_,
                                                    kLongestKey));
    }
  }
  const std::string_view text(buffer_.data() + begin_ + from, at_ - begin_ - from);
  ++at_;
  return text;
}

absl::Status TraceCutter::StepInAnswer(bool& /*has_trace*/) {
  if (buffer_[at_] == '}') {
    ++at_;
    if (!is_in_result_) place_ = Place::kOutside;
    is_in_result_ = false;
    return absl::OkStatus();
  }
  if (buffer_[at_] != '"') return Wrong("a key");
  const absl::StatusOr<std::string_view> key = TakeString();
  if (!key.ok()) return key.status();
  const bool is_traces = shape_ == Shape::kJaeger
                             ? *key == "data"
                             : *key == "resourceSpans" || *key == "resource_spans";
  const bool is_result = shape_ == Shape::kOtlp && !is_in_result_ && *key == "result";
  absl::StatusOr<int> next = NextByte();
  if (!next.ok()) return next.status();
  if (*next == -1) return EndsInside("an answer");
  if (*next != ':') return Wrong("':'");
  ++at_;
  next = NextByte();
  if (!next.ok()) return next.status();
  if (*next == -1) return EndsInside("an answer");
  if (is_result && *next == '{') {
    ++at_;
    is_in_result_ = true;
    ++answers_;
    return absl::OkStatus();
  }
  if (is_traces && shape_ == Shape::kOtlp && *next != '[' && *next != 'n') {
    return Wrong("an array of resourceSpans");
  }
  if (!is_traces || *next != '[') return SkipValue();
  ++at_;
  ++answers_;
  place_ = Place::kInTraces;
  traces_end_answer_ = true;
  return absl::OkStatus();
}

absl::Status TraceCutter::StepInTraces(bool& has_trace) {
  if (buffer_[at_] == ']') {
    ++at_;
    place_ = traces_end_answer_ ? Place::kInAnswer : Place::kOutside;
    return absl::OkStatus();
  }
  if (buffer_[at_] != '{') return Wrong("a trace ('{')");
  has_trace = true;
  return absl::OkStatus();
}

// A value of no interest, of any size: up to the comma or bracket that ends it at its own depth.
absl::Status TraceCutter::SkipValue() {
  std::uint64_t depth = 0;
  bool in_string = false;
  bool is_escaped = false;
  for (;; ++at_) {
    begin_ = at_;
    const absl::StatusOr<bool> available = Available();
    if (!available.ok()) return available.status();
    if (!*available) return EndsInside("a value");
    const char c = buffer_[at_];
    if (in_string) {
      in_string = is_escaped || c != '"';
      is_escaped = !is_escaped && c == '\\';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
      return absl::OkStatus();
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
}

absl::StatusOr<TraceCutter::Piece> TraceCutter::CutTrace() {
  ++traces_;
  begin_ = at_;
  JsonObjectScan scan;
  std::size_t length = 0;
  bool is_too_large = false;
  for (;;) {
    const absl::StatusOr<bool> available = Available();
    if (!available.ok()) return available.status();
    if (!*available) return EndsInside(fmt::format("trace {}", traces_));
    const std::optional<std::size_t> end = scan.Feed(buffer_.data() + at_, end_ - at_);
    const std::size_t fed = end.value_or(end_ - at_);
    at_ += fed;
    length += fed;
    is_too_large |= length > trace_bound_;
    if (is_too_large) begin_ = at_;
    if (end) break;
  }
  if (is_too_large) return Piece{.state = PieceState::kTooLarge, .number = traces_, .text = {}};
  return Piece{.state = PieceState::kTrace,
               .number = traces_,
               .text = std::string_view(buffer_.data() + begin_, length)};
}

}  // namespace trimtab
