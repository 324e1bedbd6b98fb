import tf = require('@tensorflow/tfjs-core');

import type { Precision } from '../precision.js';
import { type Attribute, type RawOperations, rawOperations } from './raw-operations.js';

/**
 * Register, for TensorFlow.js's `tensorflow` backend, the kernels that TensorFlow.js has no name for and TensorFlow has operations for. What
 * each takes and gives stands where it is used, in src/kernels/.
 */
export function registerRawKernels(): void {
  const raw = rawOperations();
  const float32 = (name: string) => raw.type(name, 'float32');

  register('PanxToBfloat16', ([x]) => raw.run('Cast', [x!], cast(raw, 'float32', 'bfloat16'), 1));
  register('PanxFromBfloat16', ([x]) => raw.run('Cast', [x!], cast(raw, 'bfloat16', 'float32'), 1));
  register('PanxMatMulBfloat16', ([a, b], { transposeA, transposeB }) => {
    const type = raw.type('T', 'bfloat16');
    const transposed = [raw.bool('transpose_a', transposeA as boolean), raw.bool('transpose_b', transposeB as boolean)];
    return raw.run('MatMul', [a!, b!], [type, ...transposed], 1);
  });
  register('PanxMatMul', ([a, b], { transposeA, transposeB }) => [
    tf.matMul(a!, b!, transposeA as boolean, transposeB as boolean),
  ]);
  // Philox counters, in [0, 1).
  register('PanxUniform', (_, { shape, seed }) => {
    const inputs = [tf.tensor1d(shape as number[], 'int32'), tf.tensor1d(seed as number[], 'int32')];
    const types = [float32('dtype'), raw.type('T', 'int32'), raw.type('Tseed', 'int32')];
    const drawn = raw.run('StatelessRandomUniform', inputs, types, 1);
    tf.dispose(inputs);
    return drawn;
  });
  // L2Loss is sum(x^2) / 2 in one pass and without a temporary of x's size.
  register('PanxSquaredNormOfOne', ([x]) => [tf.tidy(() => tf.mul(raw.run('L2Loss', [x!], [float32('T')], 1)[0]!, 2))]);

  // The shared name must be unique in the process: TensorFlow finds resources by it.
  register('PanxCreateVariable', (_, { shape }) =>
    raw.run(
      'VarHandleOp',
      [],
      [
        raw.string('container', ''),
        raw.string('shared_name', `panx-${++variables}`),
        float32('dtype'),
        raw.shape('shape', shape as number[]),
      ],
      1,
    ),
  );
  register('PanxReadVariable', ([handle]) => raw.run('ReadVariableOp', [handle!], [float32('dtype')], 1));
  register('PanxAssignVariable', ([handle, value], { copy }) => {
    const own = copy ? raw.run('DeepCopy', [value!], [float32('T')], 1)[0]! : value!;
    raw.run('AssignVariableOp', [handle!, own], [float32('dtype')], 0);
    if (copy) own.dispose();
    return [];
  });
  register('PanxDisposeVariable', ([handle]) => {
    raw.run('DestroyResourceOp', [handle!], [raw.bool('ignore_lookup_error', true)], 0);
    return [];
  });
  register('PanxAdamWOfOne', (inputs, attributes) => {
    tf.tidy(() => adamWOfOne(raw, inputs, attributes as unknown as AdamWAttributes));
    return [];
  });
}

let variables = 0;

/**
 * Register panx's own operations (operations/), whose library is in the process by now.
 *
 * @param products the precisions in which it multiplies itself
 */
export function registerFusedKernels(products: readonly Precision[]): void {
  const raw = rawOperations();
  for (const [name, { attributes, outputs }] of Object.entries(fusedOperations)) {
    register(name, (inputs, values) => raw.run(name, inputs, typed(raw, attributes, values), outputs));
  }
  for (const precision of products) {
    const suffix = precision === 'bf16' ? 'Bfloat16' : '';
    const bf16 = raw.bool('bf16', precision === 'bf16');
    for (const [name, { attributes, outputs }] of Object.entries(productOperations)) {
      register(`${name}${suffix}`, (inputs, values) =>
        raw.run(name, inputs, [...typed(raw, attributes, values), bf16], outputs),
      );
    }
  }
}

type Kind = 'type' | 'bool' | 'int' | 'float';
type Operation = { attributes: Readonly<Record<string, Kind>>; outputs: number };

/** As operations/*.cc register them. */
const fusedOperations: Readonly<Record<string, Operation>> = {
  PanxAdamW: { attributes: { N: 'int', in_place: 'bool' }, outputs: 0 },
  PanxAdamWRows: { attributes: { gradients: 'int', in_place: 'bool' }, outputs: 0 },
  PanxAttention: { attributes: { T: 'type', heads: 'int', rate: 'float' }, outputs: 2 },
  PanxAttentionGrad: { attributes: { heads: 'int', rate: 'float' }, outputs: 1 },
  PanxBiasGelu: { attributes: { T: 'type' }, outputs: 1 },
  PanxBiasGeluGrad: { attributes: { T: 'type' }, outputs: 2 },
  PanxDisentangledAttention: { attributes: { T: 'type', heads: 'int', scale: 'float', rate: 'float' }, outputs: 2 },
  PanxDisentangledAttentionGrad: { attributes: { heads: 'int', scale: 'float', rate: 'float' }, outputs: 3 },
  PanxEmbeddings: { attributes: { rate: 'float', eps: 'float' }, outputs: 3 },
  PanxEmbeddingsGrad: { attributes: { rate: 'float' }, outputs: 4 },
  PanxResidualNorm: { attributes: { rate: 'float', eps: 'float', keep: 'bool', round: 'bool' }, outputs: 4 },
  PanxResidualNormGrad: { attributes: { rate: 'float' }, outputs: 5 },
  PanxReturnMemory: { attributes: {}, outputs: 0 },
  PanxSquaredNorm: { attributes: { N: 'int', K: 'int' }, outputs: 1 },
  PanxSumByRow: { attributes: {}, outputs: 1 },
};

/** Those that multiply matrices, and take the precision as an attribute. */
const productOperations: Readonly<Record<string, Operation>> = {
  PanxEncoderLayer: { attributes: { wanteds: 'int', heads: 'int', eps: 'float' }, outputs: 1 },
  PanxEncoderPanels: { attributes: { heads: 'int' }, outputs: 1 },
  PanxLinear: { attributes: { Tx: 'type', biases: 'int' }, outputs: 1 },
  PanxLinearGrad: {
    attributes: { Tdy: 'type', Tx: 'type', dxs: 'int', dweights: 'int', bias: 'bool' },
    outputs: 4,
  },
};

type Values = Readonly<Record<string, unknown>>;

function register(kernelName: string, run: (inputs: readonly tf.Tensor[], attributes: Values) => tf.Tensor[]): void {
  const kernelFunc: tf.KernelFunc = ({ inputs, attrs }) => run(inputs as unknown as tf.Tensor[], attrs as Values);
  tf.registerKernel({ kernelName, backendName: 'tensorflow', kernelFunc });
}

function typed(raw: RawOperations, kinds: Operation['attributes'], values: Values): Attribute[] {
  const attributes: Attribute[] = [];
  for (const name in kinds) attributes.push(raw[kinds[name]!](name, values[name] as never));
  return attributes;
}

function cast(raw: RawOperations, from: 'float32' | 'bfloat16', to: 'float32' | 'bfloat16'): Attribute[] {
  return [raw.type('SrcT', from), raw.type('DstT', to), raw.bool('Truncate', false)];
}

interface AdamWAttributes {
  learningRate: number;
  beta1: number;
  beta2: number;
  eps: number;
  weightDecay: number;
  step: number;
}

/** @param inputs the handles of a parameter and of its two moments, and the gradient */
function adamWOfOne(
  raw: RawOperations,
  inputs: readonly tf.Tensor[],
  { learningRate, beta1, beta2, eps, weightDecay, step }: AdamWAttributes,
): void {
  const [parameter, firstMoment, secondMoment, gradient] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const dtype = [raw.type('dtype', 'float32')];
  if (weightDecay !== 0 && learningRate !== 0) {
    const value = raw.run('ReadVariableOp', [parameter], dtype, 1)[0]!;
    const decay = tf.mul(value, learningRate * weightDecay);
    value.dispose(); // or the subtraction below could not happen in place
    raw.run('AssignSubVariableOp', [parameter, decay], dtype, 0);
  }
  // ResourceApplyAdam adds its epsilon to sqrt(v) where torch adds it to sqrt(v) / sqrt(1 - b2^t), and it works out 1 - b1, 1 - b2 and
  // the bias corrections in float32, where 1 - 0.999 is off by 1.3e-5. So the corrections are made here, in double precision, and
  // the op gets powers of 0 (no correction of its own); `drift` undoes the rounding of 1 - b1 and 1 - b2 inside m and v.
  const correction2 = Math.sqrt(1 - beta2 ** step);
  const drift1 = (1 - Math.fround(beta1)) / (1 - beta1);
  const drift2 = Math.sqrt((1 - Math.fround(beta2)) / (1 - beta2));
  raw.run(
    'ResourceApplyAdam',
    [
      ...[parameter, firstMoment, secondMoment, tf.scalar(0), tf.scalar(0)],
      tf.scalar(((learningRate * correction2) / (1 - beta1 ** step)) * (drift2 / drift1)),
      ...[tf.scalar(beta1), tf.scalar(beta2), tf.scalar(eps * correction2 * drift2), gradient],
    ],
    [raw.type('T', 'float32'), raw.bool('use_locking', false), raw.bool('use_nesterov', false)],
    0,
  );
}
