// What the operations of attention share: their attributes, the checks of rows, and how threads share pairs.

#pragma once

#include <algorithm>
#include <memory>

#include "attention_pair.h"
#include "panx_ops.h"

namespace panx {
namespace attention {

// The length of the longest row, where the offsets (B + 1) are those of rows of so many tokens.
inline absl::Status longestOf(const tensorflow::Tensor& offsets, int64_t tokens, int64_t* longest) {
  using tensorflow::errors::InvalidArgument;
  const int32_t* starts = offsets.flat<int32_t>().data();
  const int64_t rows = offsets.NumElements() - 1;
  if (rows < 0 || starts[0] != 0 || starts[rows] != tokens) {
    return InvalidArgument("Attention over ", tokens, " tokens got offsets that do not go from 0 to there.");
  }
  *longest = 0;
  for (int64_t row = 0; row < rows; row++) {
    const int64_t length = static_cast<int64_t>(starts[row + 1]) - starts[row];
    if (length < 0) return InvalidArgument("Attention got a row of ", length, " tokens.");
    *longest = std::max(*longest, length);
  }
  return absl::OkStatus();
}

class AttentionBase : public tensorflow::OpKernel {
 public:
  explicit AttentionBase(tensorflow::OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("heads", &heads_));
    OP_REQUIRES_OK(context, context->GetAttr("rate", &rate_));
    OP_REQUIRES(context, rate_ >= 0 && rate_ < 1,
                tensorflow::errors::InvalidArgument("Attention got a dropout rate of ", rate_, ", expected 0 to below 1."));
  }

 protected:
  // Scores are multiplied with 1 / sqrt(D); whoever has another scale sets it.
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

  // Of a backward: whether the gradient of the output, and what the forward kept, have the shapes that they must have.
  static absl::Status checkGradient(const Problem& problem, const tensorflow::Tensor& dOut, const tensorflow::Tensor& softmax) {
    using tensorflow::errors::InvalidArgument;
    if (dOut.shape() != tensorflow::TensorShape({problem.tokens, problem.hidden})) {
      return InvalidArgument("The gradient of attention got one of shape ", dOut.shape().DebugString(), " for an output of [",
                             problem.tokens, ",", problem.hidden, "].");
    }
    if (softmax.NumElements() != problem.tokens * problem.heads * 2) {
      return InvalidArgument("The gradient of attention got a softmax of shape ", softmax.shape().DebugString(), ".");
    }
    return absl::OkStatus();
  }

 private:
  int heads_;
  float rate_;
};

}  // namespace attention
}  // namespace panx
