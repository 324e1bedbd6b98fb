// PanxEncoderLayer: a whole layer of the encoder forward, where no backward will be asked for: linear.cc, attention.cc, bias_gelu.cc and residual_norm.cc in
// the order of model/layers.ts, with their arithmetic and to the bit what they give one after the other.
//
//   x: float (N, C);  offsets: int32 (B + 1), row b holds the tokens [offsets[b], offsets[b + 1]);  wanted: 0 or 1 int32 (M), ascending tokens
//   four linear maps, panels and bias (O): qkv (O = 3C, of C inputs), attention_output (C, C), intermediate (I, C), output (C, I)
//   two LayerNorms, gamma and beta (C);  heads: H;  eps: of LayerNorm;  bf16: as in linear.cc, and then C and I are even
//   -> y: float (N, C), or (M, C) of the wanted tokens
//
// PanxEncoderPanels: weight: float (O, I), heads (of qkv, else 0), bf16  ->  panels: int32 (O / 64, steps, 64), as operands.h says
//
// Rows know nothing of each other. So threads take blocks of some whole rows (about 192 tokens) from end to end, and what lies between the operations,
// 12 times x, stays in the caches, which the panels pass through.

#include "attention_op.h"
#include "encoder_layer.h"

#ifdef __AVX512F__

namespace panx::encoder_layer {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::errors::InvalidArgument;

inline const int32_t* numbers(const Tensor& tensor) { return tensor.flat<int32_t>().data(); }

// Rows in blocks of about 192 tokens, unless one row has more; towards the end fewer, so that threads come to it together.
template <bool Pairs>
std::vector<Block> blocksOf(const Layer<Pairs>& layer, int64_t rows, int64_t wanted, int workers) {
  constexpr int64_t kMost = 192, kLeast = 24;
  std::vector<Block> blocks;
  for (Block block{}; block.to < rows; blocks.push_back(block)) {
    block.from = block.to++, block.fromWanted = block.toWanted;
    const int64_t first = layer.offsets[block.from], most = std::clamp<int64_t>((layer.tokens - first) / (2 * workers), kLeast, kMost);
    while (block.to < rows && layer.offsets[block.to + 1] - first <= most) block.to++;
    while (layer.wanted != nullptr && block.toWanted < wanted && layer.wanted[block.toWanted] < layer.offsets[block.to]) block.toWanted++;
  }
  return blocks;
}

class EncoderLayerOp : public OpKernel {
 public:
  explicit EncoderLayerOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("heads", &heads_));
    OP_REQUIRES_OK(context, context->GetAttr("eps", &eps_));
    OP_REQUIRES_OK(context, context->GetAttr("bf16", &bf16_));
    OP_REQUIRES_OK(context, checkProducts(bf16_));
  }

  void Compute(OpKernelContext* context) override { OP_REQUIRES_OK(context, bf16_ ? compute<true>(context) : compute<false>(context)); }

 private:
  int heads_;
  float eps_;
  bool bf16_;

  template <bool Pairs>
  absl::Status compute(OpKernelContext* context) const {
    Layer<Pairs> layer{};
    int64_t rows;
    Tensor* y;
    TF_RETURN_IF_ERROR(readTokens(context, &layer, &rows, &y));
    TF_RETURN_IF_ERROR(readParameters(context, &layer));
    if (y->NumElements() == 0) return absl::OkStatus();
    Team& team = teamOf(context);
    const std::vector<Block> blocks = blocksOf(layer, rows, y->dim_size(0), team.size());
    int64_t most = 0;
    for (const Block& block : blocks) most = std::max<int64_t>(most, layer.offsets[block.to] - layer.offsets[block.from]);
    std::atomic<size_t> next{0};
    team.run(team.size(), [&] {
      const typename Layer<Pairs>::Memory memory(layer, most);
      for (size_t i; (i = next++) < blocks.size();) layer.compute(blocks[i], memory);
    });
    return absl::OkStatus();
  }

  template <bool Pairs>
  absl::Status readTokens(OpKernelContext* context, Layer<Pairs>* layer, int64_t* rows, Tensor** y) const {
    const Tensor &x = context->input(0), &offsets = context->input(1);
    tensorflow::OpInputList wanted;
    TF_RETURN_IF_ERROR(context->input_list("wanted", &wanted));
    if (x.dims() != 2 || x.dim_size(1) % heads_ != 0 || (bf16_ && x.dim_size(1) % 2 != 0)) {
      return InvalidArgument("PanxEncoderLayer of ", heads_, " heads got x of shape ", x.shape().DebugString(), ", expected (N, C)");
    }
    layer->tokens = x.dim_size(0), layer->hidden = x.dim_size(1), layer->heads = heads_, layer->eps = eps_;
    layer->x = floats(x), layer->offsets = numbers(offsets);
    TF_RETURN_IF_ERROR(attention::longestOf(offsets, layer->tokens, &layer->longest));
    *rows = offsets.NumElements() - 1;
    int64_t count = layer->tokens;
    if (wanted.size() > 0) {
      layer->wanted = numbers(wanted[0]);
      count = wanted[0].NumElements();
      for (int64_t i = 0; i < count; i++) {
        if (layer->wanted[i] < (i == 0 ? 0 : layer->wanted[i - 1] + 1) || layer->wanted[i] >= layer->tokens) {
          return InvalidArgument("PanxEncoderLayer wants ascending tokens below ", layer->tokens, ", found ", layer->wanted[i]);
        }
      }
    }
    TF_RETURN_IF_ERROR(context->allocate_output(0, {count, layer->hidden}, y));
    layer->y = (*y)->flat<float>().data();
    return absl::OkStatus();
  }

  template <bool Pairs>
  absl::Status readParameters(OpKernelContext* context, Layer<Pairs>* layer) const {
    const int64_t hidden = layer->hidden, wide = context->input(7).NumElements();
    absl::Status status = absl::OkStatus();
    const auto map = [&](int at, int64_t outputs, int64_t inputs) -> Map<Pairs> {
      const Tensor &panels = context->input(at), &bias = context->input(at + 1);
      const TensorShape expected({(outputs + kColumns - 1) / kColumns, mat_mul::stepsOf<Pairs>(inputs), kColumns});
      if (panels.shape() != expected || bias.shape() != TensorShape({outputs}) || (Pairs && inputs % 2 != 0)) {
        status = InvalidArgument("PanxEncoderLayer of C = ", hidden, " and I = ", wide, " got panels of shape ", panels.shape().DebugString(),
                                 " and a bias of shape ", bias.shape().DebugString(), " for ", outputs, " outputs of ", inputs, " inputs");
      }
      return {inputs, outputs, reinterpret_cast<const uint32_t*>(numbers(panels)), floats(bias)};
    };
    const auto norm = [&](int at) -> Norm {
      const Tensor &gamma = context->input(at), &beta = context->input(at + 1);
      if (gamma.shape() != TensorShape({hidden}) || beta.shape() != gamma.shape()) {
        status = InvalidArgument("PanxEncoderLayer of C = ", hidden, " got a LayerNorm of shapes ", gamma.shape().DebugString(), " and ",
                                 beta.shape().DebugString());
      }
      return {floats(gamma), floats(beta)};
    };
    layer->qkv = map(2, 3 * hidden, hidden), layer->attentionOutput = map(4, hidden, hidden);
    layer->intermediate = map(6, wide, hidden), layer->output = map(8, hidden, wide);
    layer->attentionNorm = norm(10), layer->outputNorm = norm(12);
    return status;
  }
};

class EncoderPanelsOp : public OpKernel {
 public:
  explicit EncoderPanelsOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("heads", &heads_));
    OP_REQUIRES_OK(context, context->GetAttr("bf16", &bf16_));
    OP_REQUIRES_OK(context, checkProducts(bf16_));
  }

  void Compute(OpKernelContext* context) override {
    const Tensor& weight = context->input(0);
    OP_REQUIRES(context, weight.dims() == 2 && (heads_ == 0 || (weight.dim_size(0) == 3 * weight.dim_size(1) && weight.dim_size(1) % heads_ == 0)),
                InvalidArgument("PanxEncoderPanels for ", heads_, " heads got a weight of shape ", weight.shape().DebugString()));
    if (bf16_) {
      layOut<true>(context, weight);
    } else {
      layOut<false>(context, weight);
    }
  }

 private:
  int heads_;
  bool bf16_;

  template <bool Pairs>
  void layOut(OpKernelContext* context, const Tensor& weight) const {
    const int64_t outputs = weight.dim_size(0), inputs = weight.dim_size(1), steps = mat_mul::stepsOf<Pairs>(inputs);
    const int64_t panels = (outputs + kColumns - 1) / kColumns;
    Tensor* laidOut;
    OP_REQUIRES_OK(context, context->allocate_output(0, {panels, steps, kColumns}, &laidOut));
    uint32_t* to = reinterpret_cast<uint32_t*>(laidOut->flat<int32_t>().data());
    const mat_mul::Operand operand = {floats(weight), nullptr, inputs, true};
    parallelFor(context, panels, steps * kColumns, [&](int64_t from, int64_t end) {
      for (int64_t panel = from; panel < end; panel++) {
        const int64_t column = heads_ > 0 ? qkvColumnOf(panel, inputs, heads_) : panel * kColumns;
        const int64_t count = std::min<int64_t>(kColumns, outputs - column);
        mat_mul::layOutPanel<Pairs>(operand, inputs, column, count, 0, steps, to + panel * steps * kColumns);
      }
    });
  }
};

REGISTER_OP("PanxEncoderLayer")
    .Input("x: float")
    .Input("offsets: int32")
    .Input("qkv_panels: int32")
    .Input("qkv_bias: float")
    .Input("attention_output_panels: int32")
    .Input("attention_output_bias: float")
    .Input("intermediate_panels: int32")
    .Input("intermediate_bias: float")
    .Input("output_panels: int32")
    .Input("output_bias: float")
    .Input("attention_gamma: float")
    .Input("attention_beta: float")
    .Input("output_gamma: float")
    .Input("output_beta: float")
    .Input("wanted: wanteds * int32")
    .Output("y: float")
    .Attr("wanteds: int >= 0")
    .Attr("heads: int >= 1")
    .Attr("eps: float")
    .Attr("bf16: bool")
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext* context) {
      context->set_output(0, context->UnknownShapeOfRank(2));
      return absl::OkStatus();
    });
REGISTER_KERNEL_BUILDER(Name("PanxEncoderLayer").Device(tensorflow::DEVICE_CPU), EncoderLayerOp);

REGISTER_OP("PanxEncoderPanels")
    .Input("weight: float")
    .Output("panels: int32")
    .Attr("heads: int >= 0")
    .Attr("bf16: bool")
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext* context) {
      context->set_output(0, context->UnknownShapeOfRank(3));
      return absl::OkStatus();
    });
REGISTER_KERNEL_BUILDER(Name("PanxEncoderPanels").Device(tensorflow::DEVICE_CPU), EncoderPanelsOp);

}  // namespace panx::encoder_layer

#endif
