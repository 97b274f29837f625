// Folds scraped series that are one quantity in pieces: by label, by scrape, by restart, by pod.
#pragma once

#include <string_view>
#include <vector>

#include "trimtab/monitoring/metric_source.h"
#include "trimtab/monitoring/prometheus_answer.h"

namespace trimtab {

// One series out of all that cAdvisor and its like give of one container, pod or host:
// - series that differ in `summed` alone (a CPU, a network interface) are added up scrape by
// scrape,
//   and a scrape that lacks one of them is left out: the sum would fall, which reads as a restart;
// - of series that differ elsewhere but share `identity` (a container's id), which several jobs
//   scraped, the one with most points counts, of equals the one with the newest;
// - series of different `identity` follow one another, as containers that were restarted do: each
//   counts until the next begins.
// An empty name means that there is no such label. Series without points count for nothing.
MetricSeries FoldScrapes(std::vector<const LabeledSeries*> series, std::string_view summed,
                         std::string_view identity);

// The sum of counters that are scraped at different times: of the pods of one service, or of its
// routes. Each is taken from its own first point on, restarts included, and between its points as a
// straight line; the sum has the times of the counter with most points, from where all that were
// there at the beginning are known up to where all that go on are. A counter whose points end more
// than two of its spacings before the newest point of all is over and keeps its last value.
MetricSeries SumCounters(const std::vector<const MetricSeries*>& counters);

}  // namespace trimtab
