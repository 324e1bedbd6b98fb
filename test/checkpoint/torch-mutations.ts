import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { checkWeights, openTensors } from '../../src/checkpoint/weights.js';
import { PanxError } from '../../src/errors.js';
import { mulberry32 } from '../mulberry32.js';
import { mutateTorch } from './mutate-torch.js';
import { type Expected, expectedOf, goldenNames, goldens, isRead } from './torch-files.js';

/**
 * Damage golden files of torch.save and read them: each gives the right tensors or one sentence, in under a second and with less than 300 MB more
 * of memory in all.
 *
 * @returns how many were refused, and how many read
 */
export async function readMutated(
  folder: string,
  count: number,
  seed: number,
): Promise<{ refused: number; read: number }> {
  const names = goldenNames.filter(name => !name.startsWith('shards'));
  const cases = await Promise.all(
    names.map(async name => ({
      name,
      file: readFileSync(join(goldens, name, 'pytorch_model.bin')),
      expected: await expectedOf(name),
    })),
  );
  const path = join(folder, 'pytorch_model.bin');
  const memoryBefore = process.resourceUsage().maxRSS;
  const found = { refused: 0, read: 0 };
  for (let i = 0; i < count; i++) {
    const { name, file, expected } = cases[i % cases.length]!;
    const mutated = mutateTorch(file, mulberry32(seed + i));
    writeFileSync(path, mutated);
    const before = process.cpuUsage();
    // A file of checksums is as it was where they hold; of others, no more can be asked than that what is read has its shape.
    const isSealed = name.endsWith('-zip') && !name.startsWith('without');
    const what = `${name}, seed ${seed + i}`;
    try {
      await checkWeights(folder);
      await readAll(folder, isSealed ? expected : null, what);
      found.read++;
    } catch (error) {
      if (!(error instanceof PanxError)) throw new Error(`${what}: ${String(error)}`, { cause: error });
      const sentence = error.message;
      expect(sentence, what).toMatch(/^[^\n]{20,1500}[.]$/s);
      expect(sentence, what).not.toMatch(/cannot be read|out of range/); // As a mistake of panx's would be told.
      found.refused++;
    }
    // Of processors, not of the clock: others may work on the machine.
    const { user, system } = process.cpuUsage(before);
    if (user + system > 1e6) throw new Error(`${what} took ${user + system} us`);
  }
  expect(process.resourceUsage().maxRSS - memoryBefore).toBeLessThan(300_000);
  expect(existsSync('panx-was-called')).toBe(false);
  return found;
}

async function readAll(folder: string, expected: Expected | null, what: string): Promise<void> {
  const source = await openTensors(folder);
  try {
    if (expected !== null) expect(source.tensors, what).toEqual(expected.tensors);
    for (const [name, { shape, dtype }] of source.tensors) {
      if (!isRead(dtype)) continue;
      const values = await source.read(name);
      expect(values.length, what).toBe(shape.reduce((product, size) => product * size, 1));
      if (expected !== null) expect(values, what).toEqual(expected.values.get(name));
    }
  } finally {
    await source.close();
  }
}
