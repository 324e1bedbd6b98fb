// What panx's TensorFlow operations share: threads, and random numbers.
//
// Everything is float32, row-major. N tokens of the batch, C hidden, I intermediate, H heads, D head size, B rows.
// Never compiled with -ffast-math: it would set flush-to-zero for the whole process, and drop the order of sums.

#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>

#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/shape_inference.h"

#include "team.h"

namespace panx {

inline Team& teamOf(tensorflow::OpKernelContext* context) {
  return Team::of(context->device()->tensorflow_cpu_worker_threads()->num_threads);
}

// Run fn(from, to) over parts of [0, total), side by side. Which thread gets which part is chance: sums over several parts must be combined in a
// fixed order (see the partial sums of the kernels), so that the same command gives the same bytes.
//
// cost: rough CPU cycles for one unit.
inline void parallelFor(tensorflow::OpKernelContext* context, int64_t total, int64_t cost,
                        const std::function<void(int64_t, int64_t)>& fn) {
  constexpr int64_t kLeastCycles = 10000;  // of a part: some 3 us, which is more than sharing it costs
  Team& team = teamOf(context);
  const int64_t most = std::min<int64_t>(16 * team.size(), total * std::max<int64_t>(cost, 1) / kLeastCycles);
  const int64_t parts = std::max<int64_t>(1, std::min(total, most));
  std::atomic<int64_t> next{0};
  team.run(static_cast<int>(std::min<int64_t>(parts, team.size())), [&] {
    for (int64_t part; (part = next++) < parts;) fn(total * part / parts, total * (part + 1) / parts);
  });
}

inline const float* floats(const tensorflow::Tensor& tensor) { return tensor.flat<float>().data(); }

// Whether the CPU has the products of bfloat16 that mat_mul.h is made of, where they are asked for.
inline absl::Status checkProducts(bool bf16) {
  if (!bf16 || __builtin_cpu_supports("avx512bf16")) return absl::OkStatus();
  return tensorflow::errors::Unimplemented("Products of bfloat16 ask for a CPU with AVX512_BF16.");
}

// work(elements), of the type that the tensor has: float or the bits of bfloat16.
template <typename Work>
void withElements(tensorflow::Tensor* tensor, const Work& work) {
  if (tensor->dtype() == tensorflow::DT_FLOAT) return work(tensor->flat<float>().data());
  work(reinterpret_cast<uint16_t*>(tensor->flat<tensorflow::bfloat16>().data()));
}

// What dropout multiplies values with: 0 with probability `rate`, else 1 / (1 - rate). A pure function of the seed and of where a value stands, in
// two steps: a row's keys, by two rounds of the 64-bit finaliser of MurmurHash3 (Appleby; constants of Stafford's mix 13) over a Weyl
// sequence; then one word for each element of the row, by a 32-bit finaliser (Wellons' "prospector", 16-15-15), which is a sixth of the work. So any
// thread may draw any row, the backward draws the forward's mask again instead of keeping it, and a resumed run draws what an unbroken one would have.
class Dropout {
 public:
  Dropout(const int32_t* seed, float rate)
      : seed_(static_cast<uint64_t>(static_cast<uint32_t>(seed[0])) << 32 | static_cast<uint32_t>(seed[1])),
        threshold_(static_cast<uint32_t>(static_cast<double>(rate) * 4294967296.0)),
        scale_(1.0f / (1.0f - rate)) {}

  // The factors of `width` elements of row `row` of the seed's stream. rate 0 is not drawn.
  void draw(uint64_t row, int64_t width, float* __restrict factors) const {
    uint64_t z = seed_ * 0x9e3779b97f4a7c15ULL + row * 0xd1342543de82ef95ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    z ^= z >> 31;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z ^= z >> 27;
    const uint32_t first = static_cast<uint32_t>(z), second = static_cast<uint32_t>(z >> 32);
    // Copies: members, which may lie anywhere in memory, would keep the loop from becoming vector code.
    const uint32_t threshold = threshold_;
    const float scale = scale_;
    for (int64_t i = 0; i < width; i++) {
      uint32_t x = static_cast<uint32_t>(i) * 0x9e3779b9u + first;
      x = (x ^ (x >> 16)) * 0x21f0aaadu;
      x = (x ^ (x >> 15) ^ second) * 0xd35a2d97u;
      x ^= x >> 15;
      factors[i] = x < threshold ? 0.0f : scale;
    }
  }

 private:
  uint64_t seed_;
  uint32_t threshold_;
  float scale_;
};

}  // namespace panx
