// PanxSquaredNorm: the sum of the squares of all elements of N tensors, for clipping by the global norm.
//
//   gradients: N x float, any shapes;  known: K x float scalar, sums of squares to be added  ->  total: float scalar
//
// The squares, and their sums over blocks of a fixed size, are in double; the blocks' sums are added in order, so how the work was
// divided does not show. Nothing is kept: there is no backward.

#include <algorithm>
#include <vector>

#include "panx_ops.h"

namespace panx {
namespace squared_norm {

constexpr int64_t kBlock = 1 << 15;  // elements: 128 KiB, so that even one large table keeps all threads busy
constexpr int kLanes = 32;

double sumOfSquares(const float* x, int64_t size) {
  double lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (int lane = 0; lane < kLanes; lane++) {
      const double value = x[i + lane];
      lanes[lane] += value * value;
    }
  }
  double total = 0;
  for (; i < size; i++) total += static_cast<double>(x[i]) * x[i];
  for (int lane = 0; lane < kLanes; lane++) total += lanes[lane];
  return total;
}

struct Block {
  const float* x;
  int64_t size;
};

class SquaredNormOp : public tensorflow::OpKernel {
 public:
  explicit SquaredNormOp(tensorflow::OpKernelConstruction* context) : OpKernel(context) {}

  void Compute(tensorflow::OpKernelContext* context) override {
    tensorflow::OpInputList gradients;
    OP_REQUIRES_OK(context, context->input_list("gradients", &gradients));
    tensorflow::OpInputList known;
    OP_REQUIRES_OK(context, context->input_list("known", &known));
    std::vector<Block> blocks;
    for (const tensorflow::Tensor& gradient : gradients) {
      const float* x = gradient.flat<float>().data();
      const int64_t size = gradient.NumElements();
      for (int64_t from = 0; from < size; from += kBlock) blocks.push_back({x + from, std::min(kBlock, size - from)});
    }
    std::vector<double> sums(blocks.size());
    parallelFor(context, blocks.size(), kBlock / 4, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; i++) sums[i] = sumOfSquares(blocks[i].x, blocks[i].size);
    });
    double total = 0;
    for (double sum : sums) total += sum;
    for (const tensorflow::Tensor& sum : known) total += sum.scalar<float>()();
    tensorflow::Tensor* output = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, {}, &output));
    output->scalar<float>()() = static_cast<float>(total);
  }
};

REGISTER_OP("PanxSquaredNorm")
    .Input("gradients: N * float")
    .Input("known: K * float")
    .Output("total: float")
    .Attr("N: int >= 0")
    .Attr("K: int >= 0")
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext* context) {
      context->set_output(0, context->Scalar());
      return absl::OkStatus();
    });
REGISTER_KERNEL_BUILDER(Name("PanxSquaredNorm").Device(tensorflow::DEVICE_CPU), SquaredNormOp);

}  // namespace squared_norm
}  // namespace panx
