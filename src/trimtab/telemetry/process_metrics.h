// What the kernel knows of this process, under the names that client libraries of Prometheus share.
#pragma once

#include "trimtab/telemetry/metric_text.h"

namespace trimtab {

// process_cpu_seconds_total, process_resident_memory_bytes, process_virtual_memory_bytes,
// process_start_time_seconds, process_open_fds and process_max_fds, read from /proc/self. What
// cannot be read is left out.
void WriteProcessMetrics(MetricTextWriter& writer);

}  // namespace trimtab
