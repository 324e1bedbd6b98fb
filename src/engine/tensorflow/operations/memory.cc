// PanxReturnMemory: gives memory that is free to the system, which the C library otherwise keeps for what comes: where something large was let go, of
// which little is to come again.

#include "panx_ops.h"

#ifdef __GLIBC__  // Known once any header of the C library has been read.
#include <malloc.h>
#endif

namespace panx::memory {

class ReturnMemoryOp : public tensorflow::OpKernel {
 public:
  using OpKernel::OpKernel;

  void Compute(tensorflow::OpKernelContext*) override {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
  }
};

REGISTER_OP("PanxReturnMemory").SetIsStateful().SetShapeFn([](tensorflow::shape_inference::InferenceContext*) { return absl::OkStatus(); });
REGISTER_KERNEL_BUILDER(Name("PanxReturnMemory").Device(tensorflow::DEVICE_CPU), ReturnMemoryOp);

}  // namespace panx::memory
