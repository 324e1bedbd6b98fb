// What a token enters the encoder as: the sum of its three embeddings, LayerNorm and dropout, in one pass over memory.
//
//   s = words[id] + positions[position] + types[0]
//   y = m (gamma xhat + beta)                            xhat: s normalised (layer_norm.h); m: what dropout multiplies with, drawn again in the backward
// and, with dy' = m dy in place of dy, LayerNorm's gradients:
//   dsum = ds,  dgamma, dbeta, dtype = the sums over tokens of dy' xhat, dy' and dsum
//
// words (V, C), positions (P, C), types (token types, C); ids, position_ids (N); y, xhat, dy, dsum (N, C); gamma, beta, their gradients and dtype (C);
// seed (2). Kept for the backward: xhat ("normalized") and 1 / sqrt(var + eps) ("inverse_deviation", (N)).

#include <vector>

#include "layer_norm.h"
#include "panx_ops.h"
#include "token_blocks.h"

namespace panx::embeddings {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;

// One token forward. factors: null where nothing is dropped.
float embed(const float* __restrict word, const float* __restrict position, const float* __restrict type,
            const float* __restrict gamma, const float* __restrict beta, const float* __restrict factors, float eps,
            int64_t width, float* __restrict y, float* __restrict normalized) {
  for (int64_t i = 0; i < width; ++i) normalized[i] = word[i] + position[i] + type[i];
  const float inverse = layer_norm::normalize(gamma, beta, eps, width, y, normalized);
  if (factors != nullptr) {
    for (int64_t i = 0; i < width; ++i) y[i] *= factors[i];
  }
  return inverse;
}

// One token backward; adds to the sums over tokens.
void embedGrad(const float* __restrict dy, const float* __restrict normalized, float inverse,
               const float* __restrict gamma, int64_t width, float* __restrict dsum, float* __restrict dgamma,
               float* __restrict dbeta, float* __restrict dtype) {
  const layer_norm::Means means = layer_norm::gradientMeans(dy, normalized, gamma, width, dsum, dgamma, dbeta);
  for (int64_t i = 0; i < width; ++i) {
    dsum[i] = layer_norm::inputGradient(dsum[i], normalized[i], means, inverse);
    dtype[i] += dsum[i];
  }
}

// The first place of an id that is no row of the table, or -1.
int64_t firstOutside(const int32_t* ids, int64_t count, int64_t rows) {
  for (int64_t n = 0; n < count; ++n) {
    if (ids[n] < 0 || ids[n] >= rows) return n;
  }
  return -1;
}

// Rough cycles for one element, for the division of the work.
constexpr int64_t kCyclesPlain = 1, kCyclesDropped = 3;

class EmbeddingsOp : public OpKernel {
 public:
  explicit EmbeddingsOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("rate", &rate_));
    OP_REQUIRES_OK(context, context->GetAttr("eps", &eps_));
    OP_REQUIRES(context, rate_ >= 0.0f && rate_ < 1.0f,
                tensorflow::errors::InvalidArgument("PanxEmbeddings takes a rate from 0 to below 1, found ", rate_));
  }

  void Compute(OpKernelContext* context) override {
    const Tensor &words = context->input(0), &positions = context->input(1), &types = context->input(2);
    const Tensor &ids = context->input(3), &positionIds = context->input(4);
    const Tensor &gamma = context->input(5), &beta = context->input(6), &seed = context->input(7);
    const auto isTable = [&](const Tensor& table) {
      return table.dims() == 2 && words.dims() == 2 && table.dim_size(1) == words.dim_size(1);
    };
    OP_REQUIRES(context,
                isTable(words) && words.dim_size(1) > 0 && isTable(positions) && isTable(types) && types.dim_size(0) > 0 &&
                    ids.dims() == 1 && positionIds.shape() == ids.shape() && gamma.dims() == 1 &&
                    gamma.dim_size(0) == words.dim_size(1) && beta.shape() == gamma.shape() && seed.NumElements() == 2,
                tensorflow::errors::InvalidArgument(
                    "PanxEmbeddings takes words (V, C), positions (P, C), types (T, C), ids (N), position_ids (N), gamma (C), "
                    "beta (C) and seed (2), found ",
                    words.shape().DebugString(), ", ", positions.shape().DebugString(), ", ", types.shape().DebugString(), ", ",
                    ids.shape().DebugString(), ", ", positionIds.shape().DebugString(), ", ", gamma.shape().DebugString(), ", ",
                    beta.shape().DebugString(), " and ", seed.shape().DebugString()));
    const int64_t tokens = ids.dim_size(0), width = words.dim_size(1);
    const int32_t *idData = ids.flat<tensorflow::int32>().data(), *positionIdData = positionIds.flat<tensorflow::int32>().data();
    const int64_t badId = firstOutside(idData, tokens, words.dim_size(0));
    OP_REQUIRES(context, badId < 0,
                tensorflow::errors::InvalidArgument("PanxEmbeddings takes ids from 0 to below ", words.dim_size(0), ", found ",
                                                    idData[std::max<int64_t>(badId, 0)], " at token ", badId));
    const int64_t badPosition = firstOutside(positionIdData, tokens, positions.dim_size(0));
    OP_REQUIRES(context, badPosition < 0,
                tensorflow::errors::InvalidArgument("PanxEmbeddings takes position_ids from 0 to below ", positions.dim_size(0),
                                                    ", found ", positionIdData[std::max<int64_t>(badPosition, 0)], " at token ",
                                                    badPosition));
    Tensor *y, *normalized, *inverse;
    OP_REQUIRES_OK(context, context->allocate_output(0, {tokens, width}, &y));
    OP_REQUIRES_OK(context, context->allocate_output(1, {tokens, width}, &normalized));
    OP_REQUIRES_OK(context, context->allocate_output(2, {tokens}, &inverse));
    const float *wordData = words.flat<float>().data(), *positionData = positions.flat<float>().data();
    const float* typeData = types.flat<float>().data();
    const float *gammaData = gamma.flat<float>().data(), *betaData = beta.flat<float>().data();
    float *yData = y->flat<float>().data(), *normalizedData = normalized->flat<float>().data();
    float* inverseData = inverse->flat<float>().data();
    const Dropout dropout(seed.flat<tensorflow::int32>().data(), rate_);
    const bool drops = rate_ > 0.0f;
    const float eps = eps_;
    parallelFor(context, tokens, width * (drops ? kCyclesDropped : kCyclesPlain), [=](int64_t from, int64_t to) {
      std::vector<float> factors(drops ? width : 0);
      for (int64_t n = from; n < to; ++n) {
        const int64_t at = n * width;
        if (drops) dropout.draw(n, width, factors.data());
        inverseData[n] =
            embed(wordData + idData[n] * width, positionData + positionIdData[n] * width, typeData, gammaData, betaData,
                  drops ? factors.data() : nullptr, eps, width, yData + at, normalizedData + at);
      }
    });
  }

 private:
  float rate_, eps_;
};

class EmbeddingsGradOp : public OpKernel {
 public:
  explicit EmbeddingsGradOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("rate", &rate_));
    OP_REQUIRES(context, rate_ >= 0.0f && rate_ < 1.0f,
                tensorflow::errors::InvalidArgument("PanxEmbeddingsGrad takes a rate from 0 to below 1, found ", rate_));
  }

  void Compute(OpKernelContext* context) override {
    const Tensor &dy = context->input(0), &normalized = context->input(1), &inverse = context->input(2);
    const Tensor &gamma = context->input(3), &seed = context->input(4);
    OP_REQUIRES(context,
                dy.dims() == 2 && dy.dim_size(1) > 0 && normalized.shape() == dy.shape() && inverse.dims() == 1 &&
                    inverse.dim_size(0) == dy.dim_size(0) && gamma.dims() == 1 && gamma.dim_size(0) == dy.dim_size(1) &&
                    seed.NumElements() == 2,
                tensorflow::errors::InvalidArgument(
                    "PanxEmbeddingsGrad takes dy (N, C), normalized (N, C), inverse_deviation (N), gamma (C) and seed (2), found ",
                    dy.shape().DebugString(), ", ", normalized.shape().DebugString(), ", ", inverse.shape().DebugString(), ", ",
                    gamma.shape().DebugString(), " and ", seed.shape().DebugString()));
    const int64_t width = dy.dim_size(1);
    const TokenBlocks blocks(dy.dim_size(0));
    Tensor *dsum, *dgamma, *dbeta, *dtype;
    Tensor sums;  // (3, blocks, C): of dy' xhat, dy' and dsum
    OP_REQUIRES_OK(context, context->allocate_output(0, dy.shape(), &dsum));
    OP_REQUIRES_OK(context, context->allocate_output(1, gamma.shape(), &dgamma));
    OP_REQUIRES_OK(context, context->allocate_output(2, gamma.shape(), &dbeta));
    OP_REQUIRES_OK(context, context->allocate_output(3, gamma.shape(), &dtype));
    OP_REQUIRES_OK(context, context->allocate_temp(tensorflow::DT_FLOAT, {3, blocks.count, width}, &sums));
    const float *dyData = dy.flat<float>().data(), *normalizedData = normalized.flat<float>().data();
    const float *inverseData = inverse.flat<float>().data(), *gammaData = gamma.flat<float>().data();
    float* dsumData = dsum->flat<float>().data();
    float* gammaSums = sums.flat<float>().data();
    float* betaSums = gammaSums + blocks.count * width;
    float* typeSums = betaSums + blocks.count * width;
    const Dropout dropout(seed.flat<tensorflow::int32>().data(), rate_);
    const bool drops = rate_ > 0.0f;
    const int64_t cycles = blocks.size * width * (drops ? kCyclesDropped : kCyclesPlain);
    parallelFor(context, blocks.count, cycles, [=](int64_t from, int64_t to) {
      std::vector<float> dropped(drops ? width : 0);  // dy'
      for (int64_t block = from; block < to; ++block) {
        for (float* sum : {gammaSums, betaSums, typeSums}) std::memset(sum + block * width, 0, width * sizeof(float));
        for (int64_t n = blocks.begin(block); n < blocks.end(block); ++n) {
          const int64_t at = n * width;
          if (drops) {
            dropout.draw(n, width, dropped.data());
            for (int64_t i = 0; i < width; ++i) dropped[i] *= dyData[at + i];
          }
          embedGrad(drops ? dropped.data() : dyData + at, normalizedData + at, inverseData[n], gammaData, width,
                    dsumData + at, gammaSums + block * width, betaSums + block * width, typeSums + block * width);
        }
      }
    });
    addBlocks(gammaSums, blocks.count, width, dgamma->flat<float>().data());
    addBlocks(betaSums, blocks.count, width, dbeta->flat<float>().data());
    addBlocks(typeSums, blocks.count, width, dtype->flat<float>().data());
  }

 private:
  float rate_;
};

REGISTER_OP("PanxEmbeddings")
    .Input("words: float")
    .Input("positions: float")
    .Input("types: float")
    .Input("ids: int32")
    .Input("position_ids: int32")
    .Input("gamma: float")
    .Input("beta: float")
    .Input("seed: int32")
    .Attr("rate: float")
    .Attr("eps: float")
    .Output("y: float")
    .Output("normalized: float")
    .Output("inverse_deviation: float")
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext* c) {
      c->set_output(0, c->UnknownShapeOfRank(2));
      c->set_output(1, c->UnknownShapeOfRank(2));
      c->set_output(2, c->UnknownShapeOfRank(1));
      return absl::OkStatus();
    });

REGISTER_OP("PanxEmbeddingsGrad")
    .Input("dy: float")
    .Input("normalized: float")
    .Input("inverse_deviation: float")
    .Input("gamma: float")
    .Input("seed: int32")
    .Attr("rate: float")
    .Output("dsum: float")
    .Output("dgamma: float")
    .Output("dbeta: float")
    .Output("dtype: float")
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext* c) {
      c->set_output(0, c->input(0));
      for (int i = 1; i < 4; ++i) c->set_output(i, c->input(3));
      return absl::OkStatus();
    });

REGISTER_KERNEL_BUILDER(Name("PanxEmbeddings").Device(tensorflow::DEVICE_CPU), EmbeddingsOp);
REGISTER_KERNEL_BUILDER(Name("PanxEmbeddingsGrad").Device(tensorflow::DEVICE_CPU), EmbeddingsGradOp);

}  // namespace panx::embeddings
