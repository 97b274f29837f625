#include "trimtab/profiling/label_check.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "fmt/format.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/profiling/in_order.h"

namespace trimtab {
namespace {

// One row for each setting that was measured alone and is trained on, `count` of them at random.
std::vector<SampleRow> DrawLabels(const SampleTable& table, const LabelCheckOptions& options) {
  std::vector<SampleRow> rows;
  for (const SampleRow& row : table.rows) {
    if (row.end_to_end || row.role != SampleRole::kTrain) continue;
    if (rows.empty() || rows.back().setting != row.setting) rows.push_back(row);
  }
  RandomStream random(options.seed, "profiling/label-check/draw");
  const auto count = std::min(rows.size(), static_cast<std::size_t>(options.labels));
  for (std::size_t i = 0; i < count; ++i) {
    std::swap(rows[i], rows[i + random.Below(rows.size() - i)]);
  }
  rows.resize(count);
  std::ranges::sort(rows, {}, &SampleRow::setting);
  return rows;
}

void Summarise(LabelCheck& check) {
  std::vector<double> errors;
  for (const LabelError& label : check.labels) errors.push_back(label.relative);
  std::ranges::sort(errors);
  const auto count = static_cast<double>(errors.size());
  for (const double error : errors) check.mean += error / count;
  check.p90 = errors[static_cast<std::size_t>(std::ceil(0.9 * count)) - 1];
  check.max = errors.back();
}

}  // namespace

absl::StatusOr<LabelCheck> CheckLabels(const SampleTable& table, const SampleSource& source,
                                       const LabelCheckOptions& options,
                                       const SweepRunner& runner) {
  const std::vector<SampleRow> rows = DrawLabels(table, options);
  if (rows.empty()) {
    return absl::InvalidArgumentError("the table has no label that was measured alone to train on");
  }
  const LabelAccuracy reference{.relative_standard_error = 1e-9, .most_requests = options.requests};
  LabelCheck check;
  const auto work = [&](std::int64_t i) -> absl::StatusOr<std::vector<SampleRow>> {
    SampleRow row = rows[static_cast<std::size_t>(i)];
    RandomStream seeds(options.seed, fmt::format("profiling/label-check/{}", row.setting));
    const auto label = source.Measure(
        StationSetting{row.microservice, row.container, row.container_load, row.interference},
        reference, seeds.NextBits());
    if (!label.ok()) return label.status();
    row.label.tail = label->tail;
    return std::vector<SampleRow>{row};
  };
  const auto deliver = [&](std::int64_t i, const std::vector<SampleRow>& measured) {
    const SampleRow& row = rows[static_cast<std::size_t>(i)];
    const Latency truth = measured[0].label.tail;
    check.labels.push_back({row, truth, std::abs(row.label.tail / truth - 1)});
    if (runner.progress) {
      runner.progress({SweepStage::kStations, i + 1, static_cast<std::int64_t>(rows.size())});
    }
    return absl::OkStatus();
  };
  const auto status = RunInOrder(0, static_cast<std::int64_t>(rows.size()), runner.threads,
                                 runner.stop, work, deliver);
  if (!status.ok()) return status;
  Summarise(check);
  return check;
}

}  // namespace trimtab
