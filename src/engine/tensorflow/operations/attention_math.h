// The arithmetic of attention.cc on matrices as small as a row's: products in registers, transposition, softmax of a row of scores.
// TensorFlow's products are for matrices hundreds of rows high; here T is 15 in the mean and D 64.

#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "lines.h"
#include "vectors.h"

namespace panx {
namespace attention {

// How many vectors side by side a tile of a product is wide, and how many rows high: accumulators, the vectors that they are updated with and a
// scalar fill the 32 registers of AVX-512, or the 16 of AVX2.
constexpr int kTileVectors = kLanes == 16 ? 4 : 2;
constexpr int kTileRows = 6;
// A tile fetches some lines of what will be read next every so many steps.
constexpr int64_t kFetchSteps = 8;

// Scratch matrices: columns are padded to whole vectors, and a row is an odd number of cache lines (16 floats) long, so that those
// below each other do not all compete for the same few places of the cache.
inline int64_t padded(int64_t columns) { return (columns + kLanes - 1) / kLanes * kLanes; }
inline int64_t pitch(int64_t columns) { return ((columns + 15) / 16 | 1) * 16; }

// A matrix in memory: element (r, c) stands at data[r * row + c * column].
struct View {
  const float* data;
  int64_t row, column;
};

// kRows x kVectors * kLanes elements of the product below, in registers.
template <int kRows, int kVectors>
void tile(View a, const float* b, int64_t bRow, float* c, int64_t cRow, int64_t columns, int64_t depth, bool add, Lines& ahead) {
#pragma GCC unroll 8
  for (int r = 0; r < kRows; r++) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) __builtin_prefetch(c + r * cRow + v * kLanes, 1);
  }
  Vector sums[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; r++) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) sums[r][v] = Vector{};
  }
  for (int64_t start = 0; start < depth; start += kFetchSteps) {
    ahead.fetch();
    for (int64_t k = start; k < std::min(depth, start + kFetchSteps); k++) {
      Vector row[kVectors];
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; v++) row[v] = load(b + k * bRow + v * kLanes);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; r++) {
        const float factor = a.data[r * a.row + k * a.column];
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; v++) sums[r][v] += row[v] * factor;
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; r++) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) {
      float* to = c + r * cRow + v * kLanes;
      const int64_t left = columns - v * kLanes;
      if (left >= kLanes) {
        store(add ? sums[r][v] + load(to) : sums[r][v], to);
      } else {
        float values[kLanes];
        store(sums[r][v], values);
        for (int64_t lane = 0; lane < left; lane++) to[lane] = add ? to[lane] + values[lane] : values[lane];
      }
    }
  }
}

template <int kVectors>
void tilesOfColumns(View a, const float* b, int64_t bRow, float* c, int64_t cRow, int64_t rows, int64_t columns,
                    int64_t depth, bool add, Lines& ahead) {
  for (; rows >= kTileRows; rows -= kTileRows) {
    tile<kTileRows, kVectors>(a, b, bRow, c, cRow, columns, depth, add, ahead);
    a.data += kTileRows * a.row;
    c += kTileRows * cRow;
  }
  switch (rows) {
    case 1: return tile<1, kVectors>(a, b, bRow, c, cRow, columns, depth, add, ahead);
    case 2: return tile<2, kVectors>(a, b, bRow, c, cRow, columns, depth, add, ahead);
    case 3: return tile<3, kVectors>(a, b, bRow, c, cRow, columns, depth, add, ahead);
    case 4: return tile<4, kVectors>(a, b, bRow, c, cRow, columns, depth, add, ahead);
    case 5: return tile<5, kVectors>(a, b, bRow, c, cRow, columns, depth, add, ahead);
  }
}

// C = A B, or C += A B: A (rows, depth), B (depth, columns), C (rows, columns). B is read up to a multiple of kLanes columns.
inline void product(View a, const float* b, int64_t bRow, float* c, int64_t cRow, int64_t rows, int64_t columns, int64_t depth, bool add,
                    Lines& ahead) {
  for (int64_t at = 0; at < columns; at += kTileVectors * kLanes) {
    const int64_t left = columns - at;
    switch (std::min<int64_t>(kTileVectors, (left + kLanes - 1) / kLanes)) {
      case 1: tilesOfColumns<1>(a, b + at, bRow, c + at, cRow, rows, left, depth, add, ahead); break;
      case 2: tilesOfColumns<2>(a, b + at, bRow, c + at, cRow, rows, left, depth, add, ahead); break;
      case 3: tilesOfColumns<3>(a, b + at, bRow, c + at, cRow, rows, left, depth, add, ahead); break;
      case 4: tilesOfColumns<4>(a, b + at, bRow, c + at, cRow, rows, left, depth, add, ahead); break;
    }
  }
}

// How often that fetches.
inline int64_t turnsOf(int64_t rows, int64_t columns, int64_t depth) {
  constexpr int64_t kTileColumns = kTileVectors * kLanes;
  const int64_t tiles = (rows + kTileRows - 1) / kTileRows * ((columns + kTileColumns - 1) / kTileColumns);
  return tiles * ((depth + kFetchSteps - 1) / kFetchSteps);
}

// One step of transposing kLanes x kLanes values: in every square of 2 kSide, the two squares of kSide off the diagonal change places
// (Eklundh 1972). The places stand in a pack, since only written out are they constants to the compiler.
template <int kSide, int... kLane>
inline void swapSquares(Vector* rows, std::integer_sequence<int, kLane...>) {
  constexpr Places upper = {(kLane & kSide ? kLanes + kLane - kSide : kLane)...};
  constexpr Places lower = {(kLane & kSide ? kLanes + kLane : kLane + kSide)...};
#pragma GCC unroll 16
  for (int r = 0; r < kLanes; r++) {
    if (r & kSide) continue;
    const Vector a = rows[r], b = rows[r + kSide];
    rows[r] = __builtin_shuffle(a, b, upper);
    rows[r + kSide] = __builtin_shuffle(a, b, lower);
  }
}

// (rows, columns) -> (columns, rows padded with 0), rows of pitch(rows).
inline void transpose(const float* from, int64_t fromRow, int64_t rows, int64_t columns, float* to) {
  const int64_t toRow = pitch(rows), whole = columns / kLanes * kLanes;
  for (int64_t r = 0; r < rows; r += kLanes) {
    for (int64_t c = 0; c < whole; c += kLanes) {
      Vector square[kLanes];
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; i++) square[i] = r + i < rows ? load(from + (r + i) * fromRow + c) : Vector{};
      if constexpr (kLanes == 16) swapSquares<8>(square, Lanes());
      swapSquares<4>(square, Lanes());
      swapSquares<2>(square, Lanes());
      swapSquares<1>(square, Lanes());
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; i++) store(square[i], to + (c + i) * toRow + r);
    }
    for (int64_t c = whole; c < columns; c++) {
      for (int i = 0; i < kLanes; i++) to[c * toRow + r + i] = r + i < rows ? from[(r + i) * fromRow + c] : 0.0f;
    }
  }
}

// A matrix with rows far apart as the right operand of products: itself where it is small and vectors end with its columns, else
// its copy in `copy`, padded with 0.
struct Right {
  const float* data;
  int64_t row;

  Right(const float* from, int64_t fromRow, int64_t rows, int64_t columns, float* copy) : data(from), row(fromRow) {
    if (columns % kLanes == 0 && rows <= 32) return;
    data = copy;
    row = padded(columns);
    for (int64_t r = 0; r < rows; r++) {
      std::memcpy(copy + r * row, from + r * fromRow, columns * sizeof(float));
      std::fill(copy + r * row + columns, copy + (r + 1) * row, 0.0f);
    }
  }
};

// What is added to the last vector of a query's scores: 0 to keys, -infinity to the padding, which then has no part in the softmax.
inline Vector paddingBias(int64_t keys) {
  Vector bias{};
  for (int64_t lane = keys - padded(keys) + kLanes; lane < kLanes; lane++) bias[lane] = -std::numeric_limits<float>::infinity();
  return bias;
}

// The larger and the sum of two values or vectors, and these over the lanes of a vector, always in the same order.
struct Larger {
  template <typename Value>
  Value operator()(Value a, Value b) const {
    return a > b ? a : b;
  }
};
struct Sum {
  template <typename Value>
  Value operator()(Value a, Value b) const {
    return a + b;
  }
};
template <int kHalf, typename Operation, int... kLane>
inline Vector foldLanes(Vector vector, Operation operation, std::integer_sequence<int, kLane...> lanes) {
  constexpr Places other = {(kLane ^ kHalf)...};
  const Vector folded = operation(vector, __builtin_shuffle(vector, other));
  if constexpr (kHalf > 1) return foldLanes<kHalf / 2>(folded, operation, lanes);
  return folded;
}
template <typename Operation>
inline float overLanes(Vector vector, Operation operation) {
  return foldLanes<kLanes / 2>(vector, operation, Lanes())[0];
}

// e^x to 1.5 units in the last place for x <= 88; 0 below -87.3. Cody-Waite reduction to |r| <= ln 2 / 2, then the polynomial of Cephes' expf (Moshier).
inline Vector expOf(Vector x) {
  const Vector kept = x < -87.3f ? Vector{} - 87.3f : x;
  const Vector n = (kept * 1.44269504088896341f + 12582912.0f) - 12582912.0f;  // 1.5 * 2^23: rounds to whole numbers
  Vector r = kept - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  Vector p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const Vector value = p * r * r + r + 1.0f;
  const Places bits = (__builtin_convertvector(n, Places) + 127) << 23;
  return x < -87.3f ? Vector{} : value * reinterpret_cast<const Vector&>(bits);
}

inline void scaleBy(float factor, float* x, int64_t width) {
  for (int64_t j = 0; j < width; j += kLanes) store(load(x + j) * factor, x + j);
}

// Above it, what rounding leaves of a score less itself is no longer small beside 1.
constexpr float kLargeScore = 65536.0f;

// Scores -> exp(scale * S - largest), which is 0 in the padding; returns the sums of the lanes.
inline Vector exponentials(float* scores, int64_t width, float scale, float largest) {
  if (std::abs(largest) > kLargeScore) {
    scaleBy(scale, scores, width);  // As the largest was: its difference from itself is then 0, in one rounding it is not.
    scale = 1.0f;
  }
  Vector sum{};
  for (int64_t j = 0; j < width; j += kLanes) {
    const Vector value = expOf(load(scores + j) * scale - largest);
    store(value, scores + j);
    sum += value;
  }
  return sum;
}

// Scores -> probabilities. softmax: {largest, 1 / sum}.
inline void normalise(float* scores, int64_t width, float scale, float* softmax) {
  Vector largest = load(scores);
  for (int64_t j = kLanes; j < width; j += kLanes) largest = Larger()(load(scores + j), largest);
  softmax[0] = overLanes(largest, Larger()) * scale;
  softmax[1] = 1.0f / overLanes(exponentials(scores, width, scale, softmax[0]), Sum());
  scaleBy(softmax[1], scores, width);
}

// sum(a * b)
inline float dot(const float* a, const float* b, int64_t width) {
  Vector sum{};
  for (int64_t j = 0; j < width; j += kLanes) sum += load(a + j) * load(b + j);
  return overLanes(sum, Sum());
}

}  // namespace attention
}  // namespace panx
