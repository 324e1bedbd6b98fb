// The bias of a linear map and the exact GELU after it, in one pass over memory.
//
//   y = z Phi(z),  z = x + bias,  Phi(z) = (1 + erf(z / sqrt 2)) / 2      (Hendrycks & Gimpel 2016; torch's approximate="none")
//   dx = dy (Phi(z) + z phi(z)),  phi(z) = exp(-z^2 / 2) / sqrt(2 pi),  dbias = the sum of dx over tokens
//
// x, y, dy, dx (N, I); bias, dbias (I). Kept for the backward: x.
//
// T: of y, of dx. bfloat16 (rounded to the nearest, of two to the even one) is for a product that would round them so: half the memory to pass through.

#include "gelu_curve.h"
#include "panx_ops.h"
#include "token_blocks.h"

namespace panx::bias_gelu {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;

template <typename Out>
void biasGeluGrad(const gelu::Curve& slope, const float* __restrict dy, const float* __restrict x, const float* __restrict bias, int64_t width,
                  Out* __restrict dx, float* __restrict sum) {
  int64_t i = 0;
  for (; i + kLanes <= width; i += kLanes) {
    const Vector d = load(dy + i) * gelu::slopeAt(slope, load(x + i) + load(bias + i));
    store(d, dx + i);
    store(load(sum + i) + d, sum + i);
  }
  if (const int64_t left = width - i; left > 0) {
    const Vector d = loadFirst(dy + i, left) * gelu::slopeAt(slope, loadFirst(x + i, left) + loadFirst(bias + i, left));
    storeFirst(d, left, dx + i);
    storeFirst(loadFirst(sum + i, left) + d, left, sum + i);
  }
}

// Rough cycles for one element, for the division of the work.
constexpr int64_t kCyclesForward = 2, kCyclesBackward = 3;

class BiasGeluOp : public OpKernel {
 public:
  using OpKernel::OpKernel;

  void Compute(OpKernelContext* context) override {
    const Tensor &x = context->input(0), &bias = context->input(1);
    OP_REQUIRES(context, x.dims() == 2 && bias.dims() == 1 && bias.dim_size(0) == x.dim_size(1),
                tensorflow::errors::InvalidArgument("PanxBiasGelu takes x (N, I) and bias (I), found ",
                                                    x.shape().DebugString(), " and ", bias.shape().DebugString()));
    Tensor* y;
    OP_REQUIRES_OK(context, context->allocate_output(0, x.shape(), &y));
    const int64_t width = x.dim_size(1);
    const float *xData = x.flat<float>().data(), *biasData = bias.flat<float>().data();
    const gelu::Curve& cdf = gelu::cdfCurve();
    withElements(y, [&](auto* yData) {
      parallelFor(context, x.dim_size(0), width * kCyclesForward, [=, &cdf](int64_t from, int64_t to) {
        for (int64_t n = from; n < to; ++n) gelu::biasGelu(cdf, xData + n * width, biasData, width, yData + n * width);
      });
    });
  }
};

class BiasGeluGradOp : public OpKernel {
 public:
  using OpKernel::OpKernel;

  void Compute(OpKernelContext* context) override {
    const Tensor &dy = context->input(0), &x = context->input(1), &bias = context->input(2);
    OP_REQUIRES(context,
                x.dims() == 2 && dy.shape() == x.shape() && bias.dims() == 1 && bias.dim_size(0) == x.dim_size(1),
                tensorflow::errors::InvalidArgument("PanxBiasGeluGrad takes dy (N, I), x (N, I) and bias (I), found ",
                                                    dy.shape().DebugString(), ", ", x.shape().DebugString(), " and ",
                                                    bias.shape().DebugString()));
    const int64_t width = x.dim_size(1);
    const TokenBlocks blocks(x.dim_size(0));
    Tensor *dx, *dbias;
    Tensor sums;  // (blocks, I)
    OP_REQUIRES_OK(context, context->allocate_output(0, x.shape(), &dx));
    OP_REQUIRES_OK(context, context->allocate_output(1, bias.shape(), &dbias));
    OP_REQUIRES_OK(context, context->allocate_temp(tensorflow::DT_FLOAT, {blocks.count, width}, &sums));
    const float *dyData = dy.flat<float>().data(), *xData = x.flat<float>().data(), *biasData = bias.flat<float>().data();
    float* sumData = sums.flat<float>().data();
    const gelu::Curve& slope = gelu::slopeCurve();
    withElements(dx, [&](auto* dxData) {
      parallelFor(context, blocks.count, blocks.size * width * kCyclesBackward, [=, &slope](int64_t from, int64_t to) {
        for (int64_t block = from; block < to; ++block) {
          float* sum = sumData + block * width;
          std::memset(sum, 0, width * sizeof(float));
          for (int64_t n = blocks.begin(block); n < blocks.end(block); ++n) {
            biasGeluGrad(slope, dyData + n * width, xData + n * width, biasData, width, dxData + n * width, sum);
          }
        }
      });
    });
    addBlocks(sumData, blocks.count, width, dbias->flat<float>().data());
  }
};

REGISTER_OP("PanxBiasGelu")
    .Input("x: float")
    .Input("bias: float")
    .Output("y: T")
    .Attr("T: {float, bfloat16}")
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext* c) {
      c->set_output(0, c->input(0));
      return absl::OkStatus();
    });

REGISTER_OP("PanxBiasGeluGrad")
    .Input("dy: float")
    .Input("x: float")
    .Input("bias: float")
    .Output("dx: T")
    .Output("dbias: float")
    .Attr("T: {float, bfloat16}")
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext* c) {
      c->set_output(0, c->input(1));
      c->set_output(1, c->input(2));
      return absl::OkStatus();
    });

REGISTER_KERNEL_BUILDER(Name("PanxBiasGelu").Device(tensorflow::DEVICE_CPU), BiasGeluOp);
REGISTER_KERNEL_BUILDER(Name("PanxBiasGeluGrad").Device(tensorflow::DEVICE_CPU), BiasGeluGradOp);

}  // namespace panx::bias_gelu
