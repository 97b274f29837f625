// Reads recordings of load and of interference.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "trimtab/quantity/quantity.h"
#include "trimtab/quantity/time.h"
#include "trimtab/workload/load_series.h"
#include "trimtab/workload/series_fit.h"

namespace trimtab {

inline constexpr Bytes kLargestRecording = Mebibytes(64);

// The whole of a plain or gzip file, unpacked. kNotFound: it cannot be opened; kDataLoss: cut or
// corrupt gzip; kResourceExhausted: more than kLargestRecording when unpacked.
absl::StatusOr<std::string> ReadRecordingFile(const std::string& path);

// A load in requests per second. Either one number a line and second, or CSV with a header: a time
// column in seconds (t_s, time_s, timestamp, time, second) and a rate column (rate, rps, tps, qps,
// tps_truth, requests_per_second). Times ascend; uneven ones are brought to the smallest gap, each
// value holding to the next. kInvalidArgument, with `name`, row and value, for anything else: an
// empty file, not a number, a negative or infinite rate, times that do not ascend.
absl::StatusOr<RecordedSeries> ParseLoadRecording(std::string_view text, std::string_view name);

// Shares in use of a host's resources, indexed by InterferenceKind; NaN where nothing was recorded.
struct InterferenceRecording {
  std::array<std::optional<RecordedSeries>, 4> kinds;
};
// CSV with a header, by its names one of
//   t_s, and any of cpu, memoryCapacity, memoryBandwidth, networkBandwidth: shares in [0, 1]
//   machine_id, t_s, cpu_util_percent, mem_util_percent, mem_gps, net_in, net_out (others ignored):
//     Alibaba's cluster-trace-v2018 per machine, in percent: the mean over machines of each minute
//   day, t_s, and the same percentages without mem_gps: its mean over the whole cluster
// The network is the larger of its two directions. An empty cell is missing, never zero. Errors as
// ParseLoadRecording().
absl::StatusOr<InterferenceRecording> ParseInterferenceRecording(std::string_view text,
                                                                 std::string_view name);

// A recording as a series to play: a missing value holds the last one present, or before the first
// that one. kInvalidArgument when none is present.
absl::StatusOr<StepSeries> ToSteps(const RecordedSeries& recording);

// The part [from, from + length) in steps of `step`, each the mean of what is present in it.
// REQUIRES: step >= the recording's. kInvalidArgument when nothing of it is left.
absl::StatusOr<RecordedSeries> PartOf(const RecordedSeries& recording, Duration from,
                                      Duration length, Duration step);

}  // namespace trimtab
