// PanxDisentangledAttention, PanxDisentangledAttentionGrad: attention whose scores see the relative position of two tokens (He et al. 2021, eq. 4).
// As attention.cc, but for query i and key j of a row, with r the row of the distance i - j in the tables of positions,
//
//   S = (q_i . k_j + q_i . K_r + k_j . Q_r) * scale
//
//   qkv: float (N, 3C);  offsets: int32 (B + 1);  seed: int32 (2)
//   position_keys, position_queries: float (R, C), K and Q; of no rows where the term is left out
//   rows: int32 (2L - 1), r for the distances from 1 - L to L - 1 of the longest row, L
//   -> out: float or bfloat16 (N, C);  softmax: float (N, H, 2)
//
// With dS the gradient of the sum in brackets, beside what attention.cc says:
//
//   dq_i += sum_j dS K_r;  dk_j += sum_i dS Q_r;  dK_r = sum of dS q_i, dQ_r = sum of dS k_j over all i and j of that distance
//
// Threads take one head of some consecutive rows at a time. The gradients of positions are added up for each of these parts, then over the parts in their
// order, and what belongs to which part follows from the number of rows alone.

#include "attention_op.h"
#include "disentangled_attention.h"

namespace panx {
namespace attention {

class DisentangledBase : public AttentionBase {
 public:
  explicit DisentangledBase(tensorflow::OpKernelConstruction* context) : AttentionBase(context) {
    OP_REQUIRES_OK(context, context->GetAttr("scale", &scale_));
  }

 protected:
  // The tables of positions. Either may be missing.
  struct Positions {
    const float *keys, *queries;
    const int32_t* rowOfDistance;
    int64_t tableRows, longest;

    // The rows of the keys' table in the order of PositionTable: as seen from a query, the distance i - j falls; as seen from a key it rises.
    int32_t rowOfKey(int64_t place) const { return rowOfDistance[2 * longest - 2 - place]; }
    int32_t rowOfQuery(int64_t place) const { return rowOfDistance[place]; }
  };

  absl::Status readAll(tensorflow::OpKernelContext* context, int first, Problem* problem, Positions* positions) const {
    using tensorflow::errors::InvalidArgument;
    TF_RETURN_IF_ERROR(read(context->input(first), context->input(first + 1), context->input(first + 2), problem));
    problem->scale = scale_;
    const tensorflow::Tensor &keys = context->input(first + 3), &queries = context->input(first + 4), &rows = context->input(first + 5);
    const int64_t tableRows = std::max(keys.dim_size(0), queries.dim_size(0)), places = std::max<int64_t>(2 * problem->longest - 1, 0);
    for (const tensorflow::Tensor* table : {&keys, &queries}) {
      if (table->dims() != 2 || table->dim_size(1) != problem->hidden || (table->dim_size(0) != 0 && table->dim_size(0) != tableRows)) {
        return InvalidArgument("Disentangled attention of C = ", problem->hidden, " got tables of positions of shapes ",
                               keys.shape().DebugString(), " and ", queries.shape().DebugString(), ".");
      }
    }
    if (rows.NumElements() != places) {
      return InvalidArgument("Disentangled attention got the rows of ", rows.NumElements(), " distances, expected ", places, ".");
    }
    const int32_t* rowOfDistance = rows.flat<int32_t>().data();
    for (int64_t i = 0; i < places && tableRows > 0; i++) {
      if (rowOfDistance[i] < 0 || rowOfDistance[i] >= tableRows) {
        return InvalidArgument("Disentangled attention got row ", rowOfDistance[i], " of a table of ", tableRows, " rows.");
      }
    }
    const auto dataOf = [](const tensorflow::Tensor& table) { return table.dim_size(0) == 0 ? nullptr : floats(table); };
    *positions = {dataOf(keys), dataOf(queries), rowOfDistance, tableRows, problem->longest};
    return absl::OkStatus();
  }

  // What a thread takes at a time: so many parts of the rows, whatever the number of threads.
  static int64_t partsOf(const Problem& problem) { return std::min<int64_t>(problem.rows, 4); }

  // Run one(part, pair, the next one, this head's tables, scratch) for all pairs with tokens.
  template <typename One>
  static void forEachPair(tensorflow::OpKernelContext* context, const Problem& problem, const Positions& positions, int products,
                          int64_t scratch, const One& one) {
    const int64_t parts = partsOf(problem), units = parts * problem.heads;
    if (units == 0 || problem.longest == 0) return;
    const int64_t ofTable = PositionTable(problem.longest, problem.size).scratch(), ofTerms = PositionTerms::scratch(problem.size);
    const int64_t cost = problem.cost(products) * problem.rows / parts + ofTable;
    parallelFor(context, units, cost, [&](int64_t from, int64_t to) {
      PositionTable keys(problem.longest, problem.size), queries(problem.longest, problem.size);
      const std::unique_ptr<float[]> memory(new float[2 * ofTable + ofTerms + scratch]);
      for (int64_t unit = from; unit < to; unit++) {
        const int64_t head = unit / parts, part = unit % parts, column = head * problem.size;
        if (positions.keys != nullptr) {
          const auto rowOf = [&](int64_t place) { return positions.rowOfKey(place); };
          keys.layOut(positions.keys + column, problem.hidden, rowOf, memory.get());
        }
        if (positions.queries != nullptr) {
          const auto rowOf = [&](int64_t place) { return positions.rowOfQuery(place); };
          queries.layOut(positions.queries + column, problem.hidden, rowOf, memory.get() + ofTable);
        }
        const int64_t end = problem.rows * (part + 1) / parts;
        for (int64_t row = problem.rows * part / parts; row < end; row++) {
          const Pair pair = problem.pair(row * problem.heads + head);
          const Pair next = row + 1 < end ? problem.pair((row + 1) * problem.heads + head) : problem.pair(problem.pairs());
          if (pair.keys == 0) continue;
          one(unit, pair, next, positions.keys == nullptr ? nullptr : &keys, positions.queries == nullptr ? nullptr : &queries,
              memory.get() + 2 * ofTable);
        }
      }
    });
  }

 private:
  float scale_;
};

class DisentangledAttentionOp : public DisentangledBase {
 public:
  using DisentangledBase::DisentangledBase;

  void Compute(tensorflow::OpKernelContext* context) override {
    Problem problem;
    Positions positions;
    OP_REQUIRES_OK(context, readAll(context, 0, &problem, &positions));
    tensorflow::Tensor* out = nullptr;
    tensorflow::Tensor* softmax = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, {problem.tokens, problem.hidden}, &out));
    OP_REQUIRES_OK(context, context->allocate_output(1, {problem.tokens, problem.heads, 2}, &softmax));
    const Dropout dropout(context->input(2).flat<int32_t>().data(), problem.rate);
    const float* in = floats(context->input(0));
    float* toSoftmax = softmax->flat<float>().data();
    withElements(out, [&](auto* toOut) {
      forEachPair(context, problem, positions, 6, scratchOf(problem),
                  [&](int64_t, const Pair& pair, const Pair& next, const PositionTable* keys, const PositionTable* queries, float* memory) {
                    const PositionTerms terms(pair.keys, problem.size, problem.hidden, problem.of(pair, in, 3), nullptr, {keys, nullptr},
                                              {queries, nullptr}, memory);
                    attendPair(problem, pair, problem.linesOf(next, in, 3), dropout, in, toOut, problem.hidden, toSoftmax,
                               memory + PositionTerms::scratch(problem.size), terms);
                  });
    });
  }
};

class DisentangledAttentionGradOp : public DisentangledBase {
 public:
  using DisentangledBase::DisentangledBase;

  void Compute(tensorflow::OpKernelContext* context) override {
    const tensorflow::Tensor &dOut = context->input(0), &qkv = context->input(1), &softmax = context->input(7);
    Problem problem;
    Positions positions;
    OP_REQUIRES_OK(context, readAll(context, 1, &problem, &positions));
    OP_REQUIRES_OK(context, checkGradient(problem, dOut, softmax));
    const int64_t parts = partsOf(problem), places = std::max<int64_t>(2 * problem.longest - 1, 0), ofHead = places * problem.size;
    tensorflow::Tensor *dQkv, *dKeys, *dQueries;
    tensorflow::Tensor sums;  // of each unit: of the keys' table, then of the queries'
    OP_REQUIRES_OK(context, context->allocate_output(0, qkv.shape(), &dQkv));
    OP_REQUIRES_OK(context, context->allocate_output(1, context->input(4).shape(), &dKeys));
    OP_REQUIRES_OK(context, context->allocate_output(2, context->input(5).shape(), &dQueries));
    OP_REQUIRES_OK(context, context->allocate_temp(tensorflow::DT_FLOAT, {2, problem.heads * parts, ofHead}, &sums));
    const Dropout dropout(context->input(3).flat<int32_t>().data(), problem.rate);
    const float *in = floats(qkv), *fromOut = floats(dOut), *fromSoftmax = floats(softmax);
    float *to = dQkv->flat<float>().data(), *keySums = sums.flat<float>().data();
    float* querySums = keySums + problem.heads * parts * ofHead;
    std::fill(keySums, keySums + sums.NumElements(), 0.0f);
    forEachPair(context, problem, positions, 17, gradScratchOf(problem),
                [&](int64_t unit, const Pair& pair, const Pair& next, const PositionTable* keys, const PositionTable* queries, float* memory) {
                  const PositionTerms terms(pair.keys, problem.size, problem.hidden, problem.of(pair, in, 3), problem.of(pair, to, 3),
                                            {keys, keySums + unit * ofHead}, {queries, querySums + unit * ofHead}, memory);
                  attendPairGrad(problem, pair, problem.linesOf(next, in, 3), problem.linesOf(next, fromOut, 1), dropout, in, fromOut,
                                 fromSoftmax, to, memory + PositionTerms::scratch(problem.size), terms);
                });
    addParts(context, problem, parts, keySums, dKeys, [&](int64_t place) { return positions.rowOfKey(place); });
    addParts(context, problem, parts, querySums, dQueries, [&](int64_t place) { return positions.rowOfQuery(place); });
  }

 private:
  // sums (H, parts, 2L - 1, D) -> dTable (R, C), head by head.
  template <typename RowOf>
  static void addParts(tensorflow::OpKernelContext* context, const Problem& problem, int64_t parts, const float* sums,
                       tensorflow::Tensor* dTable, const RowOf& rowOf) {
    float* to = dTable->flat<float>().data();
    std::fill(to, to + dTable->NumElements(), 0.0f);
    if (dTable->NumElements() == 0 || problem.longest == 0) return;
    const int64_t places = 2 * problem.longest - 1, size = problem.size;
    parallelFor(context, problem.heads, parts * places * size, [&](int64_t from, int64_t end) {
      for (int64_t head = from; head < end; head++) {
        for (int64_t place = 0; place < places; place++) {
          float* row = to + rowOf(place) * problem.hidden + head * size;
          for (int64_t part = 0; part < parts; part++) {
            const float* sum = sums + ((head * parts + part) * places + place) * size;
            for (int64_t i = 0; i < size; i++) row[i] += sum[i];
          }
        }
      }
    });
  }
};

REGISTER_OP("PanxDisentangledAttention")
    .Input("qkv: float")
    .Input("offsets: int32")
    .Input("seed: int32")
    .Input("position_keys: float")
    .Input("position_queries: float")
    .Input("rows: int32")
    .Output("out: T")
    .Output("softmax: float")
    .Attr("T: {float, bfloat16}")
    .Attr("heads: int >= 1")
    .Attr("scale: float")
    .Attr("rate: float")
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext* context) {
      context->set_output(0, context->UnknownShapeOfRank(2));
      context->set_output(1, context->UnknownShapeOfRank(3));
      return absl::OkStatus();
    });
REGISTER_KERNEL_BUILDER(Name("PanxDisentangledAttention").Device(tensorflow::DEVICE_CPU), DisentangledAttentionOp);

REGISTER_OP("PanxDisentangledAttentionGrad")
    .Input("d_out: float")
    .Input("qkv: float")
    .Input("offsets: int32")
    .Input("seed: int32")
    .Input("position_keys: float")
    .Input("position_queries: float")
    .Input("rows: int32")
    .Input("softmax: float")
    .Output("d_qkv: float")
    .Output("d_position_keys: float")
    .Output("d_position_queries: float")
    .Attr("heads: int >= 1")
    .Attr("scale: float")
    .Attr("rate: float")
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext* context) {
      context->set_output(0, context->input(1));
      context->set_output(1, context->input(4));
      context->set_output(2, context->input(5));
      return absl::OkStatus();
    });
REGISTER_KERNEL_BUILDER(Name("PanxDisentangledAttentionGrad").Device(tensorflow::DEVICE_CPU), DisentangledAttentionGradOp);

}  // namespace attention
}  // namespace panx
