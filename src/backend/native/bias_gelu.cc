// The bias of a linear map and the exact GELU after it, in one pass over memory.
//
//   y = z Phi(z),  z = x + bias,  Phi(z) = (1 + erf(z / sqrt 2)) / 2      (Hendrycks & Gimpel 2016; torch's approximate="none")
//   dx = dy (Phi(z) + z phi(z)),  phi(z) = exp(-z^2 / 2) / sqrt(2 pi),  dbias = the sum of dx over tokens
//
// x, y, dy, dx (N, I); bias, dbias (I). Kept for the backward: x; Phi is worked out again, which is faster than to read it back.
//
// T: of y, of dx. bfloat16 (rounded to the nearest, of two to the even one) is for a product that would round them so: half the memory to pass through.

#include "panx_ops.h"
#include "token_blocks.h"

namespace panx::bias_gelu {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;

struct Normal {
  float cdf;    // Phi(z)
  float decay;  // exp(-z^2 / 2)
};

// Phi's smaller tail at t = |z| is exp(-t^2 / 2) R(t), where R (Mills' ratio over sqrt(2 pi)) falls slowly from 1/2. R is u P(1 - u) with
// u = 1 / (1 + 0.35 t), a form of Hastings (Abramowitz & Stegun 7.1.26); P was fitted over [0, 13.3], where float32's exp ends, to within 1e-8 of
// the tail. So small values of the left tail keep their digits, and the backward needs that exp anyway. In 1 - u rather
// than u, P's terms are small near 0, where the tail is not.
inline Normal normalAt(float z) {
  const float t = std::fabs(z);
  const float decay = expOf(-0.5f * t * t);
  const float u = 1.0f / (1.0f + 0.35f * t);
  const float w = 1.0f - u;
  float p = -0.0272143707f;
  p = p * w + 0.0829911232f;
  p = p * w - 0.0559540056f;
  p = p * w - 0.0215065535f;
  p = p * w - 0.0621841997f;
  p = p * w + 0.10224963f;
  p = p * w + 0.261082172f;
  p = p * w - 0.639833331f;
  p = p * w + 0.5f;
  const float tail = decay * (u * p);
  return {z < 0.0f ? tail : 1.0f - tail, decay};
}

inline void put(float value, float* to) { *to = value; }
inline void put(float value, uint16_t* to) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  *to = static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

template <typename Out>
void biasGelu(const float* __restrict x, const float* __restrict bias, int64_t width, Out* __restrict y) {
  for (int64_t i = 0; i < width; ++i) {
    const float z = x[i] + bias[i];
    put(z * normalAt(z).cdf, y + i);
  }
}

template <typename Out>
void biasGeluGrad(const float* __restrict dy, const float* __restrict x, const float* __restrict bias, int64_t width,
                  Out* __restrict dx, float* __restrict sum) {
  for (int64_t i = 0; i < width; ++i) {
    const float z = x[i] + bias[i];
    const Normal normal = normalAt(z);
    const float d = dy[i] * (normal.cdf + z * (normal.decay * 0.3989422804f));
    put(d, dx + i);
    sum[i] += d;
  }
}

// Rough cycles for one element, for the division of the work.
constexpr int64_t kCyclesForward = 2, kCyclesBackward = 3;

// work(elements), of the type that the tensor has: float or the bits of bfloat16.
template <typename Work>
void withElements(Tensor* tensor, const Work& work) {
  if (tensor->dtype() == tensorflow::DT_FLOAT) return work(tensor->flat<float>().data());
  work(reinterpret_cast<uint16_t*>(tensor->flat<tensorflow::bfloat16>().data()));
}

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
    withElements(y, [&](auto* yData) {
      parallelFor(context, x.dim_size(0), width * kCyclesForward, [=](int64_t from, int64_t to) {
        for (int64_t n = from; n < to; ++n) biasGelu(xData + n * width, biasData, width, yData + n * width);
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
    withElements(dx, [&](auto* dxData) {
      parallelFor(context, blocks.count, blocks.size * width * kCyclesBackward, [=](int64_t from, int64_t to) {
        for (int64_t block = from; block < to; ++block) {
          float* sum = sumData + block * width;
          std::memset(sum, 0, width * sizeof(float));
          for (int64_t n = blocks.begin(block); n < blocks.end(block); ++n) {
            biasGeluGrad(dyData + n * width, xData + n * width, biasData, width, dxData + n * width, sum);
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
