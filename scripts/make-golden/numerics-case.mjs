/**
 * What one kind of arithmetic makes of a tiny model: hashes of the bytes, as JSON. A process has one engine, so each is
 * computed in one of its own, on the build:
 *
 *   node scripts/make-golden/numerics-case.mjs tensorflow|tensorflow-without-bf16|tensorflow-v3|tensorflow-plain|wasm
 *
 * The second and third are what panx computes where it finds a CPU without some instructions. TensorFlow itself asks
 * the CPU.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { piecesOf } from '../../dist/checkpoint/safetensors.js';
import { openTensors } from '../../dist/checkpoint/weights.js';
import { loadEngine } from '../../dist/engine/engine.js';
import { readHardware } from '../../dist/engine/hardware.js';
import { engineKind, numericsRevision } from '../../dist/engine/numerics.js';
import { fusedFile, fusedFolder } from '../../dist/engine/tensorflow/fused-library.js';
import { findEngine } from '../../dist/engine/tensorflow/installed-engine.js';
import { predict } from '../../dist/evaluation/predict.js';
import { engineKernel } from '../../dist/kernels/engine-kernel.js';
import { loadTokenClassifier, tensorsOf } from '../../dist/model/token-classifier.js';
import { train } from '../../dist/training/loop.js';
import { createOptimizer } from '../../dist/training/optimizer.js';
import { bytesOf, courses, scoredRows, trainingRows, writeStart } from './numerics-inputs.mjs';

const cases = {
  tensorflow: {},
  'tensorflow-without-bf16': { hidden: ['avx512_bf16', 'amx_bf16'] },
  'tensorflow-v3': { hidden: ['avx512_vnni', 'avx512_bf16', 'amx_bf16'] },
  'tensorflow-plain': { plain: true },
  wasm: {},
};
console.log(JSON.stringify(await compute(process.argv[2])));

/**
 * `input`: the hash of what is trained and scored; `records`: one for each precision, with all that determines its
 * bytes.
 */
async function compute(name) {
  const { hidden = [], plain = false } = cases[name];
  const processor = await describeProcessor();
  Object.assign(process.env, {
    PANX_CPU_WITHOUT: hidden.join(','),
    PANX_OPERATIONS: plain ? 'plain' : '',
    // tensorflow-plain's bytes may show their number.
    TF_NUM_INTRAOP_THREADS: '2',
    TF_NUM_INTEROP_THREADS: '2',
  });
  const engine = await loadEngine(name === 'wasm' ? 'wasm' : 'tensorflow');
  if (engine.threads === null) return { input: '', records: [] }; // A GPU, which adds up in no fixed order.
  const folder = await fs.mkdtemp(join(tmpdir(), 'panx-numerics-'));
  try {
    const input = await writeStart(folder);
    const records = [];
    for (const precision of engine.name === 'wasm' ? ['fp32'] : ['fp32', 'bf16']) {
      const hashes = {};
      for (const [course, settings] of Object.entries(courses)) {
        hashes[course] = await runCourse(folder, precision, settings);
      }
      records.push({ ...(await describeArithmetic(engine, precision, processor)), hashes });
    }
    return { input, records };
  } finally {
    await fs.rm(folder, { recursive: true });
  }
}

/**
 * All that the bytes depend on beside the code: test/engine/numerics.test.ts says what was found. Null: they do not
 * depend on it.
 */
async function describeArithmetic(engine, precision, processor) {
  const kind = engineKind(engine);
  const own = engineKernel(precision === 'bf16' ? 'PanxLinearBfloat16' : 'PanxLinear') !== null;
  const products = engine.name === 'wasm' ? 'TensorFlow.js' : own ? 'panx' : 'TensorFlow';
  return {
    kind,
    revision: numericsRevision[kind],
    precision,
    operations: engine.operations,
    products,
    compiler: kind === 'tensorflow-fused' ? await compilerOf(engine.operations.split(' ')[1]) : null,
    processor: products === 'TensorFlow' ? processor : null,
  };
}

/** The compiler's own words in the library of panx's operations: `GCC: (Debian 12.2.0-14) 12.2.0`. */
async function compilerOf(level) {
  const { engine } = await findEngine();
  const library = await fs.readFile(fusedFile(fusedFolder(engine.libraries), level), 'latin1');
  return /GCC: \([^)]*\) [\w.]+|clang version [\w.]+/.exec(library)?.[0] ?? 'unknown';
}

/** Its maker, family and model, as its name may be that of many, and the instruction sets that programs choose by. */
async function describeProcessor() {
  const text = await fs.readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const fields = ['vendor_id', 'cpu family', 'model', 'CPU implementer', 'CPU part'];
  const found = fields.flatMap(field => new RegExp(`^${field}\\s*: (.*)$`, 'm').exec(text)?.[1] ?? []);
  const { features } = await readHardware();
  return [...(found.length === 0 ? [cpus()[0]?.model ?? 'unknown'] : found), ...features].join(' ');
}

/**
 * Train and score: hashes of the weights, of every step's loss and gradient norm, and of what the trained model makes
 * of other rows.
 */
async function runCourse(folder, precision, settings) {
  const model = await loadTokenClassifier(folder, {
    inputIds: [trainingRows.inputIds],
    newHead: { labels: [], seed: 0 },
    precision,
  });
  const optimizer = createOptimizer(model.parameters, settings);
  const steps = createHash('sha256');
  await train(
    model,
    optimizer,
    trainingRows,
    settings,
    { step: 0, epoch: 0, window: 0 },
    {
      onStep: async ({ loss, gradNorm }) => {
        steps.update(bytesOf(Float64Array.of(loss, gradNorm)));
        return 'go on';
      },
      onEpochEnd: async () => 'go on',
    },
  );
  const source = await openTensors(folder);
  const weights = createHash('sha256');
  for (const tensor of tensorsOf(model, source)) {
    for await (const piece of piecesOf(tensor)) weights.update(bytesOf(piece));
  }
  await source.close();
  const scores = createHash('sha256');
  const { loss } = await predict(model, scoredRows, { batchSize: 4, withProbabilities: true }, prediction => {
    scores.update(bytesOf(prediction.predictedIds)).update(bytesOf(prediction.probabilities));
    scores.update(bytesOf(Float64Array.of(prediction.loss)));
  });
  scores.update(bytesOf(Float64Array.of(loss)));
  optimizer.dispose();
  model.dispose();
  return { weights: weights.digest('hex'), steps: steps.digest('hex'), scores: scores.digest('hex') };
}
