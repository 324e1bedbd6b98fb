// PanxAttention, PanxAttentionGrad: multi-head self-attention within each row of the concatenated tokens (Vaswani et al. 2017, eq. 1),
// without padding and without a grid: for each row and head
//
//   S = Q K^T / sqrt(D);  P = softmax(S);  P' = P * dropout;  O = P' V
//
//   qkv: float (N, 3C), queries, keys and values side by side, each of H heads of D values
//   offsets: int32 (B + 1), row b holds the tokens [offsets[b], offsets[b + 1])
//   seed: int32 (2), of the dropout mask
//   heads: H;  rate: of dropout, 0 for none
//   -> out: float (N, C);  softmax: float (N, H, 2), for each query and head the largest of its scores and 1 / sum(exp(S - largest))
//
// Kept for the backward: qkv and `softmax`, from which it has P again with the very roundings of the forward. With dP = (dO V^T) * dropout:
//
//   dV = P'^T dO;  dS = P * (dP - sum(dP * P));  dQ = dS K / sqrt(D);  dK = dS^T Q / sqrt(D)
//
// The mask's element for query n (of all tokens), head h and the j-th token of its row is drawn at (n * H + h) * 2^16 + j: it depends
// on where a row stands in its batch, and on nothing else of the batch.
//
// Pairs of a row and a head share nothing but what they read, so they are what threads divide among themselves; nothing is added up
// across them. Queries are taken kQueries at a time: scratch memory grows with the longest row T, not with its square.

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "panx_ops.h"

namespace panx {
namespace attention {

// Floats of a vector register, and how many registers side by side a tile of a product is wide and high: accumulators, the
// vectors that they are updated with and a scalar fill the 32 registers of AVX-512, or the 16 of AVX2.
#ifdef __AVX512F__
constexpr int kLanes = 16;
constexpr int kTileVectors = 4;
#else
constexpr int kLanes = 8;
constexpr int kTileVectors = 2;
#endif
constexpr int kTileRows = 6;

constexpr int kQueries = 48;
constexpr int64_t kLongestRow = 1 << 16;

// Scratch matrices: columns are padded to whole vectors, and a row is an odd number of cache lines (16 floats) long, so that those
// below each other do not all compete for the same few places of the cache.
int64_t padded(int64_t columns) { return (columns + kLanes - 1) / kLanes * kLanes; }
int64_t pitch(int64_t columns) { return ((columns + 15) / 16 | 1) * 16; }

typedef float Vector __attribute__((vector_size(kLanes * sizeof(float))));

inline Vector load(const float* from) {
  Vector vector;
  std::memcpy(&vector, from, sizeof vector);
  return vector;
}

inline void store(const Vector& vector, float* to) { std::memcpy(to, &vector, sizeof vector); }

// A matrix in memory: element (r, c) stands at data[r * row + c * column].
struct View {
  const float* data;
  int64_t row, column;
};

// kRows x kVectors * kLanes elements of the product below, in registers.
template <int kRows, int kVectors>
void tile(View a, const float* b, int64_t bRow, float* c, int64_t cRow, int64_t columns, int64_t depth, bool add) {
  Vector sums[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; r++) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) sums[r][v] = Vector{};
  }
  for (int64_t k = 0; k < depth; k++) {
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
                    int64_t depth, bool add) {
  for (; rows >= kTileRows; rows -= kTileRows) {
    tile<kTileRows, kVectors>(a, b, bRow, c, cRow, columns, depth, add);
    a.data += kTileRows * a.row;
    c += kTileRows * cRow;
  }
  switch (rows) {
    case 1: return tile<1, kVectors>(a, b, bRow, c, cRow, columns, depth, add);
    case 2: return tile<2, kVectors>(a, b, bRow, c, cRow, columns, depth, add);
    case 3: return tile<3, kVectors>(a, b, bRow, c, cRow, columns, depth, add);
    case 4: return tile<4, kVectors>(a, b, bRow, c, cRow, columns, depth, add);
    case 5: return tile<5, kVectors>(a, b, bRow, c, cRow, columns, depth, add);
  }
}

// C = A B, or C += A B: A (rows, depth), B (depth, columns), C (rows, columns). B is read up to a multiple of kLanes columns.
void product(View a, const float* b, int64_t bRow, float* c, int64_t cRow, int64_t rows, int64_t columns, int64_t depth,
             bool add = false) {
  for (int64_t at = 0; at < columns; at += kTileVectors * kLanes) {
    const int64_t left = columns - at;
    switch (std::min<int64_t>(kTileVectors, (left + kLanes - 1) / kLanes)) {
      case 1: tilesOfColumns<1>(a, b + at, bRow, c + at, cRow, rows, left, depth, add); break;
      case 2: tilesOfColumns<2>(a, b + at, bRow, c + at, cRow, rows, left, depth, add); break;
      case 3: tilesOfColumns<3>(a, b + at, bRow, c + at, cRow, rows, left, depth, add); break;
      case 4: tilesOfColumns<4>(a, b + at, bRow, c + at, cRow, rows, left, depth, add); break;
    }
  }
}

typedef int32_t Places __attribute__((vector_size(kLanes * sizeof(int32_t))));
using Lanes = std::make_integer_sequence<int, kLanes>;

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
void transpose(const float* from, int64_t fromRow, int64_t rows, int64_t columns, float* to) {
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
Vector paddingBias(int64_t keys) {
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

// expOf of panx_ops.h for x <= 88 in one register: loops as short as a row's are slow as the compiler makes vector code of them.
inline Vector expOfVector(Vector x) {
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

// Scores -> exp(scale * S - largest), which is 0 in the padding; returns the sums of the lanes.
inline Vector exponentials(float* scores, int64_t width, float scale, float largest) {
  Vector sum{};
  for (int64_t j = 0; j < width; j += kLanes) {
    const Vector value = expOfVector(load(scores + j) * scale - largest);
    store(value, scores + j);
    sum += value;
  }
  return sum;
}

inline void scaleBy(float factor, float* x, int64_t width) {
  for (int64_t j = 0; j < width; j += kLanes) store(load(x + j) * factor, x + j);
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

// The factors of dropout from place `start` on. (By value: what may alias the mask would keep this from becoming vector code.)
void drawMask(Dropout dropout, uint64_t start, int64_t width, float* mask) {
  for (int64_t j = 0; j < width; j++) mask[j] = dropout.factor(start + j);
}

// What both directions share: sizes, rows, and where a row's and head's part of a tensor stands.
struct Problem {
  int64_t rows, tokens, hidden, heads, size, longest;
  const int32_t* offsets;
  float scale;
  float rate;

  int64_t units() const { return rows * heads; }
  uint64_t maskStart(int64_t token, int64_t head) const {
    return (static_cast<uint64_t>(token) * heads + head) * kLongestRow;
  }
  // Cycles for one unit of `products` products, roughly.
  int64_t cost(int products) const {
    const double length = rows == 0 ? 0 : static_cast<double>(tokens) / rows;
    return static_cast<int64_t>(products * length * (length + kLanes) * size / 8 + 1000);
  }
};

class AttentionBase : public tensorflow::OpKernel {
 public:
  explicit AttentionBase(tensorflow::OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("heads", &heads_));
    OP_REQUIRES_OK(context, context->GetAttr("rate", &rate_));
    OP_REQUIRES(context, rate_ >= 0 && rate_ < 1,
                tensorflow::errors::InvalidArgument("Attention got a dropout rate of ", rate_, ", expected 0 to below 1."));
  }

 protected:
  absl::Status read(const tensorflow::Tensor& qkv, const tensorflow::Tensor& offsets, const tensorflow::Tensor& seed,
                    Problem* problem) const {
    using tensorflow::errors::InvalidArgument;
    if (qkv.dims() != 2 || qkv.dim_size(1) % (3 * heads_) != 0) {
      return InvalidArgument("Attention of ", heads_, " heads got queries, keys and values of shape ",
                             qkv.shape().DebugString(), ".");
    }
    if (seed.NumElements() != 2) return InvalidArgument("Attention got a seed of ", seed.NumElements(), " numbers, expected 2.");
    const int32_t* starts = offsets.flat<int32_t>().data();
    const int64_t rows = offsets.NumElements() - 1;
    if (rows < 0 || starts[0] != 0 || starts[rows] != qkv.dim_size(0)) {
      return InvalidArgument("Attention over ", qkv.dim_size(0), " tokens got offsets that do not go from 0 to there.");
    }
    int64_t longest = 0;
    for (int64_t row = 0; row < rows; row++) {
      const int64_t length = static_cast<int64_t>(starts[row + 1]) - starts[row];
      if (length < 0 || length > kLongestRow) return InvalidArgument("Attention got a row of ", length, " tokens.");
      longest = std::max(longest, length);
    }
    const int64_t hidden = qkv.dim_size(1) / 3;
    const int64_t size = hidden / heads_;
    *problem = {rows, qkv.dim_size(0), hidden, heads_, size, longest, starts, 1.0f / std::sqrt(static_cast<float>(size)), rate_};
    return absl::OkStatus();
  }

  // Run one(row, head, scratch) for all pairs. One head after the other, so that a part of the work has rows of all lengths.
  template <typename One>
  static void forEachPair(tensorflow::OpKernelContext* context, const Problem& problem, int products, int64_t scratch,
                          const One& one) {
    parallelFor(context, problem.units(), problem.cost(products), [&](int64_t from, int64_t to) {
      const std::unique_ptr<float[]> memory(new float[scratch]);
      for (int64_t unit = from; unit < to; unit++) {
        const int64_t row = unit % problem.rows;
        if (problem.offsets[row] < problem.offsets[row + 1]) one(row, unit / problem.rows, memory.get());
      }
    });
  }

 private:
  int heads_;
  float rate_;
};

class AttentionOp : public AttentionBase {
 public:
  using AttentionBase::AttentionBase;

  void Compute(tensorflow::OpKernelContext* context) override {
    const tensorflow::Tensor& qkv = context->input(0);
    Problem problem;
    OP_REQUIRES_OK(context, read(qkv, context->input(1), context->input(2), &problem));
    tensorflow::Tensor* out = nullptr;
    tensorflow::Tensor* softmax = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, {problem.tokens, problem.hidden}, &out));
    OP_REQUIRES_OK(context, context->allocate_output(1, {problem.tokens, problem.heads, 2}, &softmax));

    const Dropout dropout(context->input(2).flat<int32_t>().data(), problem.rate);
    const float* in = qkv.flat<float>().data();
    float* toOut = out->flat<float>().data();
    float* toSoftmax = softmax->flat<float>().data();
    const int64_t size = problem.size, hidden = problem.hidden, width = pitch(problem.longest);
    const int64_t scratch = width * size + problem.longest * padded(size) + kQueries * width + width;
    forEachPair(context, problem, 2, scratch, [&](int64_t row, int64_t head, float* memory) {
      const int64_t start = problem.offsets[row], keys = problem.offsets[row + 1] - start;
      const float* q = in + start * 3 * hidden + head * size;
      float* keysTransposed = memory;                         // (D, T)
      float* valuesCopy = keysTransposed + width * size;      // (T, D)
      float* scores = valuesCopy + problem.longest * padded(size);  // (queries, T)
      float* mask = scores + kQueries * width;                // (T)
      transpose(q + hidden, 3 * hidden, keys, size, keysTransposed);
      const Right values(q + 2 * hidden, 3 * hidden, keys, size, valuesCopy);
      const int64_t columns = padded(keys), pitched = pitch(keys);
      const Vector bias = paddingBias(keys);
      for (int64_t first = 0; first < keys; first += kQueries) {
        const int64_t queries = std::min<int64_t>(kQueries, keys - first);
        product({q + first * 3 * hidden, 3 * hidden, 1}, keysTransposed, pitched, scores, pitched, queries, columns, size);
        for (int64_t i = 0; i < queries; i++) {
          const int64_t token = start + first + i;
          float* probabilities = scores + i * pitched;
          float* last = probabilities + columns - kLanes;
          store(load(last) + bias, last);
          normalise(probabilities, columns, problem.scale, toSoftmax + (token * problem.heads + head) * 2);
          if (problem.rate > 0) {
            drawMask(dropout, problem.maskStart(token, head), columns, mask);
            for (int64_t j = 0; j < columns; j++) probabilities[j] *= mask[j];
          }
        }
        product({scores, pitched, 1}, values.data, values.row, toOut + (start + first) * hidden + head * size, hidden,
                queries, size, keys);
      }
    });
  }
};

class AttentionGradOp : public AttentionBase {
 public:
  using AttentionBase::AttentionBase;

  void Compute(tensorflow::OpKernelContext* context) override {
    using tensorflow::errors::InvalidArgument;
    const tensorflow::Tensor& dOut = context->input(0);
    const tensorflow::Tensor& qkv = context->input(1);
    const tensorflow::Tensor& softmax = context->input(4);
    Problem problem;
    OP_REQUIRES_OK(context, read(qkv, context->input(2), context->input(3), &problem));
    OP_REQUIRES(context, dOut.shape() == tensorflow::TensorShape({problem.tokens, problem.hidden}),
                InvalidArgument("PanxAttentionGrad got a gradient of shape ", dOut.shape().DebugString(), " for an output of [",
                                problem.tokens, ",", problem.hidden, "]."));
    OP_REQUIRES(context, softmax.NumElements() == problem.tokens * problem.heads * 2,
                InvalidArgument("PanxAttentionGrad got a softmax of shape ", softmax.shape().DebugString(), "."));
    tensorflow::Tensor* dQkv = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, qkv.shape(), &dQkv));

    const Dropout dropout(context->input(3).flat<int32_t>().data(), problem.rate);
    const float* in = qkv.flat<float>().data();
    const float* fromOut = dOut.flat<float>().data();
    const float* fromSoftmax = softmax.flat<float>().data();
    float* to = dQkv->flat<float>().data();
    const int64_t size = problem.size, hidden = problem.hidden, width = pitch(problem.longest);
    const int64_t copy = problem.longest * padded(size);
    const int64_t scratch = 2 * width * size + 3 * copy + 3 * kQueries * width;
    forEachPair(context, problem, 5, scratch, [&](int64_t row, int64_t head, float* memory) {
      const int64_t start = problem.offsets[row], keys = problem.offsets[row + 1] - start;
      const int64_t stride = 3 * hidden;
      const float* q = in + start * stride + head * size;
      const float* d = fromOut + start * hidden + head * size;
      float* dq = to + start * stride + head * size;
      float* keysTransposed = memory;                               // (D, T)
      float* valuesTransposed = keysTransposed + width * size;      // (D, T)
      float* copies = valuesTransposed + width * size;              // 3 x (T, D)
      float* probabilities = copies + 3 * copy;                     // (queries, T)
      float* gradients = probabilities + kQueries * width;          // (queries, T), dP, then dS / sqrt(D)
      float* masks = gradients + kQueries * width;                  // (queries, T)
      transpose(q + hidden, stride, keys, size, keysTransposed);
      transpose(q + 2 * hidden, stride, keys, size, valuesTransposed);
      const Right rightQ(q, stride, keys, size, copies);
      const Right rightK(q + hidden, stride, keys, size, copies + copy);
      const Right rightD(d, hidden, keys, size, copies + 2 * copy);
      const int64_t columns = padded(keys), pitched = pitch(keys);
      const Vector bias = paddingBias(keys);
      for (int64_t first = 0; first < keys; first += kQueries) {
        const int64_t queries = std::min<int64_t>(kQueries, keys - first);
        product({q + first * stride, stride, 1}, keysTransposed, pitched, probabilities, pitched, queries, columns, size);
        product({d + first * hidden, hidden, 1}, valuesTransposed, pitched, gradients, pitched, queries, columns, size);
        for (int64_t i = 0; i < queries; i++) {
          const int64_t token = start + first + i;
          float* p = probabilities + i * pitched;
          float* g = gradients + i * pitched;
          float* mask = masks + i * pitched;
          const float* kept = fromSoftmax + (token * problem.heads + head) * 2;
          store(load(p + columns - kLanes) + bias, p + columns - kLanes);
          exponentials(p, columns, problem.scale, kept[0]);
          scaleBy(kept[1], p, columns);
          if (problem.rate > 0) {
            drawMask(dropout, problem.maskStart(token, head), columns, mask);
            for (int64_t j = 0; j < columns; j++) g[j] *= mask[j];
          }
          const float inner = dot(g, p, columns);
          for (int64_t j = 0; j < columns; j++) g[j] = p[j] * (g[j] - inner) * problem.scale;
          if (problem.rate > 0) {
            for (int64_t j = 0; j < columns; j++) p[j] *= mask[j];
          }
        }
        const bool add = first > 0;
        product({gradients, pitched, 1}, rightK.data, rightK.row, dq + first * stride, stride, queries, size, keys);
        product({gradients, 1, pitched}, rightQ.data + first * rightQ.row, rightQ.row, dq + hidden, stride, keys, size,
                queries, add);
        product({probabilities, 1, pitched}, rightD.data + first * rightD.row, rightD.row, dq + 2 * hidden, stride, keys,
                size, queries, add);
      }
    });
  }
};

REGISTER_OP("PanxAttention")
    .Input("qkv: float")
    .Input("offsets: int32")
    .Input("seed: int32")
    .Output("out: float")
    .Output("softmax: float")
    .Attr("heads: int >= 1")
    .Attr("rate: float")
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext* context) {
      context->set_output(0, context->UnknownShapeOfRank(2));
      context->set_output(1, context->UnknownShapeOfRank(3));
      return absl::OkStatus();
    });
REGISTER_KERNEL_BUILDER(Name("PanxAttention").Device(tensorflow::DEVICE_CPU), AttentionOp);

REGISTER_OP("PanxAttentionGrad")
    .Input("d_out: float")
    .Input("qkv: float")
    .Input("offsets: int32")
    .Input("seed: int32")
    .Input("softmax: float")
    .Output("d_qkv: float")
    .Attr("heads: int >= 1")
    .Attr("rate: float")
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext* context) {
      context->set_output(0, context->input(1));
      return absl::OkStatus();
    });
REGISTER_KERNEL_BUILDER(Name("PanxAttentionGrad").Device(tensorflow::DEVICE_CPU), AttentionGradOp);

}  // namespace attention
}  // namespace panx
