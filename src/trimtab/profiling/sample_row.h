// One labelled sample, the row of a sample table.
#pragma once

#include <cstdint>
#include <optional>

#include "trimtab/application/allocation.h"
#include "trimtab/application/ids.h"
#include "trimtab/application/interference.h"
#include "trimtab/profiling/sample_source.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"

namespace trimtab {

// What a sample may be used for.
enum class SampleRole : std::uint8_t {
  kTrain,
  kTest,  // held out: its label comes from independent, longer streams
  // Measured alone where alone is not valid: only whole-tree runs may stand in for it.
  kSetAside,
};

// The end-to-end side of a whole-tree run; equal in all rows of the run.
struct EndToEndLabel {
  RequestsPerSecond application_load;
  Latency tail{0};
  double relative_standard_error = 0;
  friend bool operator==(const EndToEndLabel&, const EndToEndLabel&) = default;
};

// One container of one microservice under one setting. Rows of one whole-tree run share `setting`;
// so do the rows of equivalent settings, which were measured once.
struct SampleRow {
  std::int64_t setting = 0;  // its number in the sweep
  SampleRole role = SampleRole::kTrain;
  MicroserviceId microservice;
  int replica = 0;
  ContainerConfig container;
  RequestsPerSecond container_load;
  Interference interference;
  LatencyLabel label;
  std::optional<EndToEndLabel> end_to_end;  // whole-tree runs only
};

// `row` with every number at the resolution that a table stores (latencies whole nanoseconds,
// loads and shares whole millionths, cumulants single precision), so that a table in memory and one
// read back are equal.
SampleRow AtTableResolution(const SampleRow& row);
// `value` to whole millionths. REQUIRES: |value| < 1e12.
double ToMillionths(double value);

}  // namespace trimtab
