// How the operands of mat_mul.h's products are laid out, and fetched before that.
//
// Both are cut along K into steps of one 32-bit word: a float32, or a pair of bfloat16 (the even k in the low half; beside the last of
// an odd K stands 0).
//
//   A, "words": the word of row r and step s stands at r * rowStride + s * stepStride
//   B, "panel": for 64 columns, (steps, 64) words one after the other; columns beyond the last are 0
//
// bfloat16 is rounded to the nearest, of two to the even one. All of it asks for x86-64-v4, and what is of `Pairs` for AVX512_BF16 too.

#pragma once

#ifdef __AVX512F__

#include <immintrin.h>

#include <algorithm>
#include <cstdint>

#include "lines.h"

// Only where linear.cc has found the CPU to have them.
#pragma GCC push_options
#pragma GCC target("avx512bf16")

namespace panx {
namespace mat_mul {

constexpr int kLanes = 16;                   // words of a vector
constexpr int kVectors = 4;                  // vectors of a tile's row
constexpr int kColumns = kLanes * kVectors;  // of a tile
constexpr int kRows = 6;                     // of a tile
constexpr int kPart = 48;                    // rows of A that are laid out together, where they run across K: vectors and tiles both
// Steps that are multiplied at a time: a panel of so many is 256 KiB, which a second-level cache holds, and long sums made of sums of so many round less.
constexpr int64_t kSteps = 1024;

// A matrix as an operand. `along`: its rows run along K, (X, K); else across it, (K, X).
struct Operand {
  const float* data;
  const uint16_t* rounded;  // in place of `data` where its elements are bfloat16 already
  int64_t stride;           // elements from row to row
  bool along;

  // Where row `row` and its element `column` stand, and how many bytes an element has.
  const char* at(int64_t row, int64_t column) const {
    return (rounded == nullptr ? reinterpret_cast<const char*>(data) : reinterpret_cast<const char*>(rounded)) +
           (row * stride + column) * bytes();
  }
  int64_t bytes() const { return rounded == nullptr ? sizeof(float) : sizeof(uint16_t); }
};

inline __mmask16 first(int64_t count) {
  return count >= kLanes ? 0xffff : count <= 0 ? 0 : static_cast<__mmask16>((1u << count) - 1);
}

// Up to `count` floats, zeros after them.
inline __m512 load(const float* from, int64_t count) { return _mm512_maskz_loadu_ps(first(count), from); }

template <bool Pairs>
inline int64_t stepsOf(int64_t k) {
  return Pairs ? (k + 1) / 2 : k;
}

// The words of 16 steps of one row that runs along K and has `left` elements left there.
template <bool Pairs>
inline __m512i wordsAlong(const float* row, int64_t left) {
  if constexpr (Pairs) return (__m512i)_mm512_cvtne2ps_pbh(load(row + kLanes, left - kLanes), load(row, left));
  return _mm512_castps_si512(load(row, left));
}

// The words of one step for up to 16 of the columns from `column` on of a matrix whose rows run across K.
template <bool Pairs>
inline __m512i wordsAcross(const Operand& from, int64_t k, int64_t step, int64_t column, int64_t count) {
  if constexpr (!Pairs) return _mm512_castps_si512(load(from.data + step * from.stride + column, count));
  const int64_t even = 2 * step * from.stride + column, odd = even + from.stride;
  const bool hasOdd = 2 * step + 1 < k;
  __m512i both;  // 16 halves of each, one after the other
  if (from.rounded == nullptr) {
    both = (__m512i)_mm512_cvtne2ps_pbh(hasOdd ? load(from.data + odd, count) : _mm512_setzero_ps(), load(from.data + even, count));
  } else {
    const __m256i upper = hasOdd ? _mm256_maskz_loadu_epi16(first(count), from.rounded + odd) : _mm256_setzero_si256();
    both = _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_maskz_loadu_epi16(first(count), from.rounded + even)), upper, 1);
  }
  const __m512i inTurn = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5,
                                          20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_permutexvar_epi16(inTurn, both);
}

// 16 vectors as the columns of what were their rows.
inline void transpose(__m512i (&r)[kLanes]) {
  __m512i t[kLanes];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  // r[4 q + i] now holds, in its quarter j, rows 4 q to 4 q + 3 of column 4 j + i.
  for (int i = 0; i < 4; i++) {
    const __m512i evenTop = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88), oddTop = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
    const __m512i evenLow = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
    const __m512i oddLow = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
    t[i] = _mm512_shuffle_i32x4(evenTop, evenLow, 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(oddTop, oddLow, 0x88);
    t[i + 8] = _mm512_shuffle_i32x4(evenTop, evenLow, 0xdd);
    t[i + 12] = _mm512_shuffle_i32x4(oddTop, oddLow, 0xdd);
  }
  for (int i = 0; i < 16; i++) r[i] = t[i];
}

// Lay out `count` <= 64 columns of B from `column` on, steps [from, to), as a panel. Rows along K are float32 here.
template <bool Pairs>
void layOutPanel(const Operand& b, int64_t k, int64_t column, int64_t count, int64_t from, int64_t to, uint32_t* panel) {
  if (!b.along) {
    for (int64_t s = from; s < to; s++) {
      for (int v = 0; v < kVectors; v++) {
        const __m512i words = wordsAcross<Pairs>(b, k, s, column + v * kLanes, count - v * kLanes);
        _mm512_storeu_si512(panel + (s - from) * kColumns + v * kLanes, words);
      }
    }
    return;
  }
  // 16 rows at a time from end to end: so many streams from memory the CPU fetches ahead by itself.
  const int64_t end = Pairs ? std::min(k, 2 * to) : to;
  for (int64_t x = 0; x < kColumns; x += kLanes) {
    for (int64_t s = from; s < to; s += kLanes) {
      const int64_t at = Pairs ? 2 * s : s;
      __m512i words[kLanes];
      for (int i = 0; i < kLanes; i++) {
        words[i] = x + i < count ? wordsAlong<Pairs>(b.data + (column + x + i) * b.stride + at, end - at) : _mm512_setzero_si512();
      }
      transpose(words);
      const int64_t some = std::min<int64_t>(kLanes, to - s);
      for (int i = 0; i < some; i++) _mm512_storeu_si512(panel + (s - from + i) * kColumns + x, words[i]);
    }
  }
}

// A's words for rows [part * 48, part * 48 + 48): (rows, steps) where its rows run along K (and are float32), else (steps, 48).
template <bool Pairs>
void layOutRows(const Operand& a, int64_t m, int64_t k, int64_t part, uint32_t* words) {
  const int64_t steps = stepsOf<Pairs>(k), row = part * kPart, rows = std::min<int64_t>(kPart, m - row);
  uint32_t* to = words + row * steps;
  if (!a.along) {
    for (int64_t s = 0; s < steps; s++) {
      for (int64_t r = 0; r < kPart; r += kLanes) {
        _mm512_storeu_si512(to + s * kPart + r, wordsAcross<Pairs>(a, k, s, row + r, rows - r));
      }
    }
    return;
  }
  for (int64_t r = 0; r < rows; r++) {
    const float* from = a.data + (row + r) * a.stride;
    for (int64_t s = 0; s < steps; s += kLanes) {
      const int64_t at = Pairs ? 2 * s : s;
      _mm512_mask_storeu_epi32(to + r * steps + s, first(steps - s), wordsAlong<Pairs>(from + at, k - at));
    }
  }
}

// What a panel of B (of n columns) from `column` and step `from` on is laid out from; nothing where B ends before.
template <bool Pairs>
Lines linesOf(const Operand& b, int64_t n, int64_t k, int64_t column, int64_t from) {
  constexpr int perStep = Pairs ? 2 : 1;
  const int64_t first = from * perStep;
  const int64_t columns = std::clamp<int64_t>(n - column, 0, kColumns), depth = std::clamp<int64_t>(k - first, 0, kSteps * perStep);
  const int64_t stride = b.stride * b.bytes();
  if (b.along) return {b.at(column, first), stride, columns, depth * b.bytes()};
  return {b.at(first, column), stride, depth, columns * b.bytes()};
}

}  // namespace mat_mul
}  // namespace panx

#pragma GCC pop_options

#endif
