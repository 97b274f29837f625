#!/usr/bin/env python3
"""Prints the fixed values of sequence_tail_test.cc: P(Z <= t) of a sum of exponentials by partial
fractions (equation 10 of Derm), which need thousands of digits where rates are close.

Rates are quantiles of their family, so that a test can name them without a table:
  lognormal(s): rate_k = exp(s * Phi^-1((k + 0.5) / n)); near(w): rate_k = 1 + w * (k + 0.5) / n.
Times are multiples of the mean. Needs mpmath; four minutes, most of them for 400 stages.
"""

from mpmath import erfinv, exp, fsum, mp, mpf, sqrt

mp.dps = 4000


def lognormal(spread, n):
    mp.dps = 30
    rates = [exp(spread * sqrt(mpf(2)) * erfinv(2 * (mpf(k) + 0.5) / n - 1)) for k in range(n)]
    mp.dps = 4000
    return [mpf(r) for r in rates]


def near(width, n):
    return [1 + mpf(width) * (mpf(k) + mpf(1) / 2) / n for k in range(n)]


def within(rates, time):
    total = []
    for i, rate in enumerate(rates):
        term = exp(-rate * time)
        for j, other in enumerate(rates):
            if j != i:
                term *= other / (other - rate)
        total.append(term)
    return 1 - fsum(total)


CASES = [
    ("kLogNormal", "0.7", 5), ("kLogNormal", "0.7", 50), ("kLogNormal", "0.7", 400),
    ("kLogNormal", "2.0", 400), ("kNear", "1e-7", 5), ("kNear", "1e-7", 20),
    ("kNear", "0.05", 20), ("kNear", "0.05", 50), ("kNear", "0.05", 400),
]  # fmt: skip

for family, width, n in CASES:
    rates = lognormal(mpf(width), n) if family == "kLogNormal" else near(width, n)
    mean = fsum(1 / r for r in rates)
    for multiple in ("0.9", "1.2", "1.6"):
        value = within(rates, mean * mpf(multiple))
        print(f"    {{{family}, {width}, {n}, {multiple}, {mp.nstr(value, 18)}}},")
