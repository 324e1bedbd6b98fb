import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { buildCli, root } from '../built-cli.js';

/**
 * What a program prints in a process of its own with that many threads: the number is settled when TensorFlow loads. It runs on
 * the build, has `tf` and the kernels with fused operations that are named below, and `print(...tensors)` prints a line with the hash of their bytes.
 */
export async function outputOfThreads(threads: number, program: string): Promise<string[]> {
  buildCli();
  const script = `
    import { createHash } from 'node:crypto';
    import * as tf from '@tensorflow/tfjs-core';
    import { loadEngine } from './dist/engine/engine.js';
    import { biasGelu } from './dist/kernels/bias-gelu.js';
    import { embeddings } from './dist/kernels/embeddings.js';
    import { encoderLayer, encoderLayerKernel, layOut } from './dist/kernels/encoder-layer.js';
    import { asWeight, linear } from './dist/kernels/linear.js';
    import { residualNorm } from './dist/kernels/residual-norm.js';
    await loadEngine('tensorflow');
    const print = (...tensors) => {
      const hash = createHash('sha256');
      for (const tensor of tensors) hash.update(new Uint8Array(tensor.dataSync().slice().buffer));
      console.log(hash.digest('hex'));
    };
    ${program}`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    env: { ...process.env, TF_NUM_INTRAOP_THREADS: String(threads) },
  });
  return stdout.trim().split('\n');
}
