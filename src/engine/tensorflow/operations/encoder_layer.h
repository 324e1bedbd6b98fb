// The arithmetic of encoder_layer.cc: one thread takes a block of whole rows through a layer.

#pragma once

#include "mat_mul.h"

#ifdef __AVX512F__

#include <cmath>
#include <cstdlib>
#include <type_traits>
#include <vector>

#include "attention_pair.h"
#include "gelu_curve.h"
#include "layer_norm.h"

// As in mat_mul.h.
#pragma GCC push_options
#pragma GCC target("avx512bf16")

namespace panx::encoder_layer {

using mat_mul::kColumns;

// What the products take: the bits of bfloat16 for `Pairs` (mat_mul.h), else float32.
template <bool Pairs>
using Element = std::conditional_t<Pairs, uint16_t, float>;

inline Lines nothing() { return {nullptr, 0, 0, 0}; }

// Values as a product takes them: themselves, or rounded (an even number of them).
template <bool Pairs>
const Element<Pairs>* operandOf(const float* values, int64_t count, Element<Pairs>* rounded) {
  if constexpr (!Pairs) return values;
  for (int64_t i = 0; i < count; i += 2 * mat_mul::kLanes) {
    const __mmask16 words = mat_mul::first((count - i) / 2);
    _mm512_mask_storeu_epi32(rounded + i, words, mat_mul::wordsAlong<true>(values + i, count - i));
  }
  return rounded;
}

// Of x + bias. What gelu::biasGelu gives, which rounds with instructions that every CPU has.
inline void geluOf(const gelu::Curve& cdf, const float* x, const float* bias, int64_t width, float* y) { gelu::biasGelu(cdf, x, bias, width, y); }
inline void geluOf(const gelu::Curve& cdf, const float* x, const float* bias, int64_t width, uint16_t* y) {
  if (width % kLanes != 0) return gelu::biasGelu(cdf, x, bias, width, y);
  for (int64_t i = 0; i < width; i += kLanes) {
    const Vector value = gelu::geluAt(cdf, load(x + i) + load(bias + i));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + i), (__m256i)_mm512_cvtneps_pbh((__m512)value));
  }
}

// y = x W^T + bias. `panels`: W^T, 64 columns in each but the last, which holds the rest, as operands.h says.
template <bool Pairs>
struct Map {
  int64_t inputs, outputs;
  const uint32_t* panels;
  const float* bias;

  // c (rows, columns) = what the panels from `panel` on make of a (rows, inputs), + those columns' biases; these may be null. `ahead`: what to fetch meanwhile.
  void multiply(const Element<Pairs>* a, int64_t rows, int64_t panel, int64_t columns, const float* biases, float* c, float* edge,
                const Lines& ahead = nothing()) const {
    const int64_t steps = mat_mul::stepsOf<Pairs>(inputs);
    const mat_mul::Problem problem = {{}, {}, rows, columns, inputs, biases, nullptr, c, nullptr};
    const mat_mul::Words words = {reinterpret_cast<const uint32_t*>(a), steps, 1};
    mat_mul::multiplyRows<Pairs>(problem, words, panels + panel * steps * kColumns, edge, ahead);
  }
};

// Heads are taken in groups whose queries, keys and values fill whole panels, so that they are still in the first caches where attention takes them.
// Columns of a group's queries, of C columns and so many heads: a multiple of 64 and of a head's; where none divides C, all of them.
inline int64_t groupColumnsOf(int64_t hidden, int64_t heads) {
  const int64_t size = hidden / heads, columns = std::max<int64_t>(size, kColumns);
  return columns % kColumns == 0 && columns % size == 0 && hidden % columns == 0 ? columns : hidden;
}

// Panels of queries, keys and values lie group by group, and in each all queries, all keys, all values: from which column on a panel is.
inline int64_t qkvColumnOf(int64_t panel, int64_t hidden, int64_t heads) {
  const int64_t columns = groupColumnsOf(hidden, heads), part = columns / kColumns;
  if (columns == hidden) return panel * kColumns;
  return panel / part % 3 * hidden + panel / (3 * part) * columns + panel % part * kColumns;
}

struct Norm {
  const float *gamma, *beta;
};

// Rows [from, to), and those of the wanted tokens that are in them.
struct Block {
  int64_t from, to, fromWanted, toWanted;
};

// Room for so many values, from a cache line on.
template <typename Value>
class Room {
 public:
  explicit Room(int64_t count) : memory_(std::aligned_alloc(64, (count * sizeof(Value) + 64) / 64 * 64)) {}
  ~Room() { std::free(memory_); }
  Room(const Room&) = delete;
  operator Value*() const { return static_cast<Value*>(memory_); }

 private:
  void* memory_;
};

// The layer, its input and output, as encoder_layer.cc names them. N tokens, C hidden, I intermediate, H heads of D values.
template <bool Pairs>
struct Layer {
  int64_t tokens, hidden, heads, longest;
  const float* x;
  const int32_t *offsets, *wanted;  // wanted: or null
  Map<Pairs> qkv, attentionOutput, intermediate, output;
  Norm attentionNorm, outputNorm;
  float eps;
  float* y;

  int64_t groupColumns() const { return groupColumnsOf(hidden, heads); }

  // What a thread needs for blocks of up to so many tokens, T of them.
  struct Memory {
    Room<Element<Pairs>> input, heads, middleInput, wide;                         // (T, C) (T, C) (T, C) (T, I)
    Room<float> qkv, bias, softmax, attention, branch, middle, row, panel, edge;  // (T, 3 columns of a group), ..., (T, C) (T, C) (C) (T, 64) (6, 64)

    Memory(const Layer& layer, int64_t most)
        : input(Pairs ? most * layer.hidden : 0),
          heads(most * layer.hidden),
          middleInput(Pairs ? most * layer.hidden : 0),
          wide(most * layer.intermediate.outputs),
          qkv(most * 3 * layer.groupColumns()),
          bias(3 * layer.groupColumns()),
          softmax(most * layer.heads * 2),
          attention(attention::scratchOf(layer.groupOf(0, nullptr))),
          branch(most * layer.hidden),
          middle(most * layer.hidden),
          row(layer.hidden),
          panel(most * kColumns),
          edge(mat_mul::kRows * kColumns) {}
  };

  void compute(const Block& block, const Memory& memory) const {
    const int64_t first = offsets[block.from], count = offsets[block.to] - first;
    selfAttention(block, operandOf<Pairs>(x + first * hidden, count * hidden, memory.input), count, memory);
    const int64_t kept = wanted == nullptr ? count : block.toWanted - block.fromWanted;
    const auto tokenOf = [&](int64_t i) { return wanted == nullptr ? first + i : wanted[block.fromWanted + i]; };
    for (int64_t i = 0; kept < count && i < kept; i++) {  // They ascend: none is overwritten before it has moved.
      std::memmove(memory.heads + i * hidden, memory.heads + (tokenOf(i) - first) * hidden, hidden * sizeof(Element<Pairs>));
    }
    attentionOutput.multiply(memory.heads, kept, 0, hidden, nullptr, memory.branch, memory.edge, linesOf(x + first * hidden, count));
    for (int64_t i = 0; i < kept; i++) joinAndNorm(attentionOutput.bias, x + tokenOf(i) * hidden, attentionNorm, i, memory.middle, memory);
    widen(operandOf<Pairs>(memory.middle, kept * hidden, memory.middleInput), kept, memory);
    float* to = y + (wanted == nullptr ? first : block.fromWanted) * hidden;
    output.multiply(memory.wide, kept, 0, hidden, nullptr, memory.branch, memory.edge, linesOf(to, kept));
    for (int64_t i = 0; i < kept; i++) joinAndNorm(output.bias, memory.middle + i * hidden, outputNorm, i, to, memory);
  }

 private:
  Lines linesOf(const float* values, int64_t count) const { return {values, 0, 1, static_cast<int64_t>(count * hidden * sizeof(float))}; }

  // From here on: of one block, its first token being 0.

  // input (T, C) -> memory.heads (T, C)
  void selfAttention(const Block& block, const Element<Pairs>* input, int64_t count, const Memory& memory) const {
    std::vector<int32_t> starts(offsets + block.from, offsets + block.to + 1);
    for (int32_t& start : starts) start -= offsets[block.from];
    const int64_t columns = groupColumns();
    const attention::Problem group = groupOf(block.to - block.from, starts.data());
    for (int64_t column = 0; column < hidden; column += columns) {
      for (int64_t part = 0; part < 3; part++) {
        std::memcpy(memory.bias + part * columns, qkv.bias + part * hidden + column, columns * sizeof(float));
      }
      qkv.multiply(input, count, 3 * column / kColumns, 3 * columns, memory.bias, memory.qkv, memory.edge);
      for (int64_t number = 0; number < group.pairs(); number++) {
        constexpr int32_t kNoSeed[] = {0, 0};
        const attention::Pair pair = group.pair(number);
        if (pair.keys == 0) continue;
        attention::attendPair<Element<Pairs>>(group, pair, nothing(), Dropout(kNoSeed, 0), memory.qkv, memory.heads + column,
                                              hidden, memory.softmax, memory.attention);
      }
    }
  }

  attention::Problem groupOf(int64_t rows, const int32_t* starts) const {
    const int64_t size = hidden / heads, columns = groupColumns();
    return {rows, 0, columns, columns / size, size, longest, starts, 1.0f / std::sqrt(static_cast<float>(size)), 0};
  }

  // input (T, C) -> memory.wide (T, I): GELU of the map
  void widen(const Element<Pairs>* input, int64_t count, const Memory& memory) const {
    const gelu::Curve& cdf = gelu::cdfCurve();
    const int64_t width = intermediate.outputs;
    for (int64_t column = 0; column < width; column += kColumns) {
      const int64_t columns = std::min<int64_t>(kColumns, width - column);
      intermediate.multiply(input, count, column / kColumns, columns, nullptr, memory.panel, memory.edge);
      for (int64_t i = 0; i < count; i++) {
        geluOf(cdf, memory.panel + i * columns, intermediate.bias + column, columns, memory.wide + i * width + column);
      }
    }
  }

  // Token i of memory.branch -> row i of `to`.
  void joinAndNorm(const float* bias, const float* residual, const Norm& norm, int64_t i, float* to, const Memory& memory) const {
    layer_norm::residualNorm(memory.branch + i * hidden, bias, residual, norm.gamma, norm.beta, nullptr, eps, hidden, to + i * hidden,
                             memory.row);
  }
};

}  // namespace panx::encoder_layer

#pragma GCC pop_options

#endif
