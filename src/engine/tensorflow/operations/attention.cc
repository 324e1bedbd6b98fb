// PanxAttention, PanxAttentionGrad: multi-head self-attention within each row of the concatenated tokens (Vaswani et al. 2017, eq. 1),
// without padding and without a grid: for each row and head
//
//   S = Q K^T / sqrt(D);  P = softmax(S);  P' = P * dropout;  O = P' V
//
//   qkv: float (N, 3C), queries, keys and values side by side, each of H heads of D values
//   offsets: int32 (B + 1), row b holds the tokens [offsets[b], offsets[b + 1])
//   seed: int32 (2), of the dropout mask
//   heads: H;  rate: of dropout, 0 for none
//   -> out: float or bfloat16 (N, C), the latter (rounded) for a product that would round it so
//      softmax: float (N, H, 2), for each query and head the largest of its scores and 1 / sum(exp(S - largest))
//
// Kept for the backward: qkv and `softmax`, from which it has P again with the very roundings of the forward. With dP = (dO V^T) * dropout:
//
//   dV = P'^T dO;  dS = P * (dP - sum(dP * P));  dQ = dS K / sqrt(D);  dK = dS^T Q / sqrt(D)
//
// The mask's elements for query n (of all tokens) and head h are row n * H + h of the seed's stream (panx_ops.h), one for each token of its row: they depend
// on where a row stands in its batch, and on nothing else of the batch.
//
// Pairs of a row and a head share nothing but what they read, so they are what threads divide among themselves; nothing is added up
// across them. While one is worked on, the next one's data are fetched: they lie in pieces of 4 lines, thousands of bytes apart, which CPUs do not foresee.
// Queries are taken kQueries at a time: scratch memory grows with the longest row T, not with its square.

#include <algorithm>
#include <cmath>
#include <memory>

#include "attention_pair.h"
#include "panx_ops.h"

namespace panx {
namespace attention {

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
    int64_t longest;
    TF_RETURN_IF_ERROR(longestOf(offsets, qkv.dim_size(0), &longest));
    const int64_t hidden = qkv.dim_size(1) / 3;
    const int64_t size = hidden / heads_;
    *problem = {offsets.NumElements() - 1,        qkv.dim_size(0), hidden, heads_, size, longest, offsets.flat<int32_t>().data(),
                1.0f / std::sqrt(static_cast<float>(size)), rate_};
    return absl::OkStatus();
  }

  // Run one(pair, the next one, scratch) for all pairs with tokens.
  template <typename One>
  static void forEachPair(tensorflow::OpKernelContext* context, const Problem& problem, int products, int64_t scratch,
                          const One& one) {
    parallelFor(context, problem.pairs(), problem.cost(products), [&](int64_t from, int64_t to) {
      const std::unique_ptr<float[]> memory(new float[scratch]);
      for (int64_t number = from; number < to; number++) {
        const Pair pair = problem.pair(number);
        if (pair.keys > 0) one(pair, problem.pair(number + 1), memory.get());
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
    float* toSoftmax = softmax->flat<float>().data();
    withElements(out, [&](auto* toOut) { attend(context, problem, dropout, in, toOut, toSoftmax); });
  }

 private:
  template <typename Out>
  static void attend(tensorflow::OpKernelContext* context, const Problem& problem, const Dropout& dropout, const float* in, Out* toOut,
                     float* toSoftmax) {
    forEachPair(context, problem, 2, scratchOf(problem), [&](const Pair& pair, const Pair& next, float* memory) {
      attendPair(problem, pair, problem.linesOf(next, in, 3), dropout, in, toOut, problem.hidden, toSoftmax, memory);
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
    forEachPair(context, problem, 5, scratch, [&](const Pair& pair, const Pair& next, float* memory) {
      const auto [start, keys, head] = pair;
      const int64_t stride = 3 * hidden;
      const float* q = problem.of(pair, in, 3);
      const float* d = problem.of(pair, fromOut, 1);
      float* dq = problem.of(pair, to, 3);
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
      Lines ahead = problem.linesOf(next, in, 3), dAhead = problem.linesOf(next, fromOut, 1);
      for (Lines* lines : {&ahead, &dAhead}) lines->begin(turnsOf(keys, columns, size));
      for (int64_t first = 0; first < keys; first += kQueries) {
        const int64_t queries = std::min<int64_t>(kQueries, keys - first);
        product({q + first * stride, stride, 1}, keysTransposed, pitched, probabilities, pitched, queries, columns, size, false, ahead);
        product({d + first * hidden, hidden, 1}, valuesTransposed, pitched, gradients, pitched, queries, columns, size, false, dAhead);
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
        product({gradients, pitched, 1}, rightK.data, rightK.row, dq + first * stride, stride, queries, size, keys, false,
                ahead);
        product({gradients, 1, pitched}, rightQ.data + first * rightQ.row, rightQ.row, dq + hidden, stride, keys, size,
                queries, add, ahead);
        product({probabilities, 1, pitched}, rightD.data + first * rightD.row, rightD.row, dq + 2 * hidden, stride, keys,
                size, queries, add, ahead);
      }
    });
  }
};

REGISTER_OP("PanxAttention")
    .Input("qkv: float")
    .Input("offsets: int32")
    .Input("seed: int32")
    .Output("out: T")
    .Output("softmax: float")
    .Attr("T: {float, bfloat16}")
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
