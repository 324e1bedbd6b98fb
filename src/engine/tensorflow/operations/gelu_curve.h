// The exact GELU (z Phi(z)) and its derivative, from tables.

#pragma once

#include <cmath>

#include "vectors.h"

namespace panx::gelu {

constexpr int kIntervals = 16, kDegree = 5;
constexpr float kWidth = 0.4f;

// f(t) for t >= 0, of a smooth f that is 1/2 from t = 6 on (here: within 4e-8): in 15 intervals of 0.4 the polynomial of degree 5 that meets f at their
// Chebyshev nodes, which is within 7e-9 (Phi) and 5e-8 (the derivative) of it, and 1/2 beyond them. A table to look up is half the work of
// exp and a quotient.
class Curve {
 public:
  explicit Curve(double (*f)(double)) {
    for (int k = 0; k < kIntervals - 1; k++) {
      // Newton's divided differences over r in [0, 1] within the interval, multiplied out to powers of r.
      double nodes[kDegree + 1], differences[kDegree + 1], powers[kDegree + 1] = {};
      for (int i = 0; i <= kDegree; i++) {
        nodes[i] = 0.5 - 0.5 * std::cos((2 * i + 1) * M_PI / (2 * (kDegree + 1)));
        differences[i] = f((k + nodes[i]) * static_cast<double>(kWidth));
      }
      for (int order = 1; order <= kDegree; order++) {
        for (int i = kDegree; i >= order; i--) differences[i] = (differences[i] - differences[i - 1]) / (nodes[i] - nodes[i - order]);
      }
      for (int i = kDegree; i >= 0; i--) {
        for (int power = kDegree; power > 0; power--) powers[power] = powers[power - 1] - nodes[i] * powers[power];
        powers[0] = differences[i] - nodes[i] * powers[0];
      }
      for (int power = 0; power <= kDegree; power++) set(power, k, powers[power]);
    }
    for (int power = 0; power <= kDegree; power++) set(power, kIntervals - 1, power == 0 ? 0.5 : 0);
  }

  Vector at(Vector t) const {
    const Vector scaled = t * (1 / kWidth), last = Vector{} + (kIntervals - 0.5f);
    const Vector place = scaled < last ? scaled : last;
    const Places interval = __builtin_convertvector(place, Places);
    const Vector r = place - __builtin_convertvector(interval, Vector);
    Vector value = coefficient(kDegree, interval);
    for (int power = kDegree - 1; power >= 0; power--) value = value * r + coefficient(power, interval);
    return value;
  }

 private:
  Vector table_[kDegree + 1][kIntervals / kLanes];

  void set(int power, int interval, double value) { table_[power][interval / kLanes][interval % kLanes] = static_cast<float>(value); }

  Vector coefficient(int power, Places interval) const {
    if constexpr (kLanes == kIntervals) return __builtin_shuffle(table_[power][0], interval);
    return __builtin_shuffle(table_[power][0], table_[power][kIntervals / kLanes - 1], interval);
  }
};

// Phi(t) - 1/2 and Phi(t) + t phi(t) - 1/2, GELU and its derivative being z / 2 + |z| of the first and 1/2 + sign(z) of the second, at |z|.
inline double halfCdf(double t) { return 0.5 * std::erf(t * M_SQRT1_2); }
inline double halfSlope(double t) { return halfCdf(t) + t * std::exp(-0.5 * t * t) * (0.5 * M_SQRT1_2 * M_2_SQRTPI); }

inline const Curve& cdfCurve() {
  static const Curve curve(halfCdf);
  return curve;
}
inline const Curve& slopeCurve() {
  static const Curve curve(halfSlope);
  return curve;
}

inline Vector geluAt(const Curve& cdf, Vector z) {
  const Vector t = absolute(z);
  return t * cdf.at(t) + z * 0.5f;
}

inline Vector slopeAt(const Curve& slope, Vector z) { return withSign(slope.at(absolute(z)), z) + 0.5f; }

// y = GELU(x + bias) of `width` values; y in float32, or rounded to bfloat16.
template <typename Out>
void biasGelu(const Curve& cdf, const float* __restrict x, const float* __restrict bias, int64_t width, Out* __restrict y) {
  int64_t i = 0;
  for (; i + kLanes <= width; i += kLanes) store(geluAt(cdf, load(x + i) + load(bias + i)), y + i);
  if (i < width) storeFirst(geluAt(cdf, loadFirst(x + i, width - i) + loadFirst(bias + i, width - i)), width - i, y + i);
}

}  // namespace panx::gelu
