// Sums over the tokens of a batch (the gradients of biases and of LayerNorm's parameters), added up in an order that does not depend on
// how the work is divided: tokens in blocks whose size follows from N alone, each block summed by one thread into a row of its own, then the rows
// in the order of the blocks.

#pragma once

#include <algorithm>

#include "panx_ops.h"

namespace panx {

struct TokenBlocks {
  int64_t tokens, size, count;

  // At most 64 rows of sums however long the batch, and enough tokens in a block that its row of sums costs little.
  explicit TokenBlocks(int64_t tokens)
      : tokens(tokens), size(std::max<int64_t>(16, (tokens + 63) / 64)), count((tokens + size - 1) / size) {}

  int64_t begin(int64_t block) const { return block * size; }
  int64_t end(int64_t block) const { return std::min(tokens, (block + 1) * size); }
};

// total[i] = the sum over blocks of sums[block * width + i].
inline void addBlocks(const float* __restrict sums, int64_t blocks, int64_t width, float* __restrict total) {
  std::memset(total, 0, width * sizeof(float));
  for (int64_t block = 0; block < blocks; ++block) {
    const float* __restrict row = sums + block * width;
    for (int64_t i = 0; i < width; ++i) total[i] += row[i];
  }
}

}  // namespace panx
