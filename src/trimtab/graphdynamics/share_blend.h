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

// The weights of (predicted, newest step, mean of the window), in tenths, whose mixture has the
// least total variation from what came; of equal ones that with most of the prediction.
// `predicted` is [places][graphs]. REQUIRES: at least one place.
std::array<double, 3> BestBlend(const ShareSeries& series, std::span<const SharePlace> places,
                                std::span<const double> predicted, std::size_t window);

}  // namespace trimtab
