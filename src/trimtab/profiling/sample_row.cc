#include "trimtab/profiling/sample_row.h"

#include <bit>
#include <cmath>
#include <cstdint>

namespace trimtab {
namespace {

Latency ToWholeNanoseconds(Latency latency) {
  return Latency(std::round(latency.count() * 1e6) / 1e6);
}

// Rounds to 24 significant bits, ties to even, by the bits: GCC 12 drops a conversion to float and
// back where it vectorises two of them.
double ToSinglePrecision(double value) {
  constexpr int kDropped = 29;
  constexpr std::uint64_t kLow = (std::uint64_t{1} << kDropped) - 1;
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return std::bit_cast<double>((bits + (kLow >> 1) + (bits >> kDropped & 1)) & ~kLow);
}

MeasuredCumulants AtTableResolution(const MeasuredCumulants& label) {
  const Cumulants& value = label.value;
  const Cumulants& error = label.relative_standard_error;
  return {.value = {.mean = ToSinglePrecision(value.mean),
                    .variance = ToSinglePrecision(value.variance),
                    .third = ToSinglePrecision(value.third)},
          .relative_standard_error = {.mean = ToMillionths(error.mean),
                                      .variance = ToMillionths(error.variance),
                                      .third = ToMillionths(error.third)}};
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
  out.label.cumulants = AtTableResolution(row.label.cumulants);
  if (out.end_to_end) {
    EndToEndLabel& end = *out.end_to_end;
    end.application_load = RequestsPerSecond(ToMillionths(end.application_load.value()));
    end.tail = ToWholeNanoseconds(end.tail);
    end.relative_standard_error = ToMillionths(end.relative_standard_error);
  }
  return out;
}

}  // namespace trimtab
