// What panx's TensorFlow operations share: threads, and what TensorFlow gives them.
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

#include "dropout.h"
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

}  // namespace panx
