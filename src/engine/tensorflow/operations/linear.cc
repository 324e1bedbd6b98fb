// PanxLinear, PanxLinearGrad: a linear map, y = x W^T + b, and its gradients, with products in float32 or bfloat16.
//
//   x: float or bfloat16 (N, I);  weight: float (O, I), torch.nn.Linear's layout;  bias: 0 or 1 float (O)  ->  y: float (N, O)
//
//   dy: float or bfloat16 (N, O), x, weight;  dx_before, dweight_before: 0 or 1 each
//   ->  dx = dy W + dx_before;  dweight = dy^T x + dweight_before;  dbias = the sum of dy over tokens (where `bias`, else empty)
//       squares: float scalar, the sum of dweight's squares, for the norm of all gradients
//
//   bf16: whether operands are rounded to bfloat16; products are exact in float32 and added up there, and sums are not rounded again. Only then may x
//   and dy be of bfloat16 already, rows of an even number of elements; such a dy has no dbias, which would be a sum of rounded numbers
//
// What TensorFlow does in a cast for each operand, a product, a cast back and additions is one pass here: operands are rounded as they are laid
// out for the product, which it has to do anyway. Both products of the backward share out their work together.

#include "panx_ops.h"
#include "mat_mul.h"

#ifdef __AVX512F__

#include <vector>

#include "token_blocks.h"

namespace panx {
namespace mat_mul {

using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::errors::InvalidArgument;

inline bool isRounded(const Tensor& tensor) { return tensor.dtype() == tensorflow::DT_BFLOAT16; }

inline Operand operandOf(const Tensor& matrix, bool along) {
  const int64_t stride = matrix.dim_size(1);
  if (!isRounded(matrix)) return {floats(matrix), nullptr, stride, along};
  return {nullptr, reinterpret_cast<const uint16_t*>(matrix.flat<tensorflow::bfloat16>().data()), stride, along};
}

inline const float* firstOf(const tensorflow::OpInputList& list) { return list.size() == 0 ? nullptr : floats(list[0]); }

// Products by the team of a kernel's device.
class Products {
 public:
  Products(tensorflow::OpKernelContext* context, int64_t multiplications) : context_(context), team_(teamOf(context)) {
    // Below about 5 us of work, sharing it costs more than it saves.
    workers_ = multiplications < (1 << 18) ? 1 : team_.size();
  }

  template <bool Pairs>
  absl::Status run(const Problem* problems, int count, int64_t others, const std::function<void(int64_t)>& other) const {
    Tensor room[2];
    uint32_t* words[2] = {};
    for (int i = 0; i < count; i++) {
      TF_RETURN_IF_ERROR(context_->allocate_temp(tensorflow::DT_INT32, {wordsOf<Pairs>(problems[i])}, &room[i]));
      words[i] = reinterpret_cast<uint32_t*>(room[i].flat<int32_t>().data());
    }
    const Parallel parallel = [&](int some, const std::function<void()>& work) { team_.run(some, work); };
    multiply<Pairs>(problems, count, words, workers_, parallel, others, other);
    return absl::OkStatus();
  }

 private:
  tensorflow::OpKernelContext* context_;
  Team& team_;
  int workers_;
};

class LinearBase : public tensorflow::OpKernel {
 public:
  explicit LinearBase(tensorflow::OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("bf16", &bf16_));
    OP_REQUIRES_OK(context, checkProducts(bf16_));
  }

 protected:
  bool bf16_;

  // The sizes of a linear map, where x and the weight fit each other.
  struct Sizes {
    int64_t tokens, inputs, outputs;
  };
  static absl::Status sizesOf(const Tensor& x, const Tensor& weight, Sizes* sizes) {
    if (x.dims() != 2 || weight.dims() != 2 || x.dim_size(1) != weight.dim_size(1)) {
      return InvalidArgument("A linear map takes x (N, I) and a weight (O, I), found ", x.shape().DebugString(), " and ",
                             weight.shape().DebugString());
    }
    *sizes = {x.dim_size(0), x.dim_size(1), weight.dim_size(0)};
    return absl::OkStatus();
  }

  // Whether x or dy is of a kind that the products take.
  absl::Status check(const Tensor& matrix) const {
    if (!isRounded(matrix) || (bf16_ && matrix.dim_size(1) % 2 == 0)) return absl::OkStatus();
    return InvalidArgument("A linear map takes bfloat16 only where it computes in that, and in rows of an even length, found ",
                           matrix.shape().DebugString());
  }

  absl::Status run(const Products& products, const Problem* problems, int count, int64_t others = 0,
                   const std::function<void(int64_t)>& other = nullptr) const {
    return bf16_ ? products.run<true>(problems, count, others, other) : products.run<false>(problems, count, others, other);
  }
};

class LinearOp : public LinearBase {
 public:
  using LinearBase::LinearBase;

  void Compute(tensorflow::OpKernelContext* context) override {
    const Tensor &x = context->input(0), &weight = context->input(1);
    tensorflow::OpInputList bias;
    OP_REQUIRES_OK(context, context->input_list("bias", &bias));
    Sizes sizes;
    OP_REQUIRES_OK(context, sizesOf(x, weight, &sizes));
    OP_REQUIRES_OK(context, check(x));
    const auto [tokens, inputs, outputs] = sizes;
    OP_REQUIRES(context, bias.size() == 0 || bias[0].NumElements() == outputs,
                InvalidArgument("PanxLinear got a bias of another size than ", outputs));
    Tensor* y;
    OP_REQUIRES_OK(context, context->allocate_output(0, {tokens, outputs}, &y));
    if (y->NumElements() == 0) return;
    const Problem problem = {operandOf(x, true), operandOf(weight, true), tokens, outputs, inputs, firstOf(bias),
                             nullptr,            y->flat<float>().data(), nullptr};
    OP_REQUIRES_OK(context, run(Products(context, tokens * inputs * outputs), &problem, 1));
  }
};

// sums[i] = the sum over tokens of dy[., column + i]: blocks of tokens first, so that a long sum rounds less.
inline void sumColumns(const float* dy, int64_t tokens, int64_t stride, int64_t column, int64_t count, float* sums) {
  const TokenBlocks blocks(tokens);
  std::memset(sums + column, 0, count * sizeof(float));
  for (int64_t block = 0; block < blocks.count; block++) {
    float part[kColumns] = {};
    for (int64_t n = blocks.begin(block); n < blocks.end(block); n++) {
      for (int64_t i = 0; i < count; i++) part[i] += dy[n * stride + column + i];
    }
    for (int64_t i = 0; i < count; i++) sums[column + i] += part[i];
  }
}

class LinearGradOp : public LinearBase {
 public:
  explicit LinearGradOp(tensorflow::OpKernelConstruction* context) : LinearBase(context) {
    OP_REQUIRES_OK(context, context->GetAttr("bias", &bias_));
  }

  void Compute(tensorflow::OpKernelContext* context) override {
    const Tensor &dy = context->input(0), &x = context->input(1), &weight = context->input(2);
    tensorflow::OpInputList dxBefore, dWeightBefore;
    OP_REQUIRES_OK(context, context->input_list("dx_before", &dxBefore));
    OP_REQUIRES_OK(context, context->input_list("dweight_before", &dWeightBefore));
    Sizes sizes;
    OP_REQUIRES_OK(context, sizesOf(x, weight, &sizes));
    OP_REQUIRES_OK(context, check(x));
    const auto [tokens, inputs, outputs] = sizes;
    OP_REQUIRES(context,
                dy.shape() == TensorShape({tokens, outputs}) && (dxBefore.size() == 0 || dxBefore[0].shape() == x.shape()) &&
                    (dWeightBefore.size() == 0 || dWeightBefore[0].shape() == weight.shape()),
                InvalidArgument("PanxLinearGrad got a gradient of another shape than what it is of"));
    OP_REQUIRES_OK(context, check(dy));
    OP_REQUIRES(context, !bias_ || !isRounded(dy), InvalidArgument("PanxLinearGrad sums dy in float32 only"));
    Tensor *dx, *dWeight, *dBias, *squares;
    OP_REQUIRES_OK(context, context->allocate_output(0, x.shape(), &dx));
    OP_REQUIRES_OK(context, context->allocate_output(1, weight.shape(), &dWeight));
    OP_REQUIRES_OK(context, context->allocate_output(2, {bias_ ? outputs : 0}, &dBias));
    OP_REQUIRES_OK(context, context->allocate_output(3, {}, &squares));

    const Products products(context, 2 * tokens * inputs * outputs);
    Problem problems[] = {
        {operandOf(dy, false), operandOf(x, false), outputs, inputs, tokens, nullptr, firstOf(dWeightBefore),
         dWeight->flat<float>().data(), nullptr},
        {operandOf(dy, true), operandOf(weight, false), tokens, inputs, outputs, nullptr, firstOf(dxBefore),
         dx->flat<float>().data(), nullptr}};
    std::vector<double> parts(problems[0].blocks());
    problems[0].squares = parts.data();
    const float* d = bias_ ? floats(dy) : nullptr;
    float* sums = dBias->flat<float>().data();
    const int64_t columns = bias_ ? (outputs + kColumns - 1) / kColumns : 0;
    OP_REQUIRES_OK(context, run(products, problems, 2, columns, [=, tokens = tokens, outputs = outputs](int64_t task) {
      const int64_t column = task * kColumns;
      sumColumns(d, tokens, outputs, column, std::min<int64_t>(kColumns, outputs - column), sums);
    }));
    double total = 0;
    for (double part : parts) total += part;
    squares->scalar<float>()() = static_cast<float>(total);
  }

 private:
  bool bias_;
};

REGISTER_OP("PanxLinear")
    .Input("x: Tx")
    .Input("weight: float")
    .Input("bias: biases * float")
    .Output("y: float")
    .Attr("Tx: {float, bfloat16}")
    .Attr("biases: int >= 0")
    .Attr("bf16: bool")
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext* context) {
      context->set_output(0, context->UnknownShapeOfRank(2));
      return absl::OkStatus();
    });
REGISTER_KERNEL_BUILDER(Name("PanxLinear").Device(tensorflow::DEVICE_CPU), LinearOp);

REGISTER_OP("PanxLinearGrad")
    .Input("dy: Tdy")
    .Input("x: Tx")
    .Input("weight: float")
    .Input("dx_before: dxs * float")
    .Input("dweight_before: dweights * float")
    .Output("dx: float")
    .Output("dweight: float")
    .Output("dbias: float")
    .Output("squares: float")
    .Attr("Tdy: {float, bfloat16}")
    .Attr("Tx: {float, bfloat16}")
    .Attr("dxs: int >= 0")
    .Attr("dweights: int >= 0")
    .Attr("bias: bool")
    .Attr("bf16: bool")
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext* context) {
      context->set_output(0, context->input(1));
      context->set_output(1, context->input(2));
      context->set_output(2, context->UnknownShapeOfRank(1));
      context->set_output(3, context->Scalar());
      return absl::OkStatus();
    });
REGISTER_KERNEL_BUILDER(Name("PanxLinearGrad").Device(tensorflow::DEVICE_CPU), LinearGradOp);

}  // namespace mat_mul
}  // namespace panx

#endif
