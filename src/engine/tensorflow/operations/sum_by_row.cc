// PanxSumByRow: the gradient of a table that tokens took rows of.
//
//   values: float (N, C);  ids: int32 (N), each in [0, rows);  rows: int32 scalar  ->  out: float (rows, C)
//
//   out[r] = the sum over n with ids[n] = r of values[n], in the order of n
//
// Threads divide the columns among themselves, so that none adds to what another does.

#include "panx_ops.h"

namespace panx::sum_by_row {

using tensorflow::Tensor;
using tensorflow::errors::InvalidArgument;

constexpr int64_t kSlice = 64;  // columns: 4 cache lines

class SumByRowOp : public tensorflow::OpKernel {
 public:
  using OpKernel::OpKernel;

  void Compute(tensorflow::OpKernelContext* context) override {
    const Tensor &values = context->input(0), &ids = context->input(1);
    OP_REQUIRES(context, values.dims() == 2 && ids.NumElements() == values.dim_size(0) && context->input(2).NumElements() == 1,
                InvalidArgument("PanxSumByRow takes values (N, C), ids (N) and a number of rows, found ", values.shape().DebugString(),
                                ", ", ids.shape().DebugString(), " and ", context->input(2).shape().DebugString()));
    const int64_t tokens = values.dim_size(0), width = values.dim_size(1), rows = context->input(2).flat<int32_t>()(0);
    const int32_t* id = ids.flat<int32_t>().data();
    for (int64_t n = 0; n < tokens; n++) {
      OP_REQUIRES(context, id[n] >= 0 && id[n] < rows,
                  InvalidArgument("PanxSumByRow got the id ", id[n], " for token ", n, ", of ", rows, " rows."));
    }
    Tensor* out;
    OP_REQUIRES_OK(context, context->allocate_output(0, {rows, width}, &out));
    const float* from = values.flat<float>().data();
    float* to = out->flat<float>().data();
    const int64_t slices = (width + kSlice - 1) / kSlice;
    parallelFor(context, slices, (2 * tokens + rows) * kSlice / 8, [=](int64_t first, int64_t last) {
      const int64_t column = first * kSlice, columns = std::min(width, last * kSlice) - column;
      for (int64_t row = 0; row < rows; row++) std::memset(to + row * width + column, 0, columns * sizeof(float));
      for (int64_t n = 0; n < tokens; n++) {
        const float* __restrict value = from + n * width + column;
        float* __restrict sum = to + id[n] * width + column;
        for (int64_t i = 0; i < columns; i++) sum[i] += value[i];
      }
    });
  }
};

REGISTER_OP("PanxSumByRow")
    .Input("values: float")
    .Input("ids: int32")
    .Input("rows: int32")
    .Output("out: float")
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext* context) {
      context->set_output(0, context->UnknownShapeOfRank(2));
      return absl::OkStatus();
    });
REGISTER_KERNEL_BUILDER(Name("PanxSumByRow").Device(tensorflow::DEVICE_CPU), SumByRowOp);

}  // namespace panx::sum_by_row
