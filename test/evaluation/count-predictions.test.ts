import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, expect, it } from 'vitest';
import { countPredictions } from '../../src/evaluation/count-predictions.js';
import { openPredictions, readPredictions, readTrusted } from '../../src/evaluation/predictions.js';
import { classificationReport, f1Score } from '../../src/evaluation/seqeval/seqeval.js';

let path: string;
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'panx-counts-'));
  path = join(folder, 'predictions.jsonl.gz');
  return () => rm(folder, { recursive: true });
});

/** Tags in columns; null: a word without a prediction. */
async function write(rows: [gold: string, predicted: string | null][][]): Promise<void> {
  const file = openPredictions(path);
  for (const [row, words] of rows.entries()) {
    const numbers = words.map(([, predicted]) => (predicted === null ? null : 0.5));
    await file.append({
      row,
      words: words.map((_, i) => `w${i}`),
      gold: words.map(([gold]) => gold),
      predicted: words.map(([, predicted]) => predicted),
      loss: numbers,
      probability: numbers,
    });
  }
  await file.close();
}

const rows: [string, string | null][][] = [
  [
    ['B-PER', 'I-PER'],
    ['I-PER', 'I-PER'],
    ['O', 'O'],
  ],
  [
    ['B-LOC', 'B-ORG'],
    ['O', null],
    ['B-LOC', 'B-LOC'],
    ['B-ORG', null],
  ],
];
const tags = (side: 0 | 1) => rows.map(words => words.filter(([, one]) => one !== null).map(pair => pair[side]!));

it('counts what seqeval counts, of words that have a prediction, in both modes', async () => {
  await write(rows);
  const { entities, accuracy, rows: counted } = await countPredictions(readPredictions(path), 'strict');
  expect(counted).toBe(2);
  expect(accuracy).toBe(3 / 5);
  const [gold, predicted] = [tags(0), tags(1)];
  expect(entities.default.micro.f1).toBe(f1Score(gold, predicted));
  expect(entities.default.macro.f1).toBe(f1Score(gold, predicted, { average: 'macro' }));
  expect(entities.strictIob2!.micro.f1).toBe(f1Score(gold, predicted, { scheme: 'IOB2' }));
  const report = classificationReport(gold, predicted);
  expect(entities.default.types.map(({ type, f1 }) => [type, f1])).toEqual(
    report.types.map(({ type, f1 }: { type: string; f1: number }) => [type, f1]),
  );
});

it('reads the same rows without looking closely at the lines, and refuses what is none', async () => {
  await write(rows);
  const all = [];
  for await (const row of readPredictions(path)) all.push(row);
  const trusted = [];
  for await (const row of readTrusted(path)) trusted.push(row);
  expect(trusted).toEqual(all);
  for (const [line, sentence] of [
    [
      '{"words": ["a"], "gold": ["O"], "predicted": ["O"], "loss": [0], "probability": []}\n',
      'line 1 is not JSON in the form that panx writes',
    ],
    ['{"gold": 1}\n', 'line 1 is not JSON in the form that panx writes'],
    ['{"gold": [\n', 'line 1'],
    ['{"gold": [], "predicted": []}', 'line 1 is not whole'],
  ] as const) {
    await writeFile(path, gzipSync(line));
    const read = async () => {
      for await (const _ of readTrusted(path));
    };
    await expect(read(), line).rejects.toThrow(sentence);
  }
});

it('does not depend on the order in which tags come', async () => {
  await write(rows);
  const first = await countPredictions(readTrusted(path), 'default');
  await write([...rows].reverse());
  expect((await countPredictions(readTrusted(path), 'default')).entities).toEqual(first.entities);
});
