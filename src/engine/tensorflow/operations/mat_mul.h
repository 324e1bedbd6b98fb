// The arithmetic of linear.cc: tiles of a product held in registers, and how threads share them out.
//
// A tile is 6 rows of A times 64 columns of B: 24 sums, the 4 vectors of B that a step multiplies and the broadcast of A's word
// fill the 32 registers of AVX-512, and each load feeds several multiplications. Operands are laid out as operands.h says. Products of bfloat16 are exact
// in float32 and added up there (VDPBF16PS: numbers below 1e-38 count as 0).

#pragma once

#ifdef __AVX512F__

#include <immintrin.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "operands.h"
#include "team.h"

// Only `Pairs` uses it, and only where linear.cc has found the CPU to have it.
#pragma GCC push_options
#pragma GCC target("avx512bf16")

namespace panx {
namespace mat_mul {

// What the next panel is made of is fetched into the second-level cache during the last tiles of the one before, a line or two every so many steps: sooner, and
// other operands have driven it out again; more at once, and the tile waits for its own operands behind it.
constexpr int64_t kFetchTiles = 24, kFetchSteps = 16;
// From how many rows of A on several panels are multiplied side by side, how many at most, and the steps of all of them: 512 KiB.
constexpr int64_t kManyRows = 1024, kMostPanels = 4, kPanelSteps = 2048;

// C (M, N) = A B, + bias (N), + addend (M, N); either may be null. bfloat16 only for pairs; of A, where its rows run along K, an even K;
// not of B where its rows do. squares: null, or what the sums of C's squares in each block of
// 48 rows and 64 columns are added to (not where there is a bias): as no block is in two pieces, their order is the same however the work is divided.
struct Problem {
  Operand a, b;
  int64_t m, n, k;
  const float* bias;
  const float* addend;
  float* c;
  double* squares;

  int64_t panels() const { return (n + kColumns - 1) / kColumns; }
  int64_t blocks() const { return (m + kPart - 1) / kPart * panels(); }
  double* squaresAt(int64_t row, int64_t column) const { return squares + row / kPart * panels() + column / kColumns; }
};

struct Words {
  static constexpr int64_t kWord = sizeof(uint32_t);
  const uint32_t* at;
  int64_t rowStride, stepStride;

  // What `steps` steps of `rows` rows from `row` on lie in. Rows across K need no fetching: one of their lines serves several.
  Lines linesFrom(int64_t row, int64_t rows, int64_t steps) const {
    return {at + row * rowStride, rowStride * kWord, stepStride == 1 ? rows : 0, steps * kWord};
  }
};

// sum + a b in every lane; for pairs both products.
template <bool Pairs>
inline __m512 multiplyAdd(__m512i a, __m512i b, __m512 sum) {
  if constexpr (Pairs) return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
  return _mm512_fmadd_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b), sum);
}

// Where a tile goes, with `bias` (64) added unless that is null. `squares`: null, or what the sum of its squares is added to, lane by lane; such a tile is not read again soon, and is stored
// past the caches where it can be (`c` and its rows begin at whole cache lines).
struct Target {
  float* c;
  int64_t stride;  // floats from row to row
  const float* bias;
  __m512* squares;

  bool pastCaches() const { return squares != nullptr && (reinterpret_cast<uintptr_t>(c) | stride * sizeof(float)) % 64 == 0; }
};

// c (Rows, 64) = A (Rows, steps) B (steps, 64), + addend (Rows, 64), with c's stride, unless that is null.
template <bool Pairs, int Rows>
void tile(const Words& a, const uint32_t* panel, int64_t steps, const float* addend, const Target& to, Lines& ahead) {
  const bool pastCaches = to.pastCaches();
  for (int r = 0; r < Rows; r++) {
    for (int v = 0; v < kVectors; v++) {
      const int64_t at = r * to.stride + v * kLanes;
      if (!pastCaches) __builtin_prefetch(to.c + at, 1);
      if (addend != nullptr && addend != to.c) __builtin_prefetch(addend + at);
    }
  }
  __m512 sums[Rows][kVectors] = {};
  const uint32_t* words = a.at;
  for (int64_t left = steps; left > 0; left -= kFetchSteps) {
    ahead.fetch();
    for (int64_t s = std::min(left, kFetchSteps); s > 0; s--) {
      __m512i b[kVectors];
      for (int v = 0; v < kVectors; v++) b[v] = _mm512_loadu_si512(panel + v * kLanes);
      for (int r = 0; r < Rows; r++) {
        const __m512i word = _mm512_set1_epi32(words[r * a.rowStride]);
        for (int v = 0; v < kVectors; v++) sums[r][v] = multiplyAdd<Pairs>(word, b[v], sums[r][v]);
      }
      words += a.stepStride;
      panel += kColumns;
    }
  }
  for (int r = 0; addend != nullptr && r < Rows; r++) {
    for (int v = 0; v < kVectors; v++) sums[r][v] = _mm512_add_ps(sums[r][v], _mm512_loadu_ps(addend + r * to.stride + v * kLanes));
  }
  for (int v = 0; to.bias != nullptr && v < kVectors; v++) {
    const __m512 bias = _mm512_loadu_ps(to.bias + v * kLanes);
    for (int r = 0; r < Rows; r++) sums[r][v] = _mm512_add_ps(sums[r][v], bias);
  }
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
void tileOf(int64_t rows, const Words& a, const uint32_t* panel, int64_t steps, const float* addend, const Target& to, Lines& ahead) {
  switch (rows) {
    case 1: return tile<Pairs, 1>(a, panel, steps, addend, to, ahead);
    case 2: return tile<Pairs, 2>(a, panel, steps, addend, to, ahead);
    case 3: return tile<Pairs, 3>(a, panel, steps, addend, to, ahead);
    case 4: return tile<Pairs, 4>(a, panel, steps, addend, to, ahead);
    case 5: return tile<Pairs, 5>(a, panel, steps, addend, to, ahead);
    default: return tile<Pairs, kRows>(a, panel, steps, addend, to, ahead);
  }
}

// Run `work` on up to `workers` threads at a time, the caller's among them, and return when all of them have.
using Parallel = std::function<void(int workers, const std::function<void()>& work)>;

// Whether A's words must be laid out: rows that run along K and have the right elements already are read as they are.
template <bool Pairs>
bool needsWords(const Operand& a) {
  return !a.along || (Pairs && a.rounded == nullptr);
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
  if (!needsWords<Pairs>(p.a)) return {reinterpret_cast<const uint32_t*>(p.a.at(row, 0)) + step, p.a.stride / (Pairs ? 2 : 1), 1};
  if (p.a.along) return {laidOut + row * steps + step, steps, 1};
  return {laidOut + row / kPart * kPart * steps + step * kPart + row % kPart, 1, kPart};
}

// How many columns of C a thread takes at a time, over all rows: a panel's; of many rows, which do not stay in a cache, several panels', so that each row of A is
// read once for all of them.
inline int64_t columnsAtATime(const Problem& p, int64_t steps) {
  return kColumns * (p.m < kManyRows ? 1 : std::clamp<int64_t>(kPanelSteps / std::clamp<int64_t>(steps, 1, kSteps), 1, kMostPanels));
}

// The rows of A in parts of 48, for a piece that a thread works at: it takes them one by one, and threads without a piece of their own take some too. So
// they end together, at no cost: the piece's panels are in one thread's cache and the other reads them from there.
class Rows {
 public:
  // The owner's, when the panels of the next steps are laid out: there are so many parts more. What they are of stays as it is until `waitForAll` returns.
  void offer(int64_t parts) {
    done_.store(0, std::memory_order_relaxed);
    taken_.store(static_cast<uint64_t>(parts) << 32, std::memory_order_release);
  }

  // The next part, or -1.
  int64_t take() {
    // Both in one word: a thread that is late must not mistake one offer for the next.
    uint64_t found = taken_.load(std::memory_order_acquire);
    do {
      if (static_cast<uint32_t>(found) >= found >> 32) return -1;
    } while (!taken_.compare_exchange_weak(found, found + 1, std::memory_order_acq_rel, std::memory_order_acquire));
    return static_cast<uint32_t>(found);
  }

  void finish() { done_.fetch_add(1, std::memory_order_release); }

  // The owner's: wait for the parts that others have taken.
  void waitForAll(int64_t parts) const {
    waitUntil([&] { return done_.load(std::memory_order_acquire) == parts; });
  }

 private:
  std::atomic<uint64_t> taken_{0};  // how many there are, and in the low half how many of them are taken
  std::atomic<int64_t> done_{0};
};

// The sum of 16 floats in double precision.
inline double addUp(__m512 x) {
  return _mm512_reduce_add_pd(_mm512_cvtps_pd(_mm512_castps512_ps256(x))) +
         _mm512_reduce_add_pd(_mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1)));
}

// Up to 6 rows and 64 columns of C from `row` and `column` on, for the steps [start, end). edge: room for a tile at C's right edge.
template <bool Pairs>
void multiplyTile(const Problem& p, int64_t row, int64_t rows, int64_t column, const Words& a, const uint32_t* panel, int64_t start,
                  int64_t end, float* edge, Lines& ahead) {
  const int64_t at = row * p.n + column, count = std::min<int64_t>(kColumns, p.n - column);
  const bool last = end == stepsOf<Pairs>(p.k), squares = last && p.squares != nullptr;
  const float* addend = start > 0 ? p.c : p.addend;
  const float* bias = last && p.bias != nullptr ? p.bias + column : nullptr;
  float* c = p.c + at;
  if (count == kColumns) {
    __m512 sums = _mm512_setzero_ps();
    const Target to = {c, p.n, bias, squares ? &sums : nullptr};
    tileOf<Pairs>(rows, a, panel, end - start, addend == nullptr ? nullptr : addend + at, to, ahead);
    if (squares) *p.squaresAt(row, column) += addUp(sums);
    return;
  }
  tileOf<Pairs>(rows, a, panel, end - start, nullptr, {edge, kColumns, nullptr, nullptr}, ahead);
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t i = 0; i < count; i++) {
      float sum = edge[r * kColumns + i];
      if (addend != nullptr) sum += addend[at + r * p.n + i];
      if (bias != nullptr) sum += bias[i];
      c[r * p.n + i] = sum;
      if (squares) *p.squaresAt(row, column) += static_cast<double>(sum) * sum;
    }
  }
}

// What a thread is at: the panels of some columns and steps of a product.
struct Work {
  const Problem* problem;
  const uint32_t* words;
  const uint32_t* panels;
  int64_t column, columns, start, end;
};

// A part of its rows. `nextPanel`: what to fetch meanwhile, beside the last tiles; turns of it are counted by whoever began it. edge: room for a tile.
template <bool Pairs>
void multiplyPart(const Work& work, int64_t part, Lines& nextPanel, float* edge) {
  const Problem& p = *work.problem;
  const int64_t steps = work.end - work.start, turns = (steps + kFetchSteps - 1) / kFetchSteps;
  const int64_t tiles = (p.m + kRows - 1) / kRows;
  // Panels beside each other are so long at work that fetching what comes after them gains nothing.
  const int64_t others = work.columns <= kColumns ? std::max<int64_t>(0, tiles - kFetchTiles) : tiles;
  for (int64_t t = part * (kPart / kRows); t < std::min(tiles, (part + 1) * (kPart / kRows)); t++) {
    const int64_t row = t * kRows, rows = std::min<int64_t>(kRows, p.m - row);
    const Words a = wordsFrom<Pairs>(p, work.words, row, work.start);
    Lines nextRows = a.linesFrom(rows, std::min<int64_t>(kRows, p.m - row - rows), steps);
    nextRows.begin(turns);
    for (int64_t i = 0; i < work.columns; i += kColumns) {
      multiplyTile<Pairs>(p, row, rows, work.column + i, a, work.panels + i * steps, work.start, work.end, edge, t < others ? nextRows : nextPanel);
    }
  }
}

// A thread's place: what it works at, for itself and for those that help it.
struct alignas(64) Place {
  Work work;
  Rows rows;
};

// One piece; `nextColumn`: of the one that this thread is likely to multiply then. Room for the piece's panels, and for `multiplyTile`.
template <bool Pairs>
void multiplyPiece(const Problem& p, int64_t column, int64_t columns, int64_t nextColumn, const uint32_t* words, uint32_t* panels, float* edge,
                   Place& place) {
  const int64_t steps = stepsOf<Pairs>(p.k), parts = (p.m + kPart - 1) / kPart, tiles = (p.m + kRows - 1) / kRows;
  for (int64_t start = 0; start < std::max<int64_t>(steps, 1); start += kSteps) {
    const int64_t end = std::min(steps, start + kSteps), turns = (end - start + kFetchSteps - 1) / kFetchSteps;
    for (int64_t i = 0; i < columns; i += kColumns) {
      const int64_t count = std::min<int64_t>(kColumns, columns - i);
      layOutPanel<Pairs>(p.b, p.k, column + i, count, start, end, panels + i * (end - start));
    }
    Lines nextPanel = end == steps ? linesOf<Pairs>(p.b, p.n, p.k, nextColumn, 0) : linesOf<Pairs>(p.b, p.n, p.k, column, end);
    nextPanel.begin(std::min(tiles, kFetchTiles) * turns);
    place.work = {&p, words, panels, column, columns, start, end};
    place.rows.offer(parts);
    for (int64_t part; (part = place.rows.take()) >= 0; place.rows.finish()) multiplyPart<Pairs>(place.work, part, nextPanel, edge);
    place.rows.waitForAll(parts);
  }
}

// A product of few rows with a B that is laid out already, panel after panel, by one thread. A's words: of its first row and step. Meanwhile every other tile
// fetches from the next panel, the others `ahead`.
template <bool Pairs>
void multiplyRows(const Problem& p, const Words& a, const uint32_t* panel, float* edge, Lines ahead) {
  const int64_t steps = stepsOf<Pairs>(p.k), tiles = (p.m + kRows - 1) / kRows;
  const auto turnsOf = [](int64_t some) { return (some + kFetchSteps - 1) / kFetchSteps; };
  ahead.begin(tiles / 2 * p.panels() * turnsOf(steps));
  for (int64_t column = 0; column < p.n; column += kColumns) {
    for (int64_t start = 0, end; start < steps; start = end) {
      end = std::min(steps, start + kSteps);
      const int64_t words = (end - start) * kColumns;
      Lines next(panel + words, 0, 1, words * sizeof(uint32_t));
      next.begin((tiles + 1) / 2 * turnsOf(end - start));
      for (int64_t t = 0; t < tiles; t++) {
        const int64_t row = t * kRows, rows = std::min<int64_t>(kRows, p.m - row);
        const Words tile = {a.at + row * a.rowStride + start, a.rowStride, 1};
        multiplyTile<Pairs>(p, row, rows, column, tile, panel, start, end, edge, t % 2 == 0 ? next : ahead);
      }
      panel += words;
    }
  }
}

// Two products (the second may be missing), and `other` (task) for `others` tasks, all side by side. Every element is added up by one thread,
// in the order of K: how the work was divided does not show. Who finds no piece left takes rows of the others' pieces.
//
// words: room for wordsOf(problem) words for each. A is laid out first, whole; B panel by panel, each where it is multiplied.
template <bool Pairs>
void multiply(const Problem* problems, int count, uint32_t* const* words, int workers, const Parallel& parallel, int64_t others,
              const std::function<void(int64_t)>& other) {
  int64_t parts[2] = {}, pieces[2] = {}, room = 0;
  for (int i = 0; i < count; i++) {
    const Problem& p = problems[i];
    parts[i] = needsWords<Pairs>(p.a) ? (p.m + kPart - 1) / kPart : 0;
    const int64_t steps = stepsOf<Pairs>(p.k), columns = columnsAtATime(p, steps);
    pieces[i] = (p.n + columns - 1) / columns;
    room = std::max(room, columns * std::min(kSteps, steps));
  }
  const int64_t allParts = parts[0] + parts[1], allPieces = pieces[0] + pieces[1];
  std::atomic<int64_t> nextPart{0}, partsDone{0}, nextPiece{0}, piecesDone{0};
  std::atomic<int> arrived{0};
  const std::unique_ptr<Place[]> places(new Place[workers]);
  parallel(workers, [&] {
    for (int64_t part; (part = nextPart++) < allParts; partsDone++) {
      const int i = part >= parts[0];
      layOutRows<Pairs>(problems[i].a, problems[i].m, problems[i].k, part - i * parts[0], words[i]);
    }
    // Only for parts that another thread has begun: one that has not come yet is not waited for.
    waitUntil([&] { return partsDone >= allParts; });
    const std::unique_ptr<uint32_t[]> memory(new uint32_t[room + kRows * kColumns + kColumns]);
    uint32_t* panels = reinterpret_cast<uint32_t*>((reinterpret_cast<uintptr_t>(memory.get()) + 63) & ~uintptr_t{63});
    float* edge = reinterpret_cast<float*>(panels + room);
    Place& own = places[arrived++];
    for (int64_t task; (task = nextPiece++) < allPieces + others;) {
      if (task >= allPieces) {
        other(task - allPieces);
        continue;
      }
      const int i = task >= pieces[0];
      const Problem& p = problems[i];
      const int64_t columns = columnsAtATime(p, stepsOf<Pairs>(p.k)), column = (task - i * pieces[0]) * columns;
      // Threads take pieces in turn, so this one's next is likely to be so many further on.
      multiplyPiece<Pairs>(p, column, std::min(columns, p.n - column), column + workers * columns, words[i], panels, edge, own);
      piecesDone++;
    }
    Lines nothing(nullptr, 0, 0, 0);
    waitUntil([&] {
      for (int i = 0; i < workers; i++) {
        const int64_t part = places[i].rows.take();
        if (part < 0) continue;
        multiplyPart<Pairs>(places[i].work, part, nothing, edge);
        places[i].rows.finish();
      }
      return piecesDone >= allPieces;
    });
    _mm_sfence();  // What went past the caches is there for every thread.
  });
}

}  // namespace mat_mul
}  // namespace panx

#pragma GCC pop_options

#endif
