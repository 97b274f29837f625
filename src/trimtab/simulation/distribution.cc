#include "trimtab/simulation/distribution.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include "trimtab/probability/random_stream.h"
#include "trimtab/quantity/time.h"

namespace trimtab {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

constexpr double kNearlyOne = 1.0 - 1e-12;

struct LogParameters {
  double mu;
  double sigma;
};

// Of a lognormal with the given mean and coefficient of variation.
LogParameters LogParametersOf(double mean, double cv) {
  const double sigma2 = std::log1p(cv * cv);
  return {std::log(mean) - sigma2 / 2, std::sqrt(sigma2)};
}

double LognormalQuantile(double mean, double cv, double probability) {
  if (cv == 0) return mean;
  if (mean <= 0 || probability <= 0) return 0;
  const LogParameters log = LogParametersOf(mean, cv);
  return std::exp(log.mu + log.sigma * InverseNormal(std::min(probability, kNearlyOne)));
}

double TableQuantile(const EmpiricalLaw& table, double probability) {
  const auto above = std::find_if(table.points.begin(), table.points.end(),
                                  [&](const auto& p) { return p.probability >= probability; });
  if (above == table.points.begin()) return above->value.count();
  if (above == table.points.end()) return table.points.back().value.count();
  const auto below = above - 1;
  const double share =
      (probability - below->probability) / (above->probability - below->probability);
  return below->value.count() + share * (above->value - below->value).count();
}

class Violations {
 public:
  void Time(const char* name, Latency value) {
    if (!(value.count() >= 0 && value.count() <= 1e9)) {
      list_.push_back(
          fmt::format("{} is {} ms, must be between 0 and 1e9 ms", name, value.count()));
    }
  }
  void Cv(double cv) {
    if (!(cv >= 0 && cv <= 100)) {
      list_.push_back(fmt::format("cv is {}, must be between 0 and 100", cv));
    }
  }
  void Share(const char* name, double share) {
    if (!(share >= 0 && share <= 1)) {
      list_.push_back(fmt::format("{} is {}, must be between 0 and 1", name, share));
    }
  }
  void Add(std::string text) { list_.push_back(std::move(text)); }
  absl::Status ToStatus() const {
    if (list_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrJoin(list_, "; "));
  }

 private:
  std::vector<std::string> list_;
};

void CheckTable(const EmpiricalLaw& table, Violations& violations) {
  const auto& points = table.points;
  if (points.size() < 2) {
    violations.Add(
        fmt::format("quantile table has {} points, must have at least 2", points.size()));
    return;
  }
  if (points.front().probability != 0 || points.back().probability != 1) {
    violations.Add(fmt::format("quantile table spans probability {} to {}, must span 0 to 1",
                               points.front().probability, points.back().probability));
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    violations.Time(fmt::format("quantile table value {}", i).c_str(), points[i].value);
    if (i > 0 && !(points[i].probability >= points[i - 1].probability &&
                   points[i].value >= points[i - 1].value)) {
      violations.Add(fmt::format("quantile table falls at point {}, must not", i));
    }
  }
}

}  // namespace

absl::Status ValidateDistribution(const Distribution& distribution) {
  Violations violations;
  std::visit(Overloaded{
                 [&](const Deterministic& d) { violations.Time("value", d.value); },
                 [&](const Exponential& d) { violations.Time("mean", d.mean); },
                 [&](const Lognormal& d) {
                   violations.Time("mean", d.mean);
                   violations.Cv(d.cv);
                 },
                 [&](const ShiftedLognormal& d) {
                   violations.Time("shift", d.shift);
                   violations.Time("mean", d.mean);
                   violations.Cv(d.cv);
                 },
                 [&](const TwoPoint& d) {
                   violations.Time("low", d.low);
                   violations.Time("high", d.high);
                   violations.Share("high_share", d.high_share);
                   if (d.low > d.high) {
                     violations.Add(fmt::format("low is {} ms, must be at most high, {} ms",
                                                d.low.count(), d.high.count()));
                   }
                 },
                 [&](const EmpiricalLaw& d) { CheckTable(d, violations); },
             },
             distribution);
  return violations.ToStatus();
}

Latency MeanOf(const Distribution& distribution) {
  return std::visit(Overloaded{
                        [](const Deterministic& d) { return d.value; },
                        [](const Exponential& d) { return d.mean; },
                        [](const Lognormal& d) { return d.mean; },
                        [](const ShiftedLognormal& d) { return d.shift + d.mean; },
                        [](const TwoPoint& d) { return d.low + d.high_share * (d.high - d.low); },
                        [](const EmpiricalLaw& d) {
                          Latency mean{0};
                          for (std::size_t i = 1; i < d.points.size(); ++i) {
                            mean += (d.points[i].probability - d.points[i - 1].probability) *
                                    (d.points[i].value + d.points[i - 1].value) / 2;
                          }
                          return mean;
                        },
                    },
                    distribution);
}

Latency QuantileOf(const Distribution& distribution, double probability) {
  return std::visit(
      Overloaded{
          [](const Deterministic& d) { return d.value; },
          [=](const Exponential& d) {
            return d.mean * -std::log1p(-std::min(probability, kNearlyOne));
          },
          [=](const Lognormal& d) {
            return Latency(LognormalQuantile(d.mean.count(), d.cv, probability));
          },
          [=](const ShiftedLognormal& d) {
            return d.shift + Latency(LognormalQuantile(d.mean.count(), d.cv, probability));
          },
          [=](const TwoPoint& d) { return probability >= 1 - d.high_share ? d.high : d.low; },
          [=](const EmpiricalLaw& d) { return Latency(TableQuantile(d, probability)); },
      },
      distribution);
}

Distribution Scaled(const Distribution& distribution, double factor) {
  Distribution scaled = distribution;
  std::visit(Overloaded{
                 [=](Deterministic& d) { d.value *= factor; },
                 [=](Exponential& d) { d.mean *= factor; },
                 [=](Lognormal& d) { d.mean *= factor; },
                 [=](ShiftedLognormal& d) {
                   d.shift *= factor;
                   d.mean *= factor;
                 },
                 [=](TwoPoint& d) {
                   d.low *= factor;
                   d.high *= factor;
                 },
                 [=](EmpiricalLaw& d) {
                   for (auto& point : d.points) point.value *= factor;
                 },
             },
             scaled);
  return scaled;
}

}  // namespace trimtab
