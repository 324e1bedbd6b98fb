// The arithmetic of linear.cc: tiles of a product held in registers, and the order in which operands are laid out for them.
//
// Both operands are cut along K into steps of one 32-bit word: a float32, or a pair of bfloat16 (the even k in the low half; beside the last of
// an odd K stands 0). A tile is 6 rows of A times 64 columns of B: 24 sums, the 4 vectors of B that a step multiplies and the broadcast of A's word
// fill the 32 registers of AVX-512, and each load feeds several multiplications.
//
//   A, "words": the word of row r and step s stands at r * rowStride + s * stepStride
//   B, "panel": for 64 columns, (steps, 64) words one after the other; columns beyond the last are 0
//
// bfloat16 is rounded to the nearest, of two to the even one, when operands are laid out; products are exact in float32 and added up there
// (VDPBF16PS: numbers below 1e-38 count as 0). All of it asks for x86-64-v4, and what is of `Pairs` for AVX512_BF16 too.

#pragma once

#ifdef __AVX512F__

#include <immintrin.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>

// Only `Pairs` uses these instructions, and only where linear.cc has found the CPU to have them.
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

// A matrix of float32 as an operand. `along`: its rows run along K, (X, K); else across it, (K, X).
struct Operand {
  const float* data;
  int64_t stride;  // floats from row to row
  bool along;
};

// C (M, N) = A B, + bias (N), + addend (M, N); either may be null. squares: null, or room for the sum of C's squares in each piece
// (not where there is a bias).
struct Problem {
  Operand a, b;
  int64_t m, n, k;
  const float* bias;
  const float* addend;
  float* c;
  double* squares;
};

struct Words {
  const uint32_t* at;
  int64_t rowStride, stepStride;
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

// sum + a b in every lane; for pairs both products.
template <bool Pairs>
inline __m512 multiplyAdd(__m512i a, __m512i b, __m512 sum) {
  if constexpr (Pairs) return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
  return _mm512_fmadd_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b), sum);
}

// Where a tile goes. `squares`: null, or what the sum of its squares is added to, lane by lane; such a tile is not read again soon, and is stored
// past the caches where it can be (`c` and its rows begin at whole cache lines).
struct Target {
  float* c;
  int64_t stride;  // floats from row to row
  __m512* squares;

  bool pastCaches() const { return squares != nullptr && (reinterpret_cast<uintptr_t>(c) | stride * sizeof(float)) % 64 == 0; }
};

// c (Rows, 64) = A (Rows, steps) B (steps, 64), + addend (Rows, 64), with c's stride, unless that is null.
template <bool Pairs, int Rows>
void tile(const Words& a, const uint32_t* panel, int64_t steps, const float* addend, const Target& to) {
  __m512 sums[Rows][kVectors] = {};
  const uint32_t* words = a.at;
  for (int64_t s = 0; s < steps; s++) {
    __m512i b[kVectors];
    for (int v = 0; v < kVectors; v++) b[v] = _mm512_loadu_si512(panel + v * kLanes);
    for (int r = 0; r < Rows; r++) {
      const __m512i word = _mm512_set1_epi32(words[r * a.rowStride]);
      for (int v = 0; v < kVectors; v++) sums[r][v] = multiplyAdd<Pairs>(word, b[v], sums[r][v]);
    }
    words += a.stepStride;
    panel += kColumns;
  }
  for (int r = 0; addend != nullptr && r < Rows; r++) {
    for (int v = 0; v < kVectors; v++) sums[r][v] = _mm512_add_ps(sums[r][v], _mm512_loadu_ps(addend + r * to.stride + v * kLanes));
  }
  const bool pastCaches = to.pastCaches();
  for (int r = 0; r < Rows; r++) {
    for (int v = 0; v < kVectors; v++) {
      float* c = to.c + r * to.stride + v * kLanes;
      if (pastCaches) {
        _mm512_stream_ps(c, sums[r][v]);
      } else {
        _mm512_storeu_ps(c, sums[r][v]);
      }
    }
  }
  if (to.squares == nullptr) return;
  __m512 squares = _mm512_setzero_ps();
  for (int r = 0; r < Rows; r++) {
    for (int v = 0; v < kVectors; v++) squares = _mm512_fmadd_ps(sums[r][v], sums[r][v], squares);
  }
  *to.squares = _mm512_add_ps(*to.squares, squares);
}

template <bool Pairs>
void tileOf(int64_t rows, const Words& a, const uint32_t* panel, int64_t steps, const float* addend, const Target& to) {
  switch (rows) {
    case 1: return tile<Pairs, 1>(a, panel, steps, addend, to);
    case 2: return tile<Pairs, 2>(a, panel, steps, addend, to);
    case 3: return tile<Pairs, 3>(a, panel, steps, addend, to);
    case 4: return tile<Pairs, 4>(a, panel, steps, addend, to);
    case 5: return tile<Pairs, 5>(a, panel, steps, addend, to);
    default: return tile<Pairs, kRows>(a, panel, steps, addend, to);
  }
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
  const float* even = from.data + 2 * step * from.stride + column;
  const __m512 odd = 2 * step + 1 < k ? load(even + from.stride, count) : _mm512_setzero_ps();
  const __m512i both = (__m512i)_mm512_cvtne2ps_pbh(odd, load(even, count));  // 16 halves of each, one after the other
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

// Lay out `count` <= 64 columns of B from `column` on, steps [from, to), as a panel.
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

// A's words for rows [part * 48, part * 48 + 48): (rows, steps) where its rows run along K, else (steps, 48).
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

// Run `work` on up to `workers` threads at a time, the caller's among them, and return when all of them have.
using Parallel = std::function<void(int workers, const std::function<void()>& work)>;

// Whether A's words must be laid out: rows of float32 that run along K are read as they are.
template <bool Pairs>
bool needsWords(const Operand& a) {
  return Pairs || !a.along;
}

// How many words that takes.
template <bool Pairs>
int64_t wordsOf(const Problem& p) {
  return needsWords<Pairs>(p.a) ? (p.m + kPart - 1) / kPart * kPart * stepsOf<Pairs>(p.k) : 0;
}

// The words of A from a row (a multiple of 6) and a step on.
template <bool Pairs>
Words wordsFrom(const Problem& p, const uint32_t* laidOut, int64_t row, int64_t step) {
  const int64_t steps = stepsOf<Pairs>(p.k);
  if (!needsWords<Pairs>(p.a)) return {reinterpret_cast<const uint32_t*>(p.a.data) + row * p.a.stride + step, p.a.stride, 1};
  if (p.a.along) return {laidOut + row * steps + step, steps, 1};
  return {laidOut + row / kPart * kPart * steps + step * kPart + row % kPart, 1, kPart};
}

// One of the pieces that threads divide among themselves: columns [column, column + 64) of rows [from, to) (from a multiple of 48) of C.
struct Piece {
  int64_t column, from, to;
};

// Where there are too few panels for the threads, each is cut by rows, and laid out once a cut.
struct Pieces {
  int64_t rows, cuts, cut, count;

  Pieces(const Problem& p, int workers) : rows(p.m) {
    const int64_t panels = (p.n + kColumns - 1) / kColumns;
    const int64_t most = std::max<int64_t>(1, std::min<int64_t>(p.m / (2 * kPart), 2 * workers / panels));
    cut = ((std::max<int64_t>(1, p.m) + most - 1) / most + kPart - 1) / kPart * kPart;
    cuts = (p.m + cut - 1) / cut;
    count = panels * cuts;
  }
  Piece operator[](int64_t i) const { return {i / cuts * kColumns, i % cuts * cut, std::min(rows, (i % cuts + 1) * cut)}; }
};

// The sum of 16 floats in double precision.
inline double addUp(__m512 x) {
  return _mm512_reduce_add_pd(_mm512_cvtps_pd(_mm512_castps512_ps256(x))) +
         _mm512_reduce_add_pd(_mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1)));
}

// One piece. Room for a panel of B, and for a tile at C's right edge. Returns the sum of the piece's squares where the problem asks for it.
template <bool Pairs>
double multiplyPiece(const Problem& p, const Piece& piece, const uint32_t* words, uint32_t* panel, float* edge) {
  const int64_t steps = stepsOf<Pairs>(p.k), count = std::min<int64_t>(kColumns, p.n - piece.column);
  double squares = 0;
  for (int64_t start = 0; start < std::max<int64_t>(steps, 1); start += kSteps) {
    const int64_t end = std::min(steps, start + kSteps);
    const bool last = end == steps;
    const float* addend = start > 0 ? p.c : p.addend;
    layOutPanel<Pairs>(p.b, p.k, piece.column, count, start, end, panel);
    for (int64_t row = piece.from; row < piece.to; row += kRows) {
      const int64_t rows = std::min<int64_t>(kRows, piece.to - row), at = row * p.n + piece.column;
      const Words a = wordsFrom<Pairs>(p, words, row, start);
      float* c = p.c + at;
      __m512 tileSquares = _mm512_setzero_ps();
      if (count == kColumns) {
        const Target to = {c, p.n, last && p.squares != nullptr ? &tileSquares : nullptr};
        tileOf<Pairs>(rows, a, panel, end - start, addend == nullptr ? nullptr : addend + at, to);
      } else {
        tileOf<Pairs>(rows, a, panel, end - start, nullptr, {edge, kColumns, nullptr});
        for (int64_t r = 0; r < rows; r++) {
          for (int64_t i = 0; i < count; i++) {
            const float sum = edge[r * kColumns + i] + (addend == nullptr ? 0.0f : addend[at + r * p.n + i]);
            c[r * p.n + i] = sum;
            if (last) squares += static_cast<double>(sum) * sum;
          }
        }
      }
      squares += addUp(tileSquares);
      for (int64_t r = 0; last && p.bias != nullptr && r < rows; r++) {
        for (int64_t i = 0; i < count; i++) c[r * p.n + i] += p.bias[piece.column + i];
      }
    }
  }
  return squares;
}

// Two products (the second may be missing), and `other` (task) for `others` tasks, all side by side. Every element is added up by one thread,
// in the order of K: how the work was divided does not show.
//
// words: room for wordsOf(problem) words for each. A is laid out first, whole; B panel by panel, each where it is multiplied.
template <bool Pairs>
void multiply(const Problem* problems, int count, uint32_t* const* words, int workers, const Parallel& parallel, int64_t others,
              const std::function<void(int64_t)>& other) {
  int64_t parts[2] = {}, pieces[2] = {}, longest = 0;
  for (int i = 0; i < count; i++) {
    const Problem& p = problems[i];
    parts[i] = needsWords<Pairs>(p.a) ? (p.m + kPart - 1) / kPart : 0;
    pieces[i] = Pieces(p, workers).count;
    longest = std::max(longest, std::min(kSteps, stepsOf<Pairs>(p.k)));
  }
  const int64_t allParts = parts[0] + parts[1], allPieces = pieces[0] + pieces[1];
  std::atomic<int64_t> nextPart{0}, partsDone{0}, nextPiece{0};
  parallel(static_cast<int>(std::min<int64_t>(workers, allPieces)), [&] {
    for (int64_t part; (part = nextPart++) < allParts; partsDone++) {
      const int i = part >= parts[0];
      layOutRows<Pairs>(problems[i].a, problems[i].m, problems[i].k, part - i * parts[0], words[i]);
    }
    // Only for parts that another thread has begun: one that has not come yet is not waited for.
    while (partsDone < allParts) _mm_pause();
    const std::unique_ptr<uint32_t[]> room(new uint32_t[(longest + kRows + 1) * kColumns]);
    uint32_t* panel = reinterpret_cast<uint32_t*>((reinterpret_cast<uintptr_t>(room.get()) + 63) & ~uintptr_t{63});
    float* edge = reinterpret_cast<float*>(panel + longest * kColumns);
    for (int64_t task; (task = nextPiece++) < allPieces + others;) {
      if (task >= allPieces) {
        other(task - allPieces);
        continue;
      }
      const int i = task >= pieces[0];
      const int64_t at = task - i * pieces[0];
      const double squares = multiplyPiece<Pairs>(problems[i], Pieces(problems[i], workers)[at], words[i], panel, edge);
      if (problems[i].squares != nullptr) problems[i].squares[at] = squares;
    }
    _mm_sfence();  // What went past the caches is there for every thread.
  });
}

// How many pieces a problem is cut into.
inline int64_t piecesOf(const Problem& p, int workers) { return Pieces(p, workers).count; }

}  // namespace mat_mul
}  // namespace panx

#pragma GCC pop_options

#endif
