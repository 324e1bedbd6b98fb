import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { returnFreeMemory } from '../../src/engine/memory.js';
import { engineKernel } from '../../src/kernels/engine-kernel.js';
import { onEachBackend, values } from '../kernels/each-backend.js';

const residentMb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1000;

onEachBackend(backend => {
  it('touches no tensor', () => {
    const x = values([100], 1);
    const [before, tensors] = [x.dataSync().slice(), tf.memory().numTensors];
    returnFreeMemory();
    expect(x.dataSync()).toEqual(before);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  if (backend !== 'tensorflow') return;

  it('gives the system what lies free between pieces that are in use', ({ skip }) => {
    if (process.platform !== 'linux' || engineKernel('PanxAttention') === null) return skip();
    // Small enough to come from the C library's heap; every 50th stays, so that the end of the heap does.
    const tensors = Array.from({ length: 2000 }, (_, i) => tf.fill([16_000], i));
    tf.dispose(tensors.filter((_, i) => i % 50 !== 49));
    const before = residentMb();
    returnFreeMemory();
    expect(residentMb()).toBeLessThan(before - 60);
    tf.dispose(tensors);
  });
});
