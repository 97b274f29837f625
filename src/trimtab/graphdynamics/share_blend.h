// How close shares are to one another, and the mixture of predictions that comes closest.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "trimtab/graphdynamics/share_series.h"

namespace trimtab {

// Half the sum of |a - b|: the share of requests that are of another class than foreseen.
double TotalVariation(std::span<const double> a, std::span<const double> b);
// -sum of measured * log predicted, in nats, predictions below 1e-6 taken as 1e-6.
double CrossEntropy(std::span<const double> measured, std::span<const double> predicted);
// Kullback-Leibler divergence of the measured shares from the predicted, in nats; with the same
// least prediction, so that a class that was held impossible costs 14 nats and not infinitely many.
double KullbackLeibler(std::span<const double> measured, std::span<const double> predicted);

// Weights of (predicted, newest step, mean of the window).
using ShareWeights = std::array<double, 3>;

// How a prediction is mixed with what was measured. Most steps change nothing, and there a network
// follows the chance of a sample; so one mixture where it foresees a move that stands out from that
// chance, another where it does not.
struct ShareBlend {
  ShareWeights moving = {1, 0, 0};
  ShareWeights quiet = {1, 0, 0};
  double signal = 0;  // MoveSignal() from which a step is moving

  bool operator==(const ShareBlend&) const = default;
  const ShareWeights& At(double move_signal) const { return move_signal < signal ? quiet : moving; }
};

// How far a prediction is from the newest step, over the chance of a step of that load: shares of n
// requests are off by about 1 / sqrt(n).
double MoveSignal(std::span<const double> predicted, std::span<const double> newest, double load);

// The blend, weights in tenths, with the least total variation from what came: its signal is none
// or that of a quantile of the places, half to 98 % of them. Of equal mixtures that with most of
// the prediction. `predicted` is [places][graphs]. REQUIRES: at least one place.
ShareBlend BestBlend(const ShareSeries& series, std::span<const SharePlace> places,
                     std::span<const double> predicted, std::size_t window);

}  // namespace trimtab
