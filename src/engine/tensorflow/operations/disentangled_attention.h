// What relative positions add to the scores of attention (disentangled_attention.cc says what), for one row and one head, by one thread.
//
// Both terms are products of contents with a table of positions: of queries with the positions' keys, of keys with the positions' queries. Of the
// token t of a row, as content, the position of the token u has the vector at L - 1 - t + u of the table (L the longest row): as t moves on, what it
// sees of the table moves back. So a block of tokens is multiplied with all that any of them sees, and each row of the product is read from
// where its token's begin. That is a matrix whose rows are one value shorter than the product's.

#pragma once

#include <algorithm>
#include <cstring>

#include "attention_pair.h"

namespace panx {
namespace attention {

// One head's vectors of positions, in the order in which they are seen: from the farthest before a token to the farthest behind it.
class PositionTable {
 public:
  PositionTable(int64_t longest, int64_t size) : longest_(longest), size_(size) {}

  // 2L - 1
  int64_t positions() const { return 2 * longest_ - 1; }
  // The place of the position at which token `from` sees token `to`.
  int64_t placeOf(int64_t from, int64_t to) const { return longest_ - 1 - from + to; }
  int64_t row() const { return padded(size_); }
  const float* vector(int64_t place) const { return vectors_ + place * row(); }
  // (D, 2L - 1)
  const float* transposedFrom(int64_t place) const { return transposed_ + place; }

  int64_t scratch() const { return positions() * row() + size_ * pitch(positions()) + kLanes; }

  // table (R, C) from this head's first column on; rowOf: the row of each place.
  template <typename RowOf>
  void layOut(const float* table, int64_t hidden, const RowOf& rowOf, float* memory) {
    vectors_ = memory;
    transposed_ = memory + positions() * row();
    for (int64_t place = 0; place < positions(); place++) {
      float* to = vectors_ + place * row();
      std::memcpy(to, table + rowOf(place) * hidden, size_ * sizeof(float));
      std::fill(to + size_, to + row(), 0.0f);
    }
    transpose(vectors_, row(), positions(), size_, transposed_);
  }

 private:
  int64_t longest_, size_;
  float *vectors_ = nullptr, *transposed_ = nullptr;
};

// Consecutive tokens of a row, at most kQueries.
struct Span {
  int64_t first, count;

  static Span from(int64_t first, int64_t end) { return {first, std::min<int64_t>(kQueries, end - first)}; }
};

// The product of some tokens' contents with all that they see of some others, and where it stands: (contents, width).
struct Seen {
  int64_t width, pitched;
  float* data;
  // Element (i, j), of content i and other j, stands at aligned[i * stride + j].
  float* aligned;
  int64_t stride;
  // Of the table, the first place that is seen.
  int64_t place;

  static int64_t scratch() { return kQueries * pitch(2 * kQueries - 1); }

  static Seen of(Span contents, Span others, const PositionTable& table, float* memory) {
    const int64_t width = contents.count + others.count - 1, last = contents.count - 1;
    return {width, pitch(width), memory, memory + last, pitch(width) - 1, table.placeOf(contents.first + last, others.first)};
  }
};

// The terms for one row and head. Tables may be missing, and in a forward the gradients are.
class PositionTerms {
 public:
  struct Side {
    const PositionTable* table;  // null: without this term
    float* gradient;             // (2L - 1, D), added to
  };

  // q: the row's queries of this head, with keys C values behind; dq likewise. Scratch: of `scratch()` floats.
  PositionTerms(int64_t keys, int64_t size, int64_t hidden, const float* q, float* dq, Side ofKeys, Side ofQueries, float* memory)
      : keys_(keys), size_(size), hidden_(hidden), q_(q), dq_(dq), ofKeys_(ofKeys), ofQueries_(ofQueries), products_(memory),
        turned_(memory + Seen::scratch()), copy_(turned_ + kQueries * pitch(kQueries)) {}

  static int64_t scratch(int64_t size) { return Seen::scratch() + kQueries * (pitch(kQueries) + padded(size)); }

  // scores[i][j] += q_i . K_r + k_j . Q_r
  void addScores(int64_t first, int64_t queries, float* scores, int64_t pitched) const {
    const Span some = {first, queries};
    for (int64_t from = 0; from < keys_; from += kQueries) {
      const Span others = Span::from(from, keys_);
      if (ofKeys_.table != nullptr) {
        const Seen seen = multiply(q_, some, others, *ofKeys_.table);
        addRows(seen.aligned, seen.stride, some.count, others.count, scores + from, pitched);
      }
      if (ofQueries_.table != nullptr) {
        const Seen seen = multiply(q_ + hidden_, others, some, *ofQueries_.table);
        transpose(seen.aligned, seen.stride, others.count, some.count, turned_);
        addRows(turned_, pitch(others.count), some.count, others.count, scores + from, pitched);
      }
    }
  }

  // dScores (queries, T), by the scale. Adds to the gradients of queries, keys and tables.
  void addGradients(int64_t first, int64_t queries, const float* dScores, int64_t pitched) const {
    const Span some = {first, queries};
    for (int64_t from = 0; from < keys_; from += kQueries) {
      const Span others = Span::from(from, keys_);
      if (ofKeys_.table != nullptr) addGradient(dScores + from, pitched, some, others, q_, dq_, ofKeys_);
      if (ofQueries_.table != nullptr) {
        transpose(dScores + from, pitched, some.count, others.count, turned_);
        addGradient(turned_, pitch(some.count), others, some, q_ + hidden_, dq_ + hidden_, ofQueries_);
      }
    }
  }

 private:
  const int64_t keys_, size_, hidden_;
  const float* const q_;
  float* const dq_;
  const Side ofKeys_, ofQueries_;
  float *const products_, *const turned_, *const copy_;

  int64_t stride() const { return 3 * hidden_; }

  Seen multiply(const float* content, Span contents, Span others, const PositionTable& table) const {
    const Seen seen = Seen::of(contents, others, table, products_);
    Lines nothing(nullptr, 0, 0, 0);
    product({content + contents.first * stride(), stride(), 1}, table.transposedFrom(seen.place), pitch(table.positions()), seen.data,
            seen.pitched, contents.count, seen.width, size_, false, nothing);
    return seen;
  }

  static void addRows(const float* from, int64_t fromRow, int64_t rows, int64_t columns, float* to, int64_t toRow) {
    for (int64_t i = 0; i < rows; i++) {
      for (int64_t j = 0; j < columns; j++) to[i * toRow + j] += from[i * fromRow + j];
    }
  }

  // d (contents, others): of the scores. Adds to the gradients of the contents and of the table.
  void addGradient(const float* d, int64_t dRow, Span contents, Span others, const float* content, float* dContent, Side side) const {
    const Seen seen = Seen::of(contents, others, *side.table, products_);
    std::fill(seen.data, seen.data + contents.count * seen.pitched, 0.0f);
    for (int64_t i = 0; i < contents.count; i++) {
      std::memcpy(seen.aligned + i * seen.stride, d + i * dRow, others.count * sizeof(float));
    }
    const Right right(content + contents.first * stride(), stride(), contents.count, size_, copy_);
    Lines nothing(nullptr, 0, 0, 0);
    product({seen.data, seen.pitched, 1}, side.table->vector(seen.place), side.table->row(), dContent + contents.first * stride(),
            stride(), contents.count, size_, seen.width, true, nothing);
    product({seen.data, 1, seen.pitched}, right.data, right.row, side.gradient + seen.place * size_, size_, seen.width, size_,
            contents.count, true, nothing);
  }
};

}  // namespace attention
}  // namespace panx
