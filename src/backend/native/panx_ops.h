// What panx's TensorFlow operations share: threads, arithmetic that the compiler can vectorise, and random numbers.
//
// Everything is float32, row-major. N tokens of the batch, C hidden, I intermediate, H heads, D head size, B rows.
// Never compiled with -ffast-math: it would set flush-to-zero for the whole process, and drop the order of sums.

#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>

#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/shape_inference.h"
#include "tensorflow/core/util/work_sharder.h"

namespace panx {

// Run fn(from, to) over parts of [0, total) on TensorFlow's threads. How the work is divided depends only on total, cost and the
// number of threads; sums over several parts must be combined in a fixed order all the same (see the partial sums of
// the kernels), so that the same command gives the same bytes.
//
// cost: rough CPU cycles for one unit.
inline void parallelFor(tensorflow::OpKernelContext* context, int64_t total, int64_t cost,
                        const std::function<void(int64_t, int64_t)>& fn) {
  const auto& threads = *context->device()->tensorflow_cpu_worker_threads();
  tensorflow::Shard(threads.num_threads, threads.workers, total, cost, fn);
}

// A random 32-bit word for place `index` of stream (seed0, seed1): stateless, so any thread may draw any place, the backward
// draws the forward's mask again instead of keeping it, and a resumed run draws what an unbroken one would have.
// Two rounds of the 64-bit finaliser of MurmurHash3 (Appleby; constants of Stafford's mix 13) over a Weyl sequence.
inline uint32_t randomWord(uint32_t seed0, uint32_t seed1, uint64_t index) {
  uint64_t z = (static_cast<uint64_t>(seed0) << 32 | seed1) * 0x9e3779b97f4a7c15ULL + index * 0xd1342543de82ef95ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  z ^= z >> 31;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  return static_cast<uint32_t>(z >> 32);
}

// What dropout multiplies a value with: 0 with probability `rate`, else 1 / (1 - rate). rate 0 draws nothing.
struct Dropout {
  uint32_t seed0, seed1, threshold;
  float scale;

  Dropout(const int32_t* seed, float rate)
      : seed0(static_cast<uint32_t>(seed[0])),
        seed1(static_cast<uint32_t>(seed[1])),
        threshold(static_cast<uint32_t>(static_cast<double>(rate) * 4294967296.0)),
        scale(1.0f / (1.0f - rate)) {}

  float factor(uint64_t index) const { return randomWord(seed0, seed1, index) < threshold ? 0.0f : scale; }
};

// e^x to 1.5 units in the last place for x <= 88; 0 below -87.3. Cody-Waite reduction to |r| <= ln 2 / 2, then the polynomial of
// Cephes' expf (Moshier). Plain arithmetic without branches, so loops over it become vector code.
inline float expOf(float x) {
  const float kept = x < -87.3f ? -87.3f : (x > 88.0f ? 88.0f : x);
  const float n = std::nearbyintf(kept * 1.44269504088896341f);
  float r = kept - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float value = p * r * r + r + 1.0f;
  const int32_t bits = (static_cast<int32_t>(n) + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return x < -87.3f ? 0.0f : value * power;
}

}  // namespace panx
