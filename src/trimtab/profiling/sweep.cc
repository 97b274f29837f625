#include "trimtab/profiling/sweep.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "fmt/format.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/profiling/in_order.h"
#include "trimtab/profiling/sweep_plan.h"
#include "trimtab/profiling/tree_plan.h"

namespace trimtab {
namespace {

// Long enough that the noise of a pair is below the bias worth knowing.
constexpr LabelAccuracy kBiasAccuracy{.relative_standard_error = 0.03, .most_requests = 180000};
constexpr std::int64_t kFewestRequests = 500;
// By how much the bias itself differs between settings: no pair, however well measured, decides.
constexpr double kSpreadOfBias = 0.05;

// A constant delay moves the mean and nothing else.
MeasuredCumulants Shifted(MeasuredCumulants label, Latency shift) {
  const double mean = label.value.mean + InSeconds(shift);
  if (mean > 0) label.relative_standard_error.mean *= label.value.mean / mean;
  label.value.mean = mean;
  return label;
}

class Sweep {
 public:
  Sweep(const Application& application, const SampleSource& source, const SweepRunner& runner,
        SampleJournal* journal, SampleManifest manifest)
      : application_(application), source_(source), runner_(runner), journal_(journal) {
    table_.manifest = std::move(manifest);
    if (journal != nullptr) table_.rows = journal->recovered();
    if (!table_.rows.empty()) first_missing_ = table_.rows.back().setting + 1;
  }

  absl::StatusOr<SampleTable> Run(const SweepPlan& plan) {
    auto status = RunStations(plan);
    if (status.ok()) status = RunTrees(static_cast<std::int64_t>(plan.stations.size()));
    if (status.ok()) status = MeasureBias();
    // Whatever ended it, what was measured is kept.
    if (journal_ != nullptr) status.Update(journal_->Flush());
    if (!status.ok()) return status;
    CountRefused(plan);
    manifest().rows = static_cast<std::int64_t>(table_.rows.size());
    manifest().complete = true;
    if (journal_ != nullptr) {
      if (status = journal_->Finish(manifest()); !status.ok()) return status;
    }
    return std::move(table_);
  }

 private:
  using Rows = std::vector<SampleRow>;

  SampleManifest& manifest() { return table_.manifest; }
  const SweepOptions& options() const { return table_.manifest.options; }

  absl::Status RunStations(const SweepPlan& plan) {
    const auto work = [&](std::int64_t setting) {
      return MeasureStation(plan.stations[static_cast<std::size_t>(setting)], setting);
    };
    return RunStage(SweepStage::kStations, 0, static_cast<std::int64_t>(plan.stations.size()),
                    work);
  }

  absl::StatusOr<Rows> MeasureStation(const StationJob& job, std::int64_t setting) const {
    const bool test = job.role == SampleRole::kTest;
    const auto label =
        source_.Measure(job.representative, test ? options().test : options().train, job.seed);
    if (absl::IsInvalidArgument(label.status())) return Rows();
    if (!label.ok()) return label.status();
    const MicroserviceId id = job.representative.microservice;
    const auto cpu_time =
        source_.CpuPerRequest(id, job.representative.container, job.representative.interference);
    if (!cpu_time.ok()) return cpu_time.status();
    // As planned: what was measured scatters about it.
    const double utilization = job.representative.container_load.value() * InSeconds(*cpu_time) /
                               InCores(job.representative.container.cpu);
    const bool valid = ValidAlone(source_.Traits(id), utilization, label->pool_full_share);
    Rows rows;
    for (const StationJob::Member& member : job.members) {
      SampleRow row;
      row.setting = setting;
      row.role = valid ? job.role : SampleRole::kSetAside;
      row.microservice = id;
      row.container = member.container;
      row.container_load = job.representative.container_load;
      row.interference = member.interference;
      row.label = *label;
      row.label.whole_tree = false;
      row.label.tail += member.shift;
      row.label.cumulants = Shifted(row.label.cumulants, member.shift);
      rows.push_back(AtTableResolution(row));
    }
    return rows;
  }

  absl::Status RunTrees(std::int64_t first) {
    const auto set_aside = SetAside();
    const auto work = [&](std::int64_t setting) -> absl::StatusOr<Rows> {
      const auto job = PlanTreeRun(application_, source_, options(), set_aside, setting - first);
      if (!job.ok()) return job.status();
      const auto sample = source_.Measure(job->setting, options().tree, job->seed);
      if (absl::IsInvalidArgument(sample.status())) return Rows();
      if (!sample.ok()) return sample.status();
      return TreeRows(*job, *sample, setting);
    };
    return RunStage(SweepStage::kTrees, first, first + options().tree_runs, work);
  }

  static Rows TreeRows(const TreeJob& job, const TreeSample& sample, std::int64_t setting) {
    Rows rows;
    for (std::size_t m = 0; m < sample.containers.size(); ++m) {
      for (std::size_t replica = 0; replica < sample.containers[m].size(); ++replica) {
        const ContainerLabel& container = sample.containers[m][replica];
        SampleRow row;
        row.setting = setting;
        row.role = job.role;
        row.microservice = MicroserviceId(m);
        row.replica = static_cast<int>(replica);
        row.container = container.container;
        row.container_load = container.container_load;
        row.interference = container.interference;
        row.label = container.label;
        row.label.whole_tree = true;
        row.end_to_end = EndToEndLabel{job.setting.application_load, sample.end_to_end_tail,
                                       sample.end_to_end_relative_standard_error};
        rows.push_back(AtTableResolution(row));
      }
    }
    return rows;
  }

  // Refused while planning, or by the source when it was asked to measure.
  void CountRefused(const SweepPlan& plan) {
    std::vector<bool> measured(plan.stations.size(), false);
    for (const SampleRow& row : table_.rows) {
      const auto setting = static_cast<std::size_t>(row.setting);
      if (setting < measured.size()) measured[setting] = true;
    }
    for (std::size_t m = 0; m < application_.size(); ++m) {
      manifest().microservices[m].refused_settings = plan.refused[m];
    }
    for (std::size_t i = 0; i < measured.size(); ++i) {
      if (measured[i]) continue;
      const StationJob& job = plan.stations[i];
      manifest().microservices[job.representative.microservice.value()].refused_settings +=
          static_cast<std::int64_t>(job.members.size());
    }
  }

  // The settings where alone was not valid, one of each group of equivalents.
  std::vector<std::vector<StationSetting>> SetAside() {
    std::vector<std::vector<StationSetting>> lists(application_.size());
    std::int64_t last = -1;
    for (const SampleRow& row : table_.rows) {
      if (row.role != SampleRole::kSetAside) continue;
      ++manifest().microservices[row.microservice.value()].set_aside_settings;
      if (row.setting == last) continue;
      last = row.setting;
      lists[row.microservice.value()].push_back(
          {row.microservice, row.container, row.container_load, row.interference});
    }
    return lists;
  }

  absl::Status MeasureBias() {
    const std::vector<SampleRow> pairs = BiasPairs();
    std::vector<std::vector<Pair>> measured(application_.size());
    const auto work = [&](std::int64_t i) -> absl::StatusOr<Rows> {
      SampleRow row = pairs[static_cast<std::size_t>(i)];
      RandomStream seeds(options().seed, fmt::format("profiling/bias/{}", i));
      const auto label = source_.Measure(
          StationSetting{row.microservice, row.container, row.container_load, row.interference},
          kBiasAccuracy, seeds.NextBits());
      if (absl::IsInvalidArgument(label.status())) return Rows();
      if (!label.ok()) return label.status();
      row.label = *label;
      return Rows{row};
    };
    const auto deliver = [&](std::int64_t i, const Rows& alone) {
      if (!alone.empty()) {
        const LatencyLabel& in_tree = pairs[static_cast<std::size_t>(i)].label;
        const LatencyLabel& apart = alone[0].label;
        const double noise = std::hypot(in_tree.relative_standard_error,
                                        apart.relative_standard_error, kSpreadOfBias);
        measured[alone[0].microservice.value()].push_back(
            {std::log(apart.tail / in_tree.tail), 1 / (noise * noise)});
      }
      Report(SweepStage::kBias, i + 1, static_cast<std::int64_t>(pairs.size()));
      return absl::OkStatus();
    };
    const auto status = RunInOrder(0, static_cast<std::int64_t>(pairs.size()), runner_.threads,
                                   runner_.stop, work, deliver);
    for (std::size_t m = 0; m < measured.size(); ++m) {
      manifest().microservices[m].alone_bias = BiasOf(measured[m]);
    }
    return status;
  }

  // The first containers of whole-tree runs where alone is allowed but least certain.
  std::vector<SampleRow> BiasPairs() const {
    std::vector<SampleRow> pairs;
    std::vector<int> taken(application_.size(), 0);
    for (const SampleRow& row : table_.rows) {
      if (!row.end_to_end || row.replica != 0 || row.label.requests < kFewestRequests) continue;
      const StationTraits traits = source_.Traits(row.microservice);
      if (row.label.utilization < kBiasFromUtilization ||
          row.label.utilization > kMostAsynchronousUtilization || !traits.asynchronous ||
          row.label.pool_full_share >= kMostPoolFullShare) {
        continue;
      }
      if (taken[row.microservice.value()]++ < options().bias_pairs) pairs.push_back(row);
    }
    // One pair tells nothing of its own error.
    std::erase_if(pairs,
                  [&](const SampleRow& row) { return taken[row.microservice.value()] == 1; });
    return pairs;
  }

  // Of one setting measured both ways.
  struct Pair {
    double log_ratio = 0;  // alone / in the tree
    double weight = 0;     // 1 / variance
  };

  static AloneBias BiasOf(const std::vector<Pair>& pairs) {
    if (pairs.size() < 2) return AloneBias();
    double weights = 0;
    double sum = 0;
    for (const Pair& pair : pairs) {
      weights += pair.weight;
      sum += pair.weight * pair.log_ratio;
    }
    const double mean = sum / weights;
    // Of the weighted mean, from the scatter itself: the estimates of the labels' errors are rough.
    double squares = 0;
    for (const Pair& pair : pairs) {
      squares += std::pow(pair.weight * (pair.log_ratio - mean), 2);
    }
    const auto count = static_cast<double>(pairs.size());
    return {.mean = std::expm1(mean),
            .standard_error = std::sqrt(squares * count / (count - 1)) / weights,
            .pairs = static_cast<std::int64_t>(pairs.size())};
  }

  template <class Work>
  absl::Status RunStage(SweepStage stage, std::int64_t begin, std::int64_t end, const Work& work) {
    const auto deliver = [&](std::int64_t setting, Rows rows) -> absl::Status {
      Report(stage, setting + 1 - begin, end - begin);
      if (rows.empty()) return absl::OkStatus();
      if (journal_ != nullptr) {
        if (auto status = journal_->Append(rows); !status.ok()) return status;
      }
      std::ranges::move(rows, std::back_inserter(table_.rows));
      return absl::OkStatus();
    };
    return RunInOrder(std::clamp(first_missing_, begin, end), end, runner_.threads, runner_.stop,
                      work, deliver);
  }

  void Report(SweepStage stage, std::int64_t done, std::int64_t total) const {
    if (runner_.progress) runner_.progress({stage, done, total});
  }

  const Application& application_;
  const SampleSource& source_;
  const SweepRunner& runner_;
  SampleJournal* journal_;
  SampleTable table_;
  std::int64_t first_missing_ = 0;  // settings below are in the table, as far as they have rows
};

}  // namespace

bool ValidAlone(const StationTraits& traits, double utilization, double pool_full_share) {
  constexpr double kRounding = 1e-6;  // of a planned load
  const double most = traits.asynchronous ? kMostAsynchronousUtilization : kMostBlockingUtilization;
  return pool_full_share < kMostPoolFullShare && utilization <= most + kRounding;
}

absl::StatusOr<PreparedSweep> PrepareSweep(const Application& application,
                                           const SampleSource& source,
                                           const std::string& scenario_hash,
                                           const SweepOptions& options) {
  auto plan = PlanSweep(application, source, options);
  if (!plan.ok()) return plan.status();
  SampleManifest manifest;
  manifest.application = application.name();
  manifest.scenario_hash = scenario_hash;
  manifest.options = options;
  for (std::size_t m = 0; m < application.size(); ++m) {
    const StationTraits traits = source.Traits(MicroserviceId(m));
    manifest.microservices.push_back({.name = application.microservices()[m].name,
                                      .asynchronous = traits.asynchronous,
                                      .visits_per_request = traits.visits_per_request});
  }
  manifest.settings = static_cast<std::int64_t>(plan->stations.size()) + options.tree_runs;
  return PreparedSweep{std::move(manifest), *std::move(plan)};
}

absl::StatusOr<SampleTable> RunSweep(const Application& application, const SampleSource& source,
                                     const PreparedSweep& prepared, const SweepRunner& runner,
                                     SampleJournal* journal) {
  return Sweep(application, source, runner, journal, prepared.manifest).Run(prepared.plan);
}

}  // namespace trimtab
