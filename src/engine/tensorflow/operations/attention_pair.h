// Attention and its gradient (attention.cc says what they compute) for one row and one head, by one thread.

#pragma once

#include <algorithm>
#include <type_traits>

#include "attention_math.h"
#include "dropout.h"

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

// What the scores have beside Q K^T: here nothing. `first`, `queries`: whose scores or gradients stand in rows `pitched` long.
struct NoTerms {
  void addScores(int64_t first, int64_t queries, float* scores, int64_t pitched) const {}
  // dScores: already by the scale. Adds to the gradients of the row's queries and keys.
  void addGradients(int64_t first, int64_t queries, const float* dScores, int64_t pitched) const {}
};

// Floats of scratch memory that `attendPair` needs.
inline int64_t scratchOf(const Problem& problem) {
  const int64_t width = pitch(problem.longest), row = padded(problem.size);
  return width * problem.size + problem.longest * row + kQueries * width + width + kQueries * row;
}

// ahead: what to fetch meanwhile. in (N, 3C), softmax (N, H, 2): of all tokens; out (N, C): of all, `stride` values from token to token.
template <typename Out, typename Terms = NoTerms>
void attendPair(const Problem& problem, const Pair& pair, Lines ahead, const Dropout& dropout, const float* in, Out* out, int64_t stride,
                float* softmax, float* memory, const Terms& terms = Terms()) {
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
    terms.addScores(first, queries, scores, pitched);
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

// Floats of scratch memory that `attendPairGrad` needs.
inline int64_t gradScratchOf(const Problem& problem) {
  const int64_t width = pitch(problem.longest);
  return 2 * width * problem.size + 3 * problem.longest * padded(problem.size) + 3 * kQueries * width;
}

// ahead, dAhead: what to fetch meanwhile. in, dQkv (N, 3C), dOut (N, C), softmax (N, H, 2): of all tokens.
template <typename Terms = NoTerms>
void attendPairGrad(const Problem& problem, const Pair& pair, Lines ahead, Lines dAhead, const Dropout& dropout, const float* in,
                    const float* dOut, const float* softmax, float* dQkv, float* memory, const Terms& terms = Terms()) {
  const auto [start, keys, head] = pair;
  const int64_t size = problem.size, hidden = problem.hidden, width = pitch(problem.longest), stride = 3 * hidden;
  const int64_t copy = problem.longest * padded(size);
  const float* q = problem.of(pair, in, 3);
  const float* d = problem.of(pair, dOut, 1);
  float* dq = problem.of(pair, dQkv, 3);
  float* keysTransposed = memory;                           // (D, T)
  float* valuesTransposed = keysTransposed + width * size;  // (D, T)
  float* copies = valuesTransposed + width * size;          // 3 x (T, D)
  float* probabilities = copies + 3 * copy;                 // (queries, T)
  float* gradients = probabilities + kQueries * width;      // (queries, T), dP, then dS / sqrt(D)
  float* masks = gradients + kQueries * width;              // (queries, T)
  transpose(q + hidden, stride, keys, size, keysTransposed);
  transpose(q + 2 * hidden, stride, keys, size, valuesTransposed);
  const Right rightQ(q, stride, keys, size, copies);
  const Right rightK(q + hidden, stride, keys, size, copies + copy);
  const Right rightD(d, hidden, keys, size, copies + 2 * copy);
  const int64_t columns = padded(keys), pitched = pitch(keys);
  const Vector bias = paddingBias(keys);
  for (Lines* lines : {&ahead, &dAhead}) lines->begin(turnsOf(keys, columns, size));
  for (int64_t first = 0; first < keys; first += kQueries) {
    const int64_t queries = std::min<int64_t>(kQueries, keys - first);
    product({q + first * stride, stride, 1}, keysTransposed, pitched, probabilities, pitched, queries, columns, size, false, ahead);
    terms.addScores(first, queries, probabilities, pitched);
    product({d + first * hidden, hidden, 1}, valuesTransposed, pitched, gradients, pitched, queries, columns, size, false, dAhead);
    for (int64_t i = 0; i < queries; i++) {
      const int64_t token = start + first + i;
      float* p = probabilities + i * pitched;
      float* g = gradients + i * pitched;
      float* mask = masks + i * pitched;
      const float* kept = softmax + (token * problem.heads + head) * 2;
      store(load(p + columns - kLanes) + bias, p + columns - kLanes);
      exponentials(p, columns, problem.scale, kept[0]);
      scaleBy(kept[1], p, columns);
      if (problem.rate > 0) {
        dropout.draw(problem.maskRow(token, head), columns, mask);
        for (int64_t j = 0; j < columns; j++) g[j] *= mask[j];
      }
      const float inner = dot(g, p, columns);
      for (int64_t j = 0; j < columns; j++) g[j] = p[j] * (g[j] - inner) * problem.scale;
      if (problem.rate > 0) {
        for (int64_t j = 0; j < columns; j++) p[j] *= mask[j];
      }
    }
    const bool add = first > 0;
    product({gradients, pitched, 1}, rightK.data, rightK.row, dq + first * stride, stride, queries, size, keys, false, ahead);
    product({gradients, 1, pitched}, rightQ.data + first * rightQ.row, rightQ.row, dq + hidden, stride, keys, size, queries, add, ahead);
    product({probabilities, 1, pitched}, rightD.data + first * rightD.row, rightD.row, dq + 2 * hidden, stride, keys, size, queries, add,
            ahead);
    terms.addGradients(first, queries, gradients, pitched);
  }
}

}  // namespace attention
}  // namespace panx
