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

#include "attention_op.h"

namespace panx {
namespace attention {

// Run one(pair, the next one, scratch) for all pairs with tokens.
template <typename One>
void forEachPair(tensorflow::OpKernelContext* context, const Problem& problem, int products, int64_t scratch, const One& one) {
  parallelFor(context, problem.pairs(), problem.cost(products), [&](int64_t from, int64_t to) {
    const std::unique_ptr<float[]> memory(new float[scratch]);
    for (int64_t number = from; number < to; number++) {
      const Pair pair = problem.pair(number);
      if (pair.keys > 0) one(pair, problem.pair(number + 1), memory.get());
    }
  });
}

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
    const tensorflow::Tensor& dOut = context->input(0);
    const tensorflow::Tensor& qkv = context->input(1);
    const tensorflow::Tensor& softmax = context->input(4);
    Problem problem;
    OP_REQUIRES_OK(context, read(qkv, context->input(2), context->input(3), &problem));
    OP_REQUIRES_OK(context, checkGradient(problem, dOut, softmax));
    tensorflow::Tensor* dQkv = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, qkv.shape(), &dQkv));

    const Dropout dropout(context->input(3).flat<int32_t>().data(), problem.rate);
    const float *in = floats(qkv), *fromOut = floats(dOut), *fromSoftmax = floats(softmax);
    float* to = dQkv->flat<float>().data();
    forEachPair(context, problem, 5, gradScratchOf(problem), [&](const Pair& pair, const Pair& next, float* memory) {
      attendPairGrad(problem, pair, problem.linesOf(next, in, 3), problem.linesOf(next, fromOut, 1), dropout, in, fromOut, fromSoftmax, to,
                     memory);
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
