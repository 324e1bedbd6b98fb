import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readModelConfig } from '../../src/checkpoint/config.js';
import { type TensorToWrite, writeSafetensors } from '../../src/checkpoint/safetensors.js';
import { openTensors } from '../../src/checkpoint/weights.js';
import { runStage } from '../../src/experiment/run.js';
import type { StageRequest } from '../../src/experiment/stage.js';
import { checkpointFiles } from '../../src/experiment/start-files.js';
import { checkModelFolder } from '../../src/model/parameter-specs.js';
import { architectures, writeEncoder } from '../encoder-folders.js';
import { requestFor } from './short-run.js';

let folder: string;
let trained: string;
const labels = ['O', 'B-PER', 'I-PER', 'B-ORG', 'I-ORG', 'B-LOC', 'I-LOC'];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-new-head-'));
  await runStage(await requestFor(join(folder, 'first'), ['training.maxSteps=1', 'evaluation.enabled=false']));
  trained = join(folder, 'first', 'checkpoint');
});
afterAll(() => rm(folder, { recursive: true }));

/** A copy of the trained checkpoint whose classifier has other labels. @param names by id; null: config.json does not say */
async function withLabels(name: string, names: string[] | null): Promise<string> {
  const copy = join(folder, name);
  await cp(trained, copy, { recursive: true });
  const config = JSON.parse(await readFile(join(copy, 'config.json'), 'utf8')) as Record<string, unknown>;
  delete config.label2id;
  delete config.id2label;
  if (names !== null) config.id2label = Object.fromEntries(names.map((label, id) => [String(id), label]));
  await writeFile(join(copy, 'config.json'), JSON.stringify(config));
  const source = await openTensors(trained);
  const tensors: TensorToWrite[] = [];
  for (const [tensor, { shape }] of source.tensors) {
    const values = await source.read(tensor);
    const rows = names === null || !tensor.startsWith('classifier.') ? shape[0]! : names.length;
    const width = values.length / shape[0]!;
    const resized = Float32Array.from({ length: rows * width }, (_, i) => values[i % values.length]!);
    tensors.push({ name: tensor, shape: [rows, ...shape.slice(1)], data: () => resized });
  }
  await source.close();
  await writeSafetensors(join(copy, 'model.safetensors'), tensors);
  return copy;
}

async function startingFrom(startFrom: string, assignments: string[]): Promise<StageRequest> {
  const out = await mkdtemp(join(folder, 'out-'));
  const settings = ['training.maxSteps=2', 'evaluation.enabled=false', ...assignments];
  return { ...(await requestFor(out, settings)), startFrom, startFiles: await checkpointFiles(startFrom) };
}

it.each([
  ['as many others', ['O', 'B-A', 'I-A', 'B-B', 'I-B', 'B-C', 'I-C']],
  ['more', [...labels, 'B-MISC', 'I-MISC']],
  ['fewer', ['O', 'B-PER', 'I-PER']],
])('a classifier of %s labels is refused with the option that replaces it, and replaced by it', async (name, names) => {
  const start = await withLabels(name, names);
  await expect(runStage(await startingFrom(start, []))).rejects.toMatchObject({
    message: expect.stringContaining(`The classifier in ${start} predicts ${names.join(' ')}; the data is tagged with`),
    hint: expect.stringContaining('--new-head'),
  });
  const request = await startingFrom(start, ['training.newHead=true']);
  await runStage(request);
  expect((await readModelConfig(join(request.out, 'checkpoint'))).labels).toEqual(labels);
  // Drawn from the seed, as for a checkpoint without a classifier: what was there before does not show.
  const other = await startingFrom(await withLabels(`${name} again`, ['O', 'B-X']), ['training.newHead=true']);
  await runStage(other);
  const [one, two] = [request, other].map(({ out }) => readFile(join(out, 'checkpoint', 'model.safetensors')));
  expect(Buffer.compare(await one!, await two!)).toBe(0);
});

it('a classifier whose labels have no names is refused with the option too, and replaced', async () => {
  const start = await withLabels('nameless', null);
  await expect(checkModelFolder(start, 'start')).rejects.toMatchObject({
    message: `${start} holds a classifier of 7 labels, and its config.json does not name them.`,
    hint: expect.stringContaining('--new-head'),
  });
  await checkModelFolder(start, 'for a new head');
  const request = await startingFrom(start, ['training.newHead=true']);
  await runStage(request);
  expect((await readModelConfig(join(request.out, 'checkpoint'))).labels).toEqual(labels);
});

it('a classifier of the very labels stays', async () => {
  const [asked, unasked] = [await startingFrom(trained, ['training.newHead=true']), await startingFrom(trained, [])];
  await runStage(asked);
  await runStage(unasked);
  const [one, two] = [asked, unasked].map(({ out }) => readFile(join(out, 'checkpoint', 'model.safetensors')));
  expect(Buffer.compare(await one!, await two!)).toBe(0);
});

describe.each(architectures)('a checkpoint of %s that was tuned for named entities', architecture => {
  const startOf = async (name: string, names: readonly string[]) => {
    const start = join(folder, `${architecture} ${name}`);
    await writeEncoder(start, architecture, names);
    return start;
  };
  const small = ['training.size=16', 'evaluation.limit=10', 'evaluation.enabled=true', 'evaluation.langs=[en]'];
  const lossesOf = async (start: string) => {
    const request = await startingFrom(start, [...small, 'training.dropout=0']);
    await runStage(request);
    const events = (await readFile(join(request.out, 'events.jsonl'), 'utf8')).trim().split('\n');
    return events
      .map(line => JSON.parse(line) as { event: string; loss: number; f1?: number })
      .filter(({ event }) => event === 'step' || event === 'evaluation');
  };

  it('keeps its labels in their order, which are matched with the data by name', async () => {
    const shuffled = ['I-LOC', 'O', 'B-ORG', 'I-PER', 'B-LOC', 'B-PER', 'I-ORG'];
    const [plain, other] = [
      await lossesOf(await startOf('plain', labels)),
      await lossesOf(await startOf('other', shuffled)),
    ];
    expect(other).toHaveLength(plain.length);
    for (const [index, { loss, f1 }] of plain.entries()) {
      expect(Math.abs(other[index]!.loss - loss)).toBeLessThan(1e-4);
      expect(other[index]!.f1).toBe(f1);
    }
  });

  it('is refused where it has other labels, and takes a new classifier', async () => {
    const start = await startOf('others', ['O', 'B-MISC', 'I-MISC']);
    await expect(runStage(await startingFrom(start, []))).rejects.toMatchObject({
      hint: expect.stringContaining('--new-head'),
    });
    const request = await startingFrom(start, ['training.newHead=true']);
    await runStage(request);
    expect((await readModelConfig(join(request.out, 'checkpoint'))).labels).toEqual(labels);
  });
});
