import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, expect, it } from 'vitest';
import { parseModelConfig } from '../../src/checkpoint/config.js';
import { writeCheckpointFolder } from '../../src/checkpoint/folder.js';
import { piecesOf, type TensorToWrite } from '../../src/checkpoint/safetensors.js';
import { openTensors } from '../../src/checkpoint/weights.js';
import { loadEngine } from '../../src/engine/engine.js';
import { initialTensors } from '../../src/model/initialise.js';
import { loadTokenClassifier, tensorsOf } from '../../src/model/token-classifier.js';
import { exampleConfig } from '../checkpoint/example.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-classifier-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('writes back a word table of which few rows were loaded, and every other tensor as it is', async () => {
  await loadEngine('auto');
  const config = parseModelConfig('example', { ...exampleConfig, vocab_size: 10_000 });
  const tensors = initialTensors(config, 1);
  await writeCheckpointFolder(folder, { config, tensors, tokenizerFrom: folder }, { replace: false });
  // Around where the pieces that it is written in begin and end, and one with nothing of it.
  const ids = [0, 7, 4095, 8192, 9999];
  const model = await loadTokenClassifier(folder, {
    inputIds: [Int32Array.from(ids)],
    newHead: { labels: [], seed: 0 },
    precision: 'fp32',
  });
  const wordTable = model.parameters.find(({ rowwise }) => rowwise)!;
  expect(wordTable.shape).toEqual([ids.length, config.hiddenSize]);
  wordTable.variable.assign(tf.fill(wordTable.shape, 3));
  model.unusedRowScale = 0.5;

  const source = await openTensors(folder);
  const written = new Map<string, Float32Array>();
  for (const tensor of tensorsOf(model, source)) written.set(tensor.name, await whole(tensor));
  await source.close();
  model.dispose();

  expect([...written.keys()]).toEqual(tensors.map(({ name }) => name));
  for (const tensor of tensors) {
    const before = await whole(tensor);
    const isWordTable = tensor.name.endsWith('word_embeddings.weight');
    const row = (i: number) => Math.floor(i / config.hiddenSize);
    const expected = isWordTable ? before.map((value, i) => (ids.includes(row(i)) ? 3 : value * 0.5)) : before;
    expect(Buffer.from(written.get(tensor.name)!.buffer).equals(Buffer.from(expected.buffer)), tensor.name).toBe(true);
  }
});

async function whole(tensor: TensorToWrite): Promise<Float32Array> {
  const values: number[] = [];
  for await (const piece of piecesOf(tensor)) for (const value of piece) values.push(value);
  return Float32Array.from(values);
}
