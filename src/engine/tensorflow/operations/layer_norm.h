// LayerNorm over a token's row, for the operations that end in it: y = gamma xhat + beta with xhat = (s - mean(s)) / sqrt(var(s) + eps), var being
// the biased variance (Ba et al. 2016, eq. 4; torch.nn.LayerNorm). With g = dy gamma,
//   ds = (g - mean(g) - xhat mean(g xhat)) / sqrt(var(s) + eps)
// and dgamma and dbeta are the sums over tokens of dy xhat and dy.

#pragma once

#include "panx_ops.h"

namespace panx::layer_norm {

// Sums along a row are kept in 32 lanes side by side: the compiler may not reorder additions itself, and shorter sums round less.
typedef float Lanes __attribute__((vector_size(64)));

inline Lanes lanesAt(const float* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

inline float addLanes(Lanes a, Lanes b) {
  float sums[16];
  const Lanes both = a + b;
  std::memcpy(sums, &both, sizeof sums);
  for (int width = 8; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) sums[i] += sums[i + width];
  }
  return sums[0];
}

// The sum over i of term(row[i]), term being given a float or Lanes.
template <typename Term>
inline float sumOver(const float* row, int64_t width, Term term) {
  Lanes a = {}, b = {};
  int64_t i = 0;
  for (; i + 32 <= width; i += 32) {
    a += term(lanesAt(row + i));
    b += term(lanesAt(row + i + 16));
  }
  float rest = 0.0f;
  for (; i < width; ++i) rest += term(row[i]);
  return addLanes(a, b) + rest;
}

// The sum over i of a[i] b[i].
inline float product(const float* a, const float* b, int64_t width) {
  Lanes first = {}, second = {};
  int64_t i = 0;
  for (; i + 32 <= width; i += 32) {
    first += lanesAt(a + i) * lanesAt(b + i);
    second += lanesAt(a + i + 16) * lanesAt(b + i + 16);
  }
  float rest = 0.0f;
  for (; i < width; ++i) rest += a[i] * b[i];
  return addLanes(first, second) + rest;
}

// One token forward. normalized: s, replaced by xhat. Returns 1 / sqrt(var + eps); NaN where the variance is beyond float32: 1 / infinity
// would make all tokens alike, which looks like a result.
inline float normalize(const float* __restrict gamma, const float* __restrict beta, float eps, int64_t width,
                       float* __restrict y, float* __restrict normalized) {
  const float mean = sumOver(normalized, width, [](auto s) { return s; }) / width;
  const float variance = sumOver(normalized, width, [mean](auto s) { return (s - mean) * (s - mean); }) / width;
  const float inverse = 1.0f / std::sqrt(variance + eps) + 0.0f * variance;
  for (int64_t i = 0; i < width; ++i) {
    normalized[i] = (normalized[i] - mean) * inverse;
    y[i] = normalized[i] * gamma[i] + beta[i];
  }
  return inverse;
}

// One token of residual_norm.cc forward. factors: null where nothing is dropped.
inline float residualNorm(const float* __restrict branch, const float* __restrict bias, const float* __restrict residual,
                          const float* __restrict gamma, const float* __restrict beta, const float* __restrict factors,
                          float eps, int64_t width, float* __restrict y, float* __restrict normalized) {
  if (factors == nullptr) {
    for (int64_t i = 0; i < width; ++i) normalized[i] = residual[i] + (branch[i] + bias[i]);
  } else {
    for (int64_t i = 0; i < width; ++i) normalized[i] = residual[i] + factors[i] * (branch[i] + bias[i]);
  }
  return normalize(gamma, beta, eps, width, y, normalized);
}

// Of one token: mean(g) and mean(g xhat).
struct Means {
  float gradient, projection;
};

// One token backward up to its means: g; adds to the sums over tokens.
inline Means gradientMeans(const float* __restrict dy, const float* __restrict normalized, const float* __restrict gamma,
                           int64_t width, float* __restrict g, float* __restrict dgamma, float* __restrict dbeta) {
  for (int64_t i = 0; i < width; ++i) {
    g[i] = dy[i] * gamma[i];
    dgamma[i] += dy[i] * normalized[i];
    dbeta[i] += dy[i];
  }
  return {sumOver(g, width, [](auto value) { return value; }) / width, product(g, normalized, width) / width};
}

// ds of one element.
inline float inputGradient(float g, float normalized, Means means, float inverse) {
  return (g - means.gradient - normalized * means.projection) * inverse;
}

}  // namespace panx::layer_norm
