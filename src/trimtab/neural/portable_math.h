// Exponential and logarithm that give the same bytes on every machine.
#pragma once

namespace trimtab {

// The C library picks its exp and log by the machine (with or without fused multiply-add), and
// their last bits differ. Models are trained on logarithms, so these use plain multiplication,
// addition and division only. Relative error below 4e-16 times the magnitude of a result's
// logarithm or 1, whichever is larger.
double PortableExp(double x);
// REQUIRES: x is positive, normal and finite.
double PortableLog(double x);

}  // namespace trimtab
