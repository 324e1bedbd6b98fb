import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventFileOf, type LaterScore, type ShownRun } from '../../../src/reporting/tensorboard/event-file.js';
import { shownRun } from '../../../src/reporting/tensorboard/stages.js';
import { isDone, type RunDirectory } from '../../../src/run/directory.js';
import { type ReadEvents, readEvents } from './read-events.js';
import { finishRun, score, someConfig, someRows, step, writeRun } from './some-run.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'panx-event-file-'));
});

const startMs = Date.parse('2026-01-01T00:00:00.000Z');

async function read(
  run: RunDirectory,
  shown: ShownRun,
  later: readonly LaterScore[] | null = isDone(run) ? [] : null,
  failed = false,
): Promise<ReadEvents & { isWhole: boolean }> {
  const { bytes, isWhole } = await eventFileOf(run, shown, later, failed);
  const path = join(root, 'read');
  writeFileSync(path, bytes);
  return { ...readEvents(path), isWhole };
}

const tagsOf = ({ scalars }: ReadEvents) => [...new Set(scalars.map(({ tag }) => tag))];
const names = ['loss', 'f1', 'precision', 'recall', 'accuracy'];

it("a run of one language has the tags of Trainer's TensorBoardCallback", async () => {
  const run = writeRun(root, [step(1, 0.7), step(2), score(2, 'en', 'validation', 0.25), score(2, 'en', 'test', 0.5)]);
  finishRun(run, 2);
  const found = await read(run, shownRun(await someConfig(), someRows, 'g'));
  expect(tagsOf(found)).toEqual([
    ...['train/loss', 'train/grad_norm', 'train/learning_rate', 'train/epoch'],
    ...names.map(name => `eval/${name}`),
    ...names.map(name => `test/${name}`),
  ]);
  const of = (tag: string) => found.scalars.filter(scalar => scalar.tag === tag);
  expect(of('train/loss').map(({ step, value }) => [step, value])).toEqual([
    [1, Math.fround(0.7)],
    [2, 0.5],
  ]);
  expect(of('train/epoch').map(({ value }) => value)).toEqual([0.5, 1]);
  expect(of('train/learning_rate')[0]!.value).toBe(Math.fround(1e-4));
  expect(of('eval/f1')).toMatchObject([{ step: 2, value: 0.25 }]);
  expect(of('test/f1')).toMatchObject([{ step: 2, value: 0.5 }]);
  expect(found.others).toEqual(['_hparams_/session_start_info', '_hparams_/session_end_info']);
});

describe('where several languages are scored', () => {
  it('each has tags of its own, as Trainer has them for several evaluation sets', async () => {
    const config = await someConfig(['training.langs=[en, de]']);
    const events = [step(1), score(1, 'en', 'validation', 0.25), score(1, 'de', 'validation', 0.5)];
    const found = await read(writeRun(root, events), shownRun(config, someRows, 'g'));
    expect(tagsOf(found).slice(4)).toEqual([
      ...names.map(name => `eval/en_${name}`),
      ...names.map(name => `eval/de_${name}`),
    ]);
  });

  it('by the runs beside it, a run that scores one has both', async () => {
    const shown = { ...shownRun(await someConfig(), someRows, 'g'), scoredByAll: { eval: ['en', 'tr'], test: ['en'] } };
    const events = [step(1), score(1, 'en', 'validation', 0.25), score(1, 'en', 'test', 0.5)];
    const found = await read(writeRun(root, events), shown);
    expect(tagsOf(found).slice(4)).toEqual([
      ...names.map(name => `eval/${name}`),
      ...names.map(name => `eval/en_${name}`),
      ...names.map(name => `test/${name}`),
    ]);
  });
});

it('after a re-split the validation split is the test set, and what is held out is scored after each epoch', async () => {
  const config = await someConfig(['training.resplit=true']);
  const events = [step(1), score(1, 'en', 'held', 0.25), score(1, 'en', 'validation', 0.5)];
  const { scalars } = await read(writeRun(root, events), shownRun(config, someRows, 'g'));
  const f1 = scalars.filter(({ tag }) => tag.endsWith('/f1')).map(({ tag, value }) => [tag, value]);
  expect(f1).toEqual([
    ['eval/f1', 0.25],
    ['test/f1', 0.5],
  ]);
});

it('is the same for the same log, and of a part of a log the first part', async () => {
  const shown = shownRun(await someConfig(), someRows, 'g');
  const events = [step(1), step(2), score(2, 'en', 'validation', 0.25), step(3)];
  const { bytes } = await eventFileOf(writeRun(root, events), shown, null);
  expect((await eventFileOf(writeRun(root, events), shown, null)).bytes.equals(bytes)).toBe(true);
  for (let lines = 0; lines < events.length; lines++) {
    const part = (await eventFileOf(writeRun(root, events.slice(0, lines)), shown, null)).bytes;
    expect(bytes.subarray(0, part.length).equals(part)).toBe(true);
    expect(part.length).toBeLessThan(bytes.length);
  }
});

it('what is still being written of the log is left out', async () => {
  const run = writeRun(root, [step(1), step(2), step(3)]);
  const shown = shownRun(await someConfig(), someRows, 'g');
  writeFileSync(run.events, '{"event":"step","st', { flag: 'a' });
  // The times come after the events: of the third step there is none yet.
  writeFileSync(
    run.times,
    '{"event":"step","step":1,"rows":4,"durationMs":500}\n{"event":"step","step":2,"rows":4,"durationMs":500}\n{"eve',
  );
  const { scalars, isWhole } = await read(run, shown);
  expect(scalars.filter(({ tag }) => tag === 'train/loss').map(({ step }) => step)).toEqual([1, 2]);
  expect(isWhole).toBe(false);
});

it('times are those of the sessions, and the time that was worked since', async () => {
  const sessions = [
    { startedAt: '2026-01-01T00:00:00.000Z', fromStep: 0 },
    { startedAt: '2026-01-01T01:00:00.000Z', fromStep: 2 },
    { startedAt: '2026-01-01T02:00:00.000Z', fromStep: 2 },
  ];
  const events = [step(1), step(2), score(2, 'en', 'validation', 0.5), step(3), step(4)];
  const { scalars } = await read(writeRun(root, events, sessions), shownRun(await someConfig(), someRows, 'g'));
  const seconds = scalars
    .filter(({ tag }) => /^(train\/loss|eval\/f1)$/.test(tag))
    .map(({ wallTime }) => wallTime - startMs / 1000);
  expect(seconds).toEqual([0.5, 1, 1.5, 7200.5, 7201]);
});

describe('the session', () => {
  it.each([
    ['ends where the run is done', true, [], false, ['start', 'end'], true],
    ['goes on where it is not', false, null, false, ['start'], false],
    ['goes on while scores are to come', true, null, false, ['start'], false],
    ['ends where the run failed', false, null, true, ['start', 'end'], false],
  ] as const)('%s', async (_, done, later, failed, expected, isWhole) => {
    const run = writeRun(root, [step(1)]);
    if (done) finishRun(run, 1);
    const found = await read(run, shownRun(await someConfig(), someRows, 'g'), later, failed);
    expect(found.others).toEqual(expected.map(name => `_hparams_/session_${name}_info`));
    expect(found.isWhole).toBe(isWhole);
  });
});

it('scores that a study keeps apart come after the log, at the step whose weights were scored', async () => {
  const config = await someConfig(['training.select=best']);
  const run = writeRun(
    root,
    [1, 2, 3, 4].map(n => step(n)),
  );
  const selection = {
    epochs: 2,
    select: 'best',
    epoch: 1,
    monitor: 'loss of en/validation',
    best: { epoch: 1, value: 0.5 },
  };
  writeFileSync(
    run.metrics,
    JSON.stringify({ rows: someRows, steps: 4, trainLoss: 1, metric: null, test: {}, selection }),
  );
  const { event: _, step: __, epoch: ___, ...scores } = score(0, 'tr', 'test', 0.75);
  const shown = {
    ...shownRun(config, someRows, 'g'),
    scored: { eval: [], test: ['tr'] },
    scoredByAll: { eval: [], test: ['tr'] },
  };
  const { scalars } = await read(run, shown, [{ ...scores, durationMs: 1000 }]);
  expect(scalars.filter(({ tag }) => tag === 'test/f1')).toEqual([
    { wallTime: startMs / 1000 + 3, step: 2, tag: 'test/f1', value: 0.75 },
  ]);
});

it('hparams are the settings of training and tokenization, without seeds and what has no value', async () => {
  const config = await someConfig(['model=a/b/c', 'training.langs=[en, tr]', 'training.fractions={en: 0.5}']);
  const { hparams } = shownRun(config, someRows, 'g');
  expect(hparams).toMatchObject({
    ...{ model: 'b/c', data: 'google/xtreme', precision: 'auto' },
    ...{ 'training.langs': '[en, tr]', 'training.fractions': '{en: 0.5}', 'training.epochs': 2 },
    ...{ 'training.groupByLength': false, 'tokenization.maxLength': 512 },
  });
  for (const absent of [
    'seed',
    'training.dataSeed',
    'training.size',
    'training.sizes',
    'training.patience',
    'evaluation.batchSize',
  ]) {
    expect(hparams).not.toHaveProperty([absent]);
  }
});
