// Writes spans as a compressed CSV file that the readers of this room take.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "trimtab/tracing/span.h"

namespace trimtab {

// Columns trace_id, span_id, parent_span_id, service, pod, operation, kind, start_ns, duration_ns,
// argument_classes; ids in hexadecimal, the parent of a root empty. The same spans give the same
// bytes.
//
// The file grows under `path` with ".part" behind it and gets its name in Finish(); an object
// destroyed without it removes what it wrote. Thread-safety: none. Cost: about 1 us a span.
class SpanCsvWriter {
 public:
  // kInvalidArgument with the path and the reason when the file cannot be made.
  static absl::StatusOr<std::unique_ptr<SpanCsvWriter>> Create(const std::string& path);

  virtual ~SpanCsvWriter() = default;
  // A failure to write is kept and told by Finish().
  virtual void Write(const Span& span) = 0;
  virtual absl::Status Finish() = 0;
};

}  // namespace trimtab
