#include "trimtab/controller/window_rules.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "fmt/format.h"
#include "trimtab/quantity/text.h"

namespace trimtab {
namespace {

// Standard errors, as window_rules.h derives them.
constexpr double kRise = 4;
constexpr double kDisagreement = 3;

// What became of spans between two accounts, other than that they were handed out.
std::string LossBetween(const SpanAccount& before, const SpanAccount& after) {
  std::string words;
  const auto add = [&words](std::uint64_t from, std::uint64_t to, std::string_view what) {
    if (to <= from) return;
    fmt::format_to(std::back_inserter(words), "{}{} {}", words.empty() ? "" : ", ", what,
                   to - from);
  };
  add(before.refused, after.refused, "spans refused");
  add(before.dropped, after.dropped, "spans dropped");
  add(before.late, after.late, "spans late");
  add(before.bad_requests, after.bad_requests, "requests unreadable");
  add(before.deferred_requests, after.deferred_requests, "requests turned away");
  return words;
}

}  // namespace

void CounterHistory::Append(const MetricSeries& series) {
  const MetricPoint* before = nullptr;
  for (const MetricPoint& point : series) {
    if (!std::isfinite(point.value) || point.value < 0) continue;
    if (before != nullptr && point.at <= before->at) continue;
    const MetricPoint* const previous = std::exchange(before, &point);
    if (!points_.empty() && point.at <= points_.back().at) continue;
    if (previous == nullptr) points_.clear();  // nothing joins it to what was counted before
    if (points_.empty()) {
      points_.push_back({.at = point.at, .value = 0});
      continue;
    }
    // A smaller value is a restart at 0. The last known moment may lie between two points.
    const double rise = point.value < previous->value ? point.value : point.value - previous->value;
    const Instant from = std::max(previous->at, points_.back().at);
    const double part = InSeconds(point.at - from) / InSeconds(point.at - previous->at);
    points_.push_back({.at = point.at, .value = points_.back().value + part * rise});
  }
  while (!points_.empty() && points_.front().at < points_.back().at - kept_) points_.pop_front();
}

std::optional<CounterHistory::Increase> CounterHistory::IncreaseWithin(
    const TimeWindow& window) const {
  const auto first =
      std::ranges::lower_bound(points_, window.begin, std::ranges::less(), &MetricPoint::at);
  const auto behind =
      std::ranges::upper_bound(points_, window.end, std::ranges::less(), &MetricPoint::at);
  if (behind - first < 2) return std::nullopt;
  const MetricPoint& last = *std::prev(behind);
  return Increase{.span = {.begin = first->at, .end = last.at},
                  .amount = last.value - first->value};
}

absl::Status WindowRulesOptions::Validate() const {
  std::string problems;
  if (!(most_disagreement > 0 && most_disagreement < 1)) {
    problems += fmt::format("; most disagreement is {}, must lie in (0, 1)", most_disagreement);
  }
  if (!(most_unfinished >= 0 && most_unfinished < 1)) {
    problems += fmt::format("; most unfinished is {}, must lie in [0, 1)", most_unfinished);
  }
  if (error_memory <= Duration(0)) {
    problems += fmt::format("; error memory is {}, must be positive", FormatDuration(error_memory));
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("window rules: " + problems.substr(2));
}

bool WindowRules::HasLostSince(const SpanAccount& account) const {
  return !LossBetween(last_, account).empty();
}

std::vector<std::string> WindowRules::Check(const WindowEvidence& evidence) {
  std::vector<std::string> gaps;
  CheckLosses(evidence, gaps);
  if (evidence.account.received == 0) return gaps;
  const TraceCounts counts = evidence.counts_in(evidence.window);
  const std::int64_t all = counts.finished + counts.unfinished;
  if (static_cast<double>(counts.unfinished) >
      options_.most_unfinished * static_cast<double>(all)) {
    gaps.push_back(fmt::format("traces: {} of {} are unfinished, at most {:.3g} % may be",
                               counts.unfinished, all, 100 * options_.most_unfinished));
  }
  CheckErrors(evidence, counts, gaps);
  CheckAgreement(evidence, gaps);
  return gaps;
}

void WindowRules::CheckLosses(const WindowEvidence& evidence, std::vector<std::string>& gaps) {
  std::string loss = LossBetween(std::exchange(last_, evidence.account), evidence.account);
  if (!loss.empty()) losses_.push_back({.at = evidence.now, .words = std::move(loss)});
  while (!losses_.empty() && losses_.front().at <= evidence.window.begin) losses_.pop_front();
  if (losses_.empty()) return;
  gaps.push_back(fmt::format("traces: lost {} ago: {}",
                             FormatDuration(evidence.now - losses_.back().at),
                             losses_.back().words));
}

void WindowRules::CheckErrors(const WindowEvidence& evidence, const TraceCounts& counts,
                              std::vector<std::string>& gaps) {
  while (!errors_.empty() && errors_.front().end < evidence.window.end - options_.error_memory) {
    errors_.pop_front();
  }
  const auto failed = static_cast<double>(counts.failed);
  const auto finished = static_cast<double>(counts.finished);
  std::optional<double> worst_before;
  for (const ErrorShare& before : errors_) {
    if (before.end > evidence.window.begin || finished == 0 || failed < 2) continue;
    const auto failed_before = static_cast<double>(before.counts.failed);
    const auto finished_before = static_cast<double>(before.counts.finished);
    const double share_before = failed_before / finished_before;
    const double share = (failed + failed_before) / (finished + finished_before);
    const double error = std::sqrt(share * (1 - share) * (1 / finished + 1 / finished_before));
    const bool rose = failed / finished - share_before > kRise * error;
    if (rose) worst_before = std::min(worst_before.value_or(1), share_before);
  }
  if (worst_before) {
    gaps.push_back(fmt::format("traces: {:.3g} % of the requests fail, {:.3g} % did before",
                               100 * failed / finished, 100 * *worst_before));
  }
  if (counts.finished > 0) errors_.push_back({.end = evidence.window.end, .counts = counts});
}

void WindowRules::CheckAgreement(const WindowEvidence& evidence,
                                 std::vector<std::string>& gaps) const {
  if (evidence.requests == nullptr || !(evidence.sampling_share > 0)) return;
  const auto counted = evidence.requests->IncreaseWithin(evidence.window);
  if (!counted || 2 * counted->span.length() < evidence.window.length()) return;
  const double share = evidence.sampling_share;
  const auto traced = static_cast<double>(evidence.counts_in(counted->span).finished) / share;
  const double requests = std::max(counted->amount, traced);
  const double noise = kDisagreement * std::sqrt(requests * (1 - share) / share) + 2 / share;
  const double allowed = options_.most_disagreement * counted->amount + noise;
  if (std::abs(traced - counted->amount) <= allowed) return;
  gaps.push_back(
      fmt::format("traces: {:.0f} requests traced within {} where the counter has {:.0f}", traced,
                  FormatDuration(counted->span.length()), counted->amount));
}

}  // namespace trimtab
