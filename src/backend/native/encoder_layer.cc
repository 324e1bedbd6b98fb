// PanxEncoderLayer: a whole layer of the encoder forward, where no backward will be asked for: attention.cc, linear.cc, bias_gelu.cc and residual_norm.cc in
// the order of model/xlm-roberta.ts, with their arithmetic and to the bit what they give one after the other.
//
//   x: float (N, C);  offsets: int32 (B + 1), row b holds the tokens [offsets[b], offsets[b + 1]);  wanted: 0 or 1 int32 (M), ascending tokens
//   four linear maps, weight (O, I) and bias (O): qkv (3C, C), attention_output (C, C), intermediate (I, C), output (C, I)
//   two LayerNorms, gamma and beta (C);  heads: H;  eps: of LayerNorm;  bf16: as in linear.cc, and then C and I are even
//   -> y: float (N, C), or (M, C) of the wanted tokens
//
// Rows know nothing of each other. So threads take blocks of some whole rows (about 96 tokens) from end to end, and what lies between the operations,
// 12 times x, stays in a second-level cache. Weights are laid out as the panels of mat_mul.h once, for all blocks, and pass through that cache.

#include "mat_mul.h"

#ifdef __AVX512F__

#include <cmath>
#include <cstdlib>
#include <type_traits>
#include <vector>

#include "attention_pair.h"
#include "gelu_curve.h"
#include "layer_norm.h"
#include "panx_ops.h"

namespace panx::encoder_layer {

using mat_mul::kColumns;
using mat_mul::kRows;
using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::errors::InvalidArgument;

// Tokens of a block, unless one row has more; and towards the end, where threads are to come to it together.
constexpr int64_t kMostTokens = 96, kLeastTokens = 24;

// y = x W^T + bias. Pairs: as in mat_mul.h; `panels`: W, once laid out.
template <bool Pairs>
struct Map {
  const float *weight, *bias;
  int64_t inputs, outputs;
  uint32_t* panels;

  int64_t panelCount() const { return (outputs + kColumns - 1) / kColumns; }
  int64_t panelWords() const { return mat_mul::stepsOf<Pairs>(inputs) * kColumns; }
  void layOut(int64_t panel) const {
    const int64_t column = panel * kColumns;
    mat_mul::layOutPanel<Pairs>({weight, nullptr, inputs, true}, inputs, column, std::min<int64_t>(kColumns, outputs - column), 0,
                                mat_mul::stepsOf<Pairs>(inputs), panels + panel * panelWords());
  }
};

struct Norm {
  const float *gamma, *beta;
};

// Rows [from, to), and of the wanted tokens those [firstWanted, endWanted).
struct Block {
  int64_t from, to, firstWanted, endWanted;
};

// GELU(C + bias) to y (M, N).
template <typename Out>
class GeluFinish : public mat_mul::Finish {
 public:
  GeluFinish(const float* bias, int64_t width, Out* y) : bias_(bias), width_(width), y_(y), cdf_(gelu::cdfCurve()) {}

  void take(const float* values, int64_t stride, int64_t row, int64_t rows, int64_t column, int64_t columns) const override {
    for (int64_t r = 0; r < rows; r++) {
      gelu::biasGelu(cdf_, values + r * stride, bias_ + column, columns, y_ + (row + r) * width_ + column);
    }
  }

 private:
  const float* bias_;
  int64_t width_;
  Out* y_;
  const gelu::Curve& cdf_;
};

// Room for so many values, from a whole cache line on.
template <typename Value>
class Room {
 public:
  explicit Room(int64_t count) : memory_(std::aligned_alloc(64, (count * sizeof(Value) + 64) / 64 * 64)) {}
  ~Room() { std::free(memory_); }
  Room(const Room&) = delete;
  operator Value*() const { return static_cast<Value*>(memory_); }

 private:
  void* memory_;
};

template <bool Pairs>
class Layer {
 public:
  using Element = std::conditional_t<Pairs, uint16_t, float>;  // of an operand

  int64_t tokens, hidden, heads, longest;
  const float* x;
  const int32_t* offsets;
  const int32_t* wanted;  // or null
  Map<Pairs> qkv, attentionOutput, intermediate, output;
  Norm attentionNorm, outputNorm;
  float eps;
  float* y;

  // What one thread needs for blocks of up to so many tokens.
  struct Thread {
    Room<float> qkv, branch, middle, parts, row, edge, softmax, attention;
    Room<Element> input, heads, middleInput, wide;

    Thread(const Layer& layer, int64_t tokens)
        : qkv(tokens * layer.qkv.outputs),
          branch(tokens * layer.hidden),
          middle(tokens * layer.hidden),
          parts(mat_mul::isCut<Pairs>(layer.hidden) ? tokens * layer.intermediate.outputs : 0),
          row(layer.hidden),
          edge(kRows * mat_mul::kEdge),
          softmax(tokens * layer.heads * 2),
          attention(attention::scratchOf(layer.rowsOf({}, nullptr))),
          input(Pairs ? tokens * layer.hidden : 0),
          heads(tokens * layer.hidden),
          middleInput(Pairs ? tokens * layer.hidden : 0),
          wide(tokens * layer.intermediate.outputs) {}
  };

  void compute(const Block& block, const Thread& thread) const {
    const int64_t first = offsets[block.from], count = offsets[block.to] - first;
    multiply(qkv, operand(x + first * hidden, count, thread.input), count, thread.qkv, nullptr, thread.edge);
    attend(block, thread);
    const int64_t kept = wanted == nullptr ? count : block.endWanted - block.firstWanted;
    for (int64_t i = 0; wanted != nullptr && i < kept; i++) {  // Ascending: none is overwritten before it has moved.
      std::memmove(thread.heads + i * hidden, thread.heads + (wanted[block.firstWanted + i] - first) * hidden, hidden * sizeof(Element));
    }
    multiply(attentionOutput, thread.heads, kept, thread.branch, nullptr, thread.edge);
    for (int64_t i = 0; i < kept; i++) {
      const int64_t token = wanted == nullptr ? first + i : wanted[block.firstWanted + i];
      norm(attentionOutput.bias, attentionNorm, x + token * hidden, i, thread.middle + i * hidden, thread);
    }
    const GeluFinish<Element> gelu(intermediate.bias, intermediate.outputs, thread.wide);
    multiply(intermediate, operand(thread.middle, kept, thread.middleInput), kept, thread.parts, &gelu, thread.edge);
    multiply(output, thread.wide, kept, thread.branch, nullptr, thread.edge);
    const int64_t to = wanted == nullptr ? first : block.firstWanted;
    for (int64_t i = 0; i < kept; i++) norm(output.bias, outputNorm, thread.middle + i * hidden, i, y + (to + i) * hidden, thread);
  }

 private:
  // Values as an operand of a product: themselves, or rounded.
  const Element* operand(const float* values, int64_t count, Element* rounded) const {
    if constexpr (!Pairs) return values;
    storeAll(values, count * hidden, rounded);
    return rounded;
  }

  void multiply(const Map<Pairs>& map, const Element* a, int64_t rows, float* c, const mat_mul::Finish* finish, float* edge) const {
    mat_mul::Problem problem{};
    problem.m = rows, problem.n = map.outputs, problem.k = map.inputs, problem.c = c, problem.finish = finish;
    if (&map == &qkv) problem.bias = map.bias;
    mat_mul::multiplyRows<Pairs>(problem, {reinterpret_cast<const uint32_t*>(a), map.inputs / (Pairs ? 2 : 1), 1}, map.panels, edge);
  }

  attention::Problem rowsOf(const Block& block, const int32_t* starts) const {
    const int64_t size = hidden / heads;
    return {block.to - block.from, 0, hidden, heads, size, longest, starts, 1.0f / std::sqrt(static_cast<float>(size)), 0};
  }

  void attend(const Block& block, const Thread& thread) const {
    std::vector<int32_t> starts(offsets + block.from, offsets + block.to + 1);
    for (int32_t& start : starts) start -= offsets[block.from];
    const attention::Problem problem = rowsOf(block, starts.data());
    constexpr int32_t kNoSeed[] = {0, 0};
    const Lines nothing(nullptr, 0, 0, 0);
    for (int64_t number = 0; number < problem.pairs(); number++) {
      const attention::Pair pair = problem.pair(number);
      if (pair.keys == 0) continue;
      attention::attendPair<Element>(problem, pair, nothing, Dropout(kNoSeed, 0), thread.qkv, thread.heads, thread.softmax, thread.attention);
    }
  }

  // Of the block's token i.
  void norm(const float* bias, const Norm& norm, const float* residual, int64_t i, float* to, const Thread& thread) const {
    layer_norm::residualNorm(thread.branch + i * hidden, bias, residual, norm.gamma, norm.beta, nullptr, eps, hidden, to, thread.row);
  }
};

class EncoderLayerOp : public OpKernel {
 public:
  explicit EncoderLayerOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("heads", &heads_));
    OP_REQUIRES_OK(context, context->GetAttr("eps", &eps_));
    OP_REQUIRES_OK(context, context->GetAttr("bf16", &bf16_));
    OP_REQUIRES(context, !bf16_ || __builtin_cpu_supports("avx512bf16"),
                tensorflow::errors::Unimplemented("Products of bfloat16 ask for a CPU with AVX512_BF16."));
  }

  void Compute(OpKernelContext* context) override {
    if (bf16_) {
      compute<true>(context);
    } else {
      compute<false>(context);
    }
  }

 private:
  int heads_;
  float eps_;
  bool bf16_;

  template <bool Pairs>
  void compute(OpKernelContext* context) const {
    const Tensor &x = context->input(0), &offsets = context->input(1);
    tensorflow::OpInputList wanted, weights, vectors;
    OP_REQUIRES_OK(context, context->input_list("wanted", &wanted));
    OP_REQUIRES_OK(context, context->input_list("weights", &weights));
    OP_REQUIRES_OK(context, context->input_list("vectors", &vectors));
    OP_REQUIRES(context, weights.size() == 4 && vectors.size() == 8, InvalidArgument("PanxEncoderLayer takes 4 weights and 8 vectors, found ", weights.size(), " and ", vectors.size()));
    OP_REQUIRES(context, x.dims() == 2 && x.dim_size(1) % heads_ == 0, InvalidArgument("PanxEncoderLayer takes x (N, C) with C a multiple of ", heads_, ", found ", x.shape().DebugString()));
    const int64_t tokens = x.dim_size(0), hidden = x.dim_size(1), wide = weights[2].dim_size(0);
    const bool some = wanted.size() > 0;
    Layer<Pairs> layer{};
    layer.tokens = tokens, layer.hidden = hidden, layer.heads = heads_, layer.eps = eps_;
    OP_REQUIRES_OK(context, attention::longestOf(offsets, tokens, &layer.longest));
    layer.x = x.flat<float>().data();
    layer.offsets = offsets.flat<int32_t>().data();
    layer.wanted = some ? wanted[0].flat<int32_t>().data() : nullptr;
    Tensor* y;
    OP_REQUIRES_OK(context, context->allocate_output(0, {some ? wanted[0].NumElements() : tokens, hidden}, &y));
    layer.y = y->flat<float>().data();

    Map<Pairs>* maps[] = {&layer.qkv, &layer.attentionOutput, &layer.intermediate, &layer.output};
    const int64_t shapes[][2] = {{3 * hidden, hidden}, {hidden, hidden}, {wide, hidden}, {hidden, wide}};
    int64_t words = 0, allPanels = 0;
    for (int i = 0; i < 4; i++) {
      OP_REQUIRES(context, weights[i].shape() == tensorflow::TensorShape({shapes[i][0], shapes[i][1]}) && vectors[i].NumElements() == shapes[i][0],
                  InvalidArgument("PanxEncoderLayer of C = ", hidden, " got a weight of shape ", weights[i].shape().DebugString(), " and a bias of ", vectors[i].shape().DebugString()));
      *maps[i] = {weights[i].flat<float>().data(), vectors[i].flat<float>().data(), shapes[i][1], shapes[i][0], nullptr};
      words += maps[i]->panelCount() * maps[i]->panelWords();
      allPanels += maps[i]->panelCount();
    }
    for (int i = 4; i < 8; i++) OP_REQUIRES(context, vectors[i].NumElements() == hidden, InvalidArgument("PanxEncoderLayer got a LayerNorm of another size than ", hidden));
    layer.attentionNorm = {vectors[4].flat<float>().data(), vectors[5].flat<float>().data()};
    layer.outputNorm = {vectors[6].flat<float>().data(), vectors[7].flat<float>().data()};
    if (y->NumElements() == 0) return;
    Tensor panels;
    OP_REQUIRES_OK(context, context->allocate_temp(tensorflow::DT_INT32, {words}, &panels));
    uint32_t* at = reinterpret_cast<uint32_t*>(panels.flat<int32_t>().data());
    for (Map<Pairs>* map : maps) {
      map->panels = at;
      at += map->panelCount() * map->panelWords();
    }

    Team& team = teamOf(context);
    const std::vector<Block> blocks = blocksOf(layer, offsets.NumElements() - 1, y->dim_size(0), team.size());
    int64_t largest = 0;
    for (const Block& block : blocks) largest = std::max<int64_t>(largest, layer.offsets[block.to] - layer.offsets[block.from]);
    std::atomic<int64_t> nextPanel{0}, panelsDone{0}, nextBlock{0};
    team.run(team.size(), [&] {
      const typename Layer<Pairs>::Thread thread(layer, largest);
      for (int64_t panel; (panel = nextPanel++) < allPanels; panelsDone++) {
        for (const Map<Pairs>* map : maps) {
          if (panel >= 0 && panel < map->panelCount()) map->layOut(panel);
          panel -= map->panelCount();
        }
      }
      while (panelsDone < allPanels) _mm_pause();
      for (int64_t block; (block = nextBlock++) < static_cast<int64_t>(blocks.size());) layer.compute(blocks[block], thread);
    });
  }

  template <bool Pairs>
  static std::vector<Block> blocksOf(const Layer<Pairs>& layer, int64_t rows, int64_t wanted, int workers) {
    std::vector<Block> blocks;
    for (int64_t row = 0, at = 0; row < rows;) {
      const int64_t first = layer.offsets[row], left = layer.tokens - first;
      const int64_t most = std::clamp<int64_t>(left / (2 * workers), kLeastTokens, kMostTokens);
      int64_t end = row + 1;
      while (end < rows && layer.offsets[end + 1] - first <= most) end++;
      int64_t endWanted = at;
      while (layer.wanted != nullptr && endWanted < wanted && layer.wanted[endWanted] < layer.offsets[end]) endWanted++;
      blocks.push_back({row, end, at, endWanted});
      row = end;
      at = endWanted;
    }
    return blocks;
  }
};

REGISTER_OP("PanxEncoderLayer")
    .Input("x: float")
    .Input("offsets: int32")
    .Input("weights: maps * float")
    .Input("vectors: lists * float")
    .Input("wanted: wanteds * int32")
    .Output("y: float")
    .Attr("maps: int")
    .Attr("lists: int")
    .Attr("wanteds: int >= 0")
    .Attr("heads: int >= 1")
    .Attr("eps: float")
    .Attr("bf16: bool")
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext* context) {
      context->set_output(0, context->UnknownShapeOfRank(2));
      return absl::OkStatus();
    });
REGISTER_KERNEL_BUILDER(Name("PanxEncoderLayer").Device(tensorflow::DEVICE_CPU), EncoderLayerOp);

}  // namespace panx::encoder_layer

#endif
