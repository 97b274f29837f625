#include "trimtab/profiling/sample_row.h"

#include <cmath>

namespace trimtab {
namespace {

Latency ToWholeNanoseconds(Latency latency) {
  return Latency(std::round(latency.count() * 1e6) / 1e6);
}

}  // namespace

double ToMillionths(double value) { return std::round(value * 1e6) / 1e6; }

SampleRow AtTableResolution(const SampleRow& row) {
  SampleRow out = row;
  out.container_load = RequestsPerSecond(ToMillionths(row.container_load.value()));
  for (const InterferenceKind kind : kInterferenceKinds) {
    if (const auto share = row.interference[kind]) {
      out.interference.Set(kind, Ratio(ToMillionths(share->value())));
    }
  }
  out.label.tail = ToWholeNanoseconds(row.label.tail);
  out.label.relative_standard_error = ToMillionths(row.label.relative_standard_error);
  out.label.utilization = ToMillionths(row.label.utilization);
  out.label.pool_full_share = ToMillionths(row.label.pool_full_share);
  if (out.end_to_end) {
    EndToEndLabel& end = *out.end_to_end;
    end.application_load = RequestsPerSecond(ToMillionths(end.application_load.value()));
    end.tail = ToWholeNanoseconds(end.tail);
    end.relative_standard_error = ToMillionths(end.relative_standard_error);
  }
  return out;
}

}  // namespace trimtab
