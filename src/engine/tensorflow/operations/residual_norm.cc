// What follows a sublayer's last matrix product: its bias, dropout, the residual, and LayerNorm, in one pass over memory.
//
//   s = residual + m (branch + bias)                     m: what dropout multiplies with, drawn again in the backward
//   xhat = (s - mean(s)) / sqrt(var(s) + eps)            var: the biased one (Ba et al. 2016, eq. 4; torch.nn.LayerNorm)
//   y = gamma xhat + beta
// and, with g = dy gamma,
//   ds = (g - mean(g) - xhat mean(g xhat)) / sqrt(var(s) + eps),  dresidual = ds,  dbranch = m ds
//   dbias, dgamma, dbeta = the sums over tokens of dbranch, dy xhat and dy
//
// branch, residual, y, xhat, dy, dbranch, dresidual (N, C); bias, gamma, beta and their gradients (C); seed (2).
// Kept for the backward: xhat ("normalized") and 1 / sqrt(var + eps) ("inverse_deviation", (N)); without `keep` both are empty.
// With `round` also y rounded to bfloat16 (N, C), for products that would round it so; else that is empty.

#include <vector>

#include "layer_norm.h"
#include "panx_ops.h"
#include "token_blocks.h"
#include "vectors.h"

namespace panx::residual_norm {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;

// One token backward; adds to the sums over tokens.
void residualNormGrad(const float* __restrict dy, const float* __restrict normalized, float inverse,
                      const float* __restrict gamma, const float* __restrict factors, int64_t width,
                      float* __restrict dbranch, float* __restrict dresidual, float* __restrict dbias,
                      float* __restrict dgamma, float* __restrict dbeta) {
  const layer_norm::Means means = layer_norm::gradientMeans(dy, normalized, gamma, width, dresidual, dgamma, dbeta);
  if (factors == nullptr) {
    for (int64_t i = 0; i < width; ++i) {
      dresidual[i] = layer_norm::inputGradient(dresidual[i], normalized[i], means, inverse);
      dbias[i] += dresidual[i];
    }
  } else {
    for (int64_t i = 0; i < width; ++i) {
      dresidual[i] = layer_norm::inputGradient(dresidual[i], normalized[i], means, inverse);
      dbranch[i] = dresidual[i] * factors[i];
      dbias[i] += dbranch[i];
    }
  }
}

// Rough cycles for one element, for the division of the work.
constexpr int64_t kCyclesPlain = 1, kCyclesDropped = 3;

class ResidualNormOp : public OpKernel {
 public:
  explicit ResidualNormOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("rate", &rate_));
    OP_REQUIRES_OK(context, context->GetAttr("eps", &eps_));
    OP_REQUIRES_OK(context, context->GetAttr("keep", &keep_));
    OP_REQUIRES_OK(context, context->GetAttr("round", &round_));
    OP_REQUIRES(context, rate_ >= 0.0f && rate_ < 1.0f,
                tensorflow::errors::InvalidArgument("PanxResidualNorm takes a rate from 0 to below 1, found ", rate_));
  }

  void Compute(OpKernelContext* context) override {
    const Tensor &branch = context->input(0), &bias = context->input(1), &residual = context->input(2);
    const Tensor &gamma = context->input(3), &beta = context->input(4), &seed = context->input(5);
    OP_REQUIRES(context,
                branch.dims() == 2 && branch.dim_size(1) > 0 && residual.shape() == branch.shape() &&
                    bias.dims() == 1 && bias.dim_size(0) == branch.dim_size(1) && gamma.shape() == bias.shape() &&
                    beta.shape() == bias.shape() && seed.NumElements() == 2,
                tensorflow::errors::InvalidArgument(
                    "PanxResidualNorm takes branch (N, C), bias (C), residual (N, C), gamma (C), beta (C) and seed (2), found ",
                    branch.shape().DebugString(), ", ", bias.shape().DebugString(), ", ", residual.shape().DebugString(), ", ",
                    gamma.shape().DebugString(), ", ", beta.shape().DebugString(), " and ", seed.shape().DebugString()));
    const int64_t tokens = branch.dim_size(0), width = branch.dim_size(1);
    Tensor *y, *normalized, *inverse, *rounded;
    OP_REQUIRES_OK(context, context->allocate_output(0, branch.shape(), &y));
    OP_REQUIRES_OK(context, context->allocate_output(1, {keep_ ? tokens : 0, width}, &normalized));
    OP_REQUIRES_OK(context, context->allocate_output(2, {keep_ ? tokens : 0}, &inverse));
    OP_REQUIRES_OK(context, context->allocate_output(3, {round_ ? tokens : 0, width}, &rounded));
    const float *branchData = branch.flat<float>().data(), *biasData = bias.flat<float>().data();
    const float* residualData = residual.flat<float>().data();
    const float *gammaData = gamma.flat<float>().data(), *betaData = beta.flat<float>().data();
    float *yData = y->flat<float>().data(), *normalizedData = normalized->flat<float>().data();
    float* inverseData = inverse->flat<float>().data();
    uint16_t* roundedData = reinterpret_cast<uint16_t*>(rounded->flat<tensorflow::bfloat16>().data());
    const Dropout dropout(seed.flat<tensorflow::int32>().data(), rate_);
    const bool drops = rate_ > 0.0f, keep = keep_, round = round_;
    const float eps = eps_;
    parallelFor(context, tokens, width * (drops ? kCyclesDropped : kCyclesPlain), [=](int64_t from, int64_t to) {
      std::vector<float> factors(drops ? width : 0), row(keep ? 0 : width);
      for (int64_t n = from; n < to; ++n) {
        const int64_t at = n * width;
        if (drops) dropout.draw(n, width, factors.data());
        const float inverseOfRow = layer_norm::residualNorm(branchData + at, biasData, residualData + at, gammaData, betaData,
                                                drops ? factors.data() : nullptr, eps, width, yData + at,
                                                keep ? normalizedData + at : row.data());
        if (keep) inverseData[n] = inverseOfRow;
        if (round) storeAll(yData + at, width, roundedData + at);
      }
    });
  }

 private:
  float rate_, eps_;
  bool keep_, round_;
};

class ResidualNormGradOp : public OpKernel {
 public:
  explicit ResidualNormGradOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("rate", &rate_));
    OP_REQUIRES(context, rate_ >= 0.0f && rate_ < 1.0f,
                tensorflow::errors::InvalidArgument("PanxResidualNormGrad takes a rate from 0 to below 1, found ", rate_));
  }

  void Compute(OpKernelContext* context) override {
    const Tensor &dy = context->input(0), &normalized = context->input(1), &inverse = context->input(2);
    const Tensor &gamma = context->input(3), &seed = context->input(4);
    OP_REQUIRES(context,
                dy.dims() == 2 && dy.dim_size(1) > 0 && normalized.shape() == dy.shape() && inverse.dims() == 1 &&
                    inverse.dim_size(0) == dy.dim_size(0) && gamma.dims() == 1 && gamma.dim_size(0) == dy.dim_size(1) &&
                    seed.NumElements() == 2,
                tensorflow::errors::InvalidArgument(
                    "PanxResidualNormGrad takes dy (N, C), normalized (N, C), inverse_deviation (N), gamma (C) and seed (2), found ",
                    dy.shape().DebugString(), ", ", normalized.shape().DebugString(), ", ", inverse.shape().DebugString(), ", ",
                    gamma.shape().DebugString(), " and ", seed.shape().DebugString()));
    const int64_t width = dy.dim_size(1);
    const TokenBlocks blocks(dy.dim_size(0));
    const bool drops = rate_ > 0.0f;
    Tensor *dbranch = nullptr, *dresidual;
    Tensor *dbias, *dgamma, *dbeta;
    Tensor sums;  // (3, blocks, C): of dbranch, dy xhat and dy
    OP_REQUIRES_OK(context, context->allocate_output(1, dy.shape(), &dresidual));
    if (drops) {
      OP_REQUIRES_OK(context, context->allocate_output(0, dy.shape(), &dbranch));
    } else {
      context->set_output(0, *dresidual);  // the same values: one buffer for both
    }
    OP_REQUIRES_OK(context, context->allocate_output(2, gamma.shape(), &dbias));
    OP_REQUIRES_OK(context, context->allocate_output(3, gamma.shape(), &dgamma));
    OP_REQUIRES_OK(context, context->allocate_output(4, gamma.shape(), &dbeta));
    OP_REQUIRES_OK(context, context->allocate_temp(tensorflow::DT_FLOAT, {3, blocks.count, width}, &sums));
    const float *dyData = dy.flat<float>().data(), *normalizedData = normalized.flat<float>().data();
    const float *inverseData = inverse.flat<float>().data(), *gammaData = gamma.flat<float>().data();
    float* dbranchData = drops ? dbranch->flat<float>().data() : nullptr;
    float* dresidualData = dresidual->flat<float>().data();
    float* biasSums = sums.flat<float>().data();
    float* gammaSums = biasSums + blocks.count * width;
    float* betaSums = gammaSums + blocks.count * width;
    const Dropout dropout(seed.flat<tensorflow::int32>().data(), rate_);
    const int64_t cycles = blocks.size * width * (drops ? kCyclesDropped : kCyclesPlain);
    parallelFor(context, blocks.count, cycles, [=](int64_t from, int64_t to) {
      std::vector<float> factors(drops ? width : 0);
      for (int64_t block = from; block < to; ++block) {
        for (float* sum : {biasSums, gammaSums, betaSums}) std::memset(sum + block * width, 0, width * sizeof(float));
        for (int64_t n = blocks.begin(block); n < blocks.end(block); ++n) {
          const int64_t at = n * width;
          if (drops) dropout.draw(n, width, factors.data());
          residualNormGrad(dyData + at, normalizedData + at, inverseData[n], gammaData, drops ? factors.data() : nullptr,
                           width, drops ? dbranchData + at : nullptr, dresidualData + at, biasSums + block * width,
                           gammaSums + block * width, betaSums + block * width);
        }
      }
    });
    addBlocks(biasSums, blocks.count, width, dbias->flat<float>().data());
    addBlocks(gammaSums, blocks.count, width, dgamma->flat<float>().data());
    addBlocks(betaSums, blocks.count, width, dbeta->flat<float>().data());
  }

 private:
  float rate_;
};

REGISTER_OP("PanxResidualNorm")
    .Input("branch: float")
    .Input("bias: float")
    .Input("residual: float")
    .Input("gamma: float")
    .Input("beta: float")
    .Input("seed: int32")
    .Attr("rate: float")
    .Attr("eps: float")
    .Attr("keep: bool")
    .Attr("round: bool")
    .Output("y: float")
    .Output("normalized: float")
    .Output("inverse_deviation: float")
    .Output("rounded: bfloat16")
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext* c) {
      c->set_output(0, c->input(0));
      c->set_output(1, c->UnknownShapeOfRank(2));
      c->set_output(2, c->UnknownShapeOfRank(1));
      c->set_output(3, c->UnknownShapeOfRank(2));
      return absl::OkStatus();
    });

REGISTER_OP("PanxResidualNormGrad")
    .Input("dy: float")
    .Input("normalized: float")
    .Input("inverse_deviation: float")
    .Input("gamma: float")
    .Input("seed: int32")
    .Attr("rate: float")
    .Output("dbranch: float")
    .Output("dresidual: float")
    .Output("dbias: float")
    .Output("dgamma: float")
    .Output("dbeta: float")
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext* c) {
      c->set_output(0, c->input(0));
      c->set_output(1, c->input(0));
      for (int i = 2; i < 5; ++i) c->set_output(i, c->input(3));
      return absl::OkStatus();
    });

REGISTER_KERNEL_BUILDER(Name("PanxResidualNorm").Device(tensorflow::DEVICE_CPU), ResidualNormOp);
REGISTER_KERNEL_BUILDER(Name("PanxResidualNormGrad").Device(tensorflow::DEVICE_CPU), ResidualNormGradOp);

}  // namespace panx::residual_norm
