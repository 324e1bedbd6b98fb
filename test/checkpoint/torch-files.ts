import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSafetensors } from '../../src/checkpoint/safetensors.js';
import type { TensorInfo } from '../../src/checkpoint/tensor-source.js';

/** Folders with files of torch.save and what torch reads from them: see scripts/make-golden/torch_files.py. */
export const goldens = fileURLToPath(new URL('../fixtures/golden/torch-files', import.meta.url));
export const goldenNames = readdirSync(goldens).sort();

export interface Expected {
  tensors: Map<string, TensorInfo>;
  /** Of the types that can be read. */
  values: Map<string, Float32Array>;
  notTensors: string[];
}

export async function expectedOf(name: string): Promise<Expected> {
  const folder = join(goldens, name);
  const source = await openSafetensors(join(folder, 'expected.safetensors'));
  const values = new Map<string, Float32Array>();
  for (const [tensor, { dtype }] of source.tensors) {
    if (isRead(dtype)) values.set(tensor, await source.read(tensor));
  }
  await source.close();
  const { notTensors } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as { notTensors: string[] };
  return { tensors: source.tensors, values, notTensors };
}

export function isRead(dtype: string): boolean {
  return ['F32', 'F16', 'BF16', 'F64'].includes(dtype);
}
