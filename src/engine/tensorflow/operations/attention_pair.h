// The forward of attention (attention.cc says what it computes) for one row and one head, by one thread.

#pragma once

#include <algorithm>
#include <type_traits>

#include "attention_math.h"
#include "panx_ops.h"

namespace panx {
namespace attention {

// Queries that are worked on at a time.
constexpr int kQueries = 48;

// A row and a head: the row's first token, how many it has.
struct Pair {
  int64_t start, keys, head;
};

// Sizes, rows, and where a row's and head's part of a tensor stands.
struct Problem {
  static constexpr int64_t kFloat = sizeof(float);
  int64_t rows, tokens, hidden, heads, size, longest;
  const int32_t* offsets;
  float scale;
  float rate;

  int64_t pairs() const { return rows * heads; }
  // A row's heads one after the other: they lie side by side. Beyond the last, one without tokens.
  Pair pair(int64_t number) const {
    if (number >= pairs()) return {tokens, 0, 0};
    const int64_t row = number / heads;
    return {offsets[row], offsets[row + 1] - offsets[row], number % heads};
  }
  // What a tensor of `parts` times C columns has of a pair.
  template <typename Value>
  Value* of(const Pair& pair, Value* data, int parts) const {
    return data + pair.start * parts * hidden + pair.head * size;
  }
  Lines linesOf(const Pair& pair, const float* data, int parts) const {
    return {of(pair, data, parts), hidden * kFloat, pair.keys * parts, size * kFloat};
  }
  uint64_t maskRow(int64_t token, int64_t head) const { return static_cast<uint64_t>(token) * heads + head; }
  // Cycles for one pair's `products` products, roughly.
  int64_t cost(int products) const {
    const double length = rows == 0 ? 0 : static_cast<double>(tokens) / rows;
    return static_cast<int64_t>(products * length * (length + kLanes) * size / 8 + 1000);
  }
};

// The length of the longest row, where the offsets (B + 1) are those of rows of so many tokens.
inline absl::Status longestOf(const tensorflow::Tensor& offsets, int64_t tokens, int64_t* longest) {
  using tensorflow::errors::InvalidArgument;
  const int32_t* starts = offsets.flat<int32_t>().data();
  const int64_t rows = offsets.NumElements() - 1;
  if (rows < 0 || starts[0] != 0 || starts[rows] != tokens) {
    return InvalidArgument("Attention over ", tokens, " tokens got offsets that do not go from 0 to there.");
  }
  *longest = 0;
  for (int64_t row = 0; row < rows; row++) {
    const int64_t length = static_cast<int64_t>(starts[row + 1]) - starts[row];
    if (length < 0) return InvalidArgument("Attention got a row of ", length, " tokens.");
    *longest = std::max(*longest, length);
  }
  return absl::OkStatus();
}

// Floats of scratch memory that `attendPair` needs.
inline int64_t scratchOf(const Problem& problem) {
  const int64_t width = pitch(problem.longest), row = padded(problem.size);
  return width * problem.size + problem.longest * row + kQueries * width + width + kQueries * row;
}

// ahead: what to fetch meanwhile. in (N, 3C), softmax (N, H, 2): of all tokens; out (N, C): of all, `stride` values from token to token.
template <typename Out>
void attendPair(const Problem& problem, const Pair& pair, Lines ahead, const Dropout& dropout, const float* in, Out* out, int64_t stride,
                float* softmax, float* memory) {
  const auto [start, keys, head] = pair;
  const int64_t size = problem.size, hidden = problem.hidden, width = pitch(problem.longest), row = padded(size);
  const float* q = problem.of(pair, in, 3);
  Out* o = out + start * stride + head * size;
  float* keysTransposed = memory;                      // (D, T)
  float* valuesCopy = keysTransposed + width * size;   // (T, D)
  float* scores = valuesCopy + problem.longest * row;  // (queries, T)
  float* mask = scores + kQueries * width;             // (T)
  float* unrounded = mask + width;                     // (queries, D)
  transpose(q + hidden, 3 * hidden, keys, size, keysTransposed);
  const Right values(q + 2 * hidden, 3 * hidden, keys, size, valuesCopy);
  const int64_t columns = padded(keys), pitched = pitch(keys);
  const Vector bias = paddingBias(keys);
  ahead.begin(turnsOf(keys, columns, size));
  for (int64_t first = 0; first < keys; first += kQueries) {
    const int64_t queries = std::min<int64_t>(kQueries, keys - first);
    product({q + first * 3 * hidden, 3 * hidden, 1}, keysTransposed, pitched, scores, pitched, queries, columns, size, false, ahead);
    for (int64_t i = 0; i < queries; i++) {
      const int64_t token = start + first + i;
      float* probabilities = scores + i * pitched;
      float* last = probabilities + columns - kLanes;
      store(load(last) + bias, last);
      normalise(probabilities, columns, problem.scale, softmax + (token * problem.heads + head) * 2);
      if (problem.rate > 0) {
        dropout.draw(problem.maskRow(token, head), columns, mask);
        for (int64_t j = 0; j < columns; j++) probabilities[j] *= mask[j];
      }
    }
    Out* to = o + first * stride;
    if constexpr (std::is_same_v<Out, float>) {
      product({scores, pitched, 1}, values.data, values.row, to, stride, queries, size, keys, false, ahead);
    } else {
      product({scores, pitched, 1}, values.data, values.row, unrounded, row, queries, size, keys, false, ahead);
      for (int64_t i = 0; i < queries; i++) storeAll(unrounded + i * row, size, to + i * stride);
    }
  }
}

}  // namespace attention
}  // namespace panx
