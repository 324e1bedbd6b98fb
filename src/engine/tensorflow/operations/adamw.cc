// PanxAdamW, PanxAdamWRows: one AdamW update of all parameters, in place; and updates that some rows of a table have missed (Loshchilov & Hutter 2019, alg. 2, in the arithmetic of torch.optim.AdamW).
//
//   g = clip * gradient;  p = decay * p;  m = m + (1 - b1) (g - m);  v = b2 v + (1 - b2) g^2;  p = p - step * m / (sqrt(v) / correction + eps)
//
//   parameters, first, second: N x resource, the variables of p, m and v
//   gradients: N x float, of their shapes
//   decays: float (N), 1 - learning rate * weight decay of each parameter
//   settings: float (7), in this order: clip, 1 - b1, b2, 1 - b2, step = learning rate / (1 - b1^t), correction = sqrt(1 - b2^t), eps
//
// in_place: whether the parameters' variables change in their memory even where a value that was read still shares it, and shows the change; else such a
// variable gets a copy, as in all of TensorFlow's updates, and that value stays what it was. The same of PanxAdamWRows and its parameter.
//
// PanxAdamWRows makes one row's updates one after the other, each with a gradient of zero but the last, whose gradient may be given:
//
//   parameter, first, second: resource, the variables of p, m and v, (V, C)
//   rows: int32 (U), each once;  missed: int32 (U), how many of the latest updates each lacks
//   gradient: 0 or 1 x float (U, C), of the latest update
//   history: float (H, 3): decay, step and correction of the latest H updates, the oldest first
//   settings: float (5), in this order: clip, 1 - b1, b2, 1 - b2, eps
//
// Decays and settings come worked out, because their differences from 1 need double precision, which TensorFlow.js has no tensors
// of: 1 - 0.999 in float32 is off by 1.3e-5. One pass reads p, m, v and g and writes p, m and v: its time is that of memory.

#include <algorithm>
#include <cmath>
#include <vector>

#include "panx_ops.h"
#include "tensorflow/core/framework/resource_mgr.h"
#include "tensorflow/core/framework/resource_var.h"

namespace panx {
namespace adamw {

constexpr int64_t kBlock = 1 << 14;  // elements, of which four arrays are touched: 256 KiB
constexpr int kSettings = 7;

struct Block {
  float* p;
  float* m;
  float* v;
  const float* g;
  float decay;
  int64_t size;
};

void updateBlock(const Block& block, const float* settings) {
  float* __restrict p = block.p;
  float* __restrict m = block.m;
  float* __restrict v = block.v;
  const float* __restrict gradient = block.g;
  const float decay = block.decay;
  const float clip = settings[0], newM = settings[1], keepV = settings[2], newV = settings[3];
  const float step = settings[4], correction = settings[5], eps = settings[6];
  for (int64_t i = 0; i < block.size; i++) {
    const float g = gradient[i] * clip;
    const float mi = m[i] + newM * (g - m[i]);
    const float vi = keepV * v[i] + newV * (g * g);
    m[i] = mi;
    v[i] = vi;
    p[i] = decay * p[i] - step * (mi / (std::sqrt(vi) / correction + eps));
  }
}

using VariablePtr = tensorflow::core::RefCountPtr<tensorflow::Var>;

// A value that was read and is still held does not change: then the variable gets a copy.
absl::Status ownBuffer(tensorflow::OpKernelContext* context, tensorflow::Tensor* tensor) {
  if (tensor->RefCountIsOne()) return absl::OkStatus();
  tensorflow::Tensor copy;
  TF_RETURN_IF_ERROR(context->allocate_temp(tensor->dtype(), tensor->shape(), &copy));
  std::memcpy(copy.flat<float>().data(), tensor->flat<float>().data(), tensor->TotalBytes());
  *tensor = copy;
  return absl::OkStatus();
}

class AdamWOp : public tensorflow::OpKernel {
 public:
  explicit AdamWOp(tensorflow::OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("N", &count_));
    OP_REQUIRES_OK(context, context->GetAttr("in_place", &inPlace_));
  }

  void Compute(tensorflow::OpKernelContext* context) override {
    using tensorflow::errors::InvalidArgument;
    const tensorflow::Tensor& decays = context->input(4 * count_);
    const tensorflow::Tensor& settings = context->input(4 * count_ + 1);
    OP_REQUIRES(context, decays.NumElements() == count_,
                InvalidArgument("PanxAdamW got ", decays.NumElements(), " decays for ", count_, " parameters."));
    OP_REQUIRES(context, settings.NumElements() == kSettings,
                InvalidArgument("PanxAdamW got ", settings.NumElements(), " settings, expected ", kSettings, "."));

    // Parameters, first moments, second moments: the order of the inputs.
    std::vector<VariablePtr> variables(3 * count_);
    std::vector<tensorflow::mutex*> mutexes;
    for (int i = 0; i < 3 * count_; i++) {
      OP_REQUIRES_OK(context, tensorflow::LookupResource(context, tensorflow::HandleFromInput(context, i), &variables[i]));
      mutexes.push_back(variables[i]->mu());
    }
    // Locked by address, as all of TensorFlow's updates do, so that no two can wait for each other.
    std::sort(mutexes.begin(), mutexes.end());
    OP_REQUIRES(context, std::adjacent_find(mutexes.begin(), mutexes.end()) == mutexes.end(),
                InvalidArgument("PanxAdamW got one variable twice."));
    std::vector<tensorflow::mutex_lock> locks;
    locks.reserve(mutexes.size());
    for (tensorflow::mutex* mutex : mutexes) locks.emplace_back(*mutex);

    std::vector<Block> blocks;
    for (int n = 0; n < count_; n++) {
      const tensorflow::Tensor& gradient = context->input(3 * count_ + n);
      float* values[3];
      for (int which = 0; which < 3; which++) {
        tensorflow::Var* variable = variables[which * count_ + n].get();
        tensorflow::Tensor* tensor = variable->tensor();
        OP_REQUIRES(context, tensor->dtype() == tensorflow::DT_FLOAT && tensor->shape() == gradient.shape(),
                    InvalidArgument("PanxAdamW got a gradient of shape ", gradient.shape().DebugString(), " for variable ",
                                    which * count_ + n, ", which is ", tensor->DebugString(0), "."));
        if (which > 0 || !inPlace_) OP_REQUIRES_OK(context, ownBuffer(context, tensor));
        values[which] = tensor->flat<float>().data();
      }
      const float* g = gradient.flat<float>().data();
      const int64_t size = gradient.NumElements();
      for (int64_t at = 0; at < size; at += kBlock) {
        blocks.push_back({values[0] + at, values[1] + at, values[2] + at, g + at, decays.flat<float>()(n),
                          std::min(kBlock, size - at)});
      }
    }
    parallelFor(context, blocks.size(), 2 * kBlock, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; i++) updateBlock(blocks[i], settings.flat<float>().data());
    });
  }

 private:
  int count_;
  bool inPlace_;
};

// A row that never had a gradient only decays: its moments stay 0, and so does what they move it by.
void decayRow(float* p, float decay, int64_t size) {
  for (int64_t i = 0; i < size; i++) p[i] = decay * p[i];
}

bool allZero(const float* x, int64_t size) {
  return std::all_of(x, x + size, [](float value) { return value == 0.0f; });
}

class AdamWRowsOp : public tensorflow::OpKernel {
 public:
  explicit AdamWRowsOp(tensorflow::OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("in_place", &inPlace_));
  }

  void Compute(tensorflow::OpKernelContext* context) override {
    using tensorflow::errors::InvalidArgument;
    const tensorflow::Tensor &rows = context->input(3), &missed = context->input(4);
    tensorflow::OpInputList gradients;
    OP_REQUIRES_OK(context, context->input_list("gradient", &gradients));
    const tensorflow::Tensor &history = context->input(5 + gradients.size()), &settings = context->input(6 + gradients.size());
    OP_REQUIRES(context, history.dims() == 2 && history.dim_size(1) == 3 && settings.NumElements() == 5,
                InvalidArgument("PanxAdamWRows got a history of shape ", history.shape().DebugString(), " and ",
                                settings.NumElements(), " settings."));
    const int64_t count = rows.NumElements(), steps = history.dim_size(0);
    VariablePtr variables[3];
    for (int i = 0; i < 3; i++) {
      OP_REQUIRES_OK(context, tensorflow::LookupResource(context, tensorflow::HandleFromInput(context, i), &variables[i]));
    }
    tensorflow::mutex_lock first(*variables[0]->mu()), second(*variables[1]->mu()), third(*variables[2]->mu());
    const tensorflow::TensorShape shape = variables[0]->tensor()->shape();
    float* values[3];
    for (int i = 0; i < 3; i++) {
      tensorflow::Tensor* tensor = variables[i]->tensor();
      OP_REQUIRES(context, tensor->dtype() == tensorflow::DT_FLOAT && tensor->dims() == 2 && tensor->shape() == shape,
                  InvalidArgument("PanxAdamWRows takes three variables of one shape (V, C), found ", tensor->DebugString(0)));
      if (i > 0 || !inPlace_) OP_REQUIRES_OK(context, ownBuffer(context, tensor));
      values[i] = tensor->flat<float>().data();
    }
    const int64_t width = shape.dim_size(1);
    OP_REQUIRES(context,
                missed.NumElements() == count &&
                    (gradients.size() == 0 || gradients[0].shape() == tensorflow::TensorShape({count, width})),
                InvalidArgument("PanxAdamWRows got ", missed.NumElements(), " numbers of missed updates, or a gradient of another shape, for ",
                                count, " rows."));
    const int32_t *row = rows.flat<int32_t>().data(), *lacks = missed.flat<int32_t>().data();
    for (int64_t i = 0; i < count; i++) {
      OP_REQUIRES(context, row[i] >= 0 && row[i] < shape.dim_size(0) && lacks[i] >= 0 && lacks[i] <= steps,
                  InvalidArgument("PanxAdamWRows got row ", row[i], " with ", lacks[i], " missed updates, of ",
                                  shape.dim_size(0), " rows and ", steps, " updates."));
    }
    const float* g = gradients.size() == 0 ? nullptr : gradients[0].flat<float>().data();
    const float *past = history.flat<float>().data(), *shared = settings.flat<float>().data();
    const std::vector<float> zeros(width);
    parallelFor(context, count, 2 * width, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; i++) {
        const int64_t at = row[i] * width;
        if (g == nullptr && allZero(values[1] + at, width) && allZero(values[2] + at, width)) {
          for (int64_t step = steps - lacks[i]; step < steps; step++) decayRow(values[0] + at, past[3 * step], width);
          continue;
        }
        for (int64_t step = steps - lacks[i]; step < steps; step++) {
          const float* own = past + 3 * step;
          const float all[kSettings] = {shared[0], shared[1], shared[2], shared[3], own[1], own[2], shared[4]};
          const float* gradient = g != nullptr && step == steps - 1 ? g + i * width : zeros.data();
          updateBlock({values[0] + at, values[1] + at, values[2] + at, gradient, own[0], width}, all);
        }
      }
    });
  }

 private:
  bool inPlace_;
};

REGISTER_OP("PanxAdamW")
    .Input("parameters: N * resource")
    .Input("first: N * resource")
    .Input("second: N * resource")
    .Input("gradients: N * float")
    .Input("decays: float")
    .Input("settings: float")
    .Attr("N: int >= 1")
    .Attr("in_place: bool")
    .SetIsStateful()
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext*) { return absl::OkStatus(); });
REGISTER_KERNEL_BUILDER(Name("PanxAdamW").Device(tensorflow::DEVICE_CPU), AdamWOp);

REGISTER_OP("PanxAdamWRows")
    .Input("parameter: resource")
    .Input("first: resource")
    .Input("second: resource")
    .Input("rows: int32")
    .Input("missed: int32")
    .Input("gradient: gradients * float")
    .Input("history: float")
    .Input("settings: float")
    .Attr("gradients: int >= 0")
    .Attr("in_place: bool")
    .SetIsStateful()
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext*) { return absl::OkStatus(); });
REGISTER_KERNEL_BUILDER(Name("PanxAdamWRows").Device(tensorflow::DEVICE_CPU), AdamWRowsOp);

}  // namespace adamw
}  // namespace panx
