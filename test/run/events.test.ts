import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  type EvaluationEvent,
  type LogFiles,
  openEventLog,
  readEvents,
  readTimes,
  type StepEvent,
  truncateAfterStep,
} from '../../src/run/events.js';

let folder: string;
let path: string;
let files: LogFiles;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-events-'));
  path = join(folder, 'run', 'events.jsonl');
  files = { events: path, times: join(folder, 'run', 'times.jsonl') };
});
afterEach(() => rm(folder, { recursive: true }));

function step(step: number): StepEvent {
  return {
    event: 'step',
    step,
    epoch: 0,
    loss: 1 / step,
    gradNorm: 2,
    learningRate: 1e-5,
    rows: 32,
    subwords: 400,
  };
}

function evaluation(step: number): EvaluationEvent {
  return {
    event: 'evaluation',
    step,
    epoch: 1,
    lang: 'tr',
    split: 'validation',
    rows: 10,
    loss: 0.5,
    precision: 1,
    recall: 0.5,
    f1: 2 / 3,
    accuracy: 0.9,
  };
}

async function write(...events: (StepEvent | EvaluationEvent)[]): Promise<void> {
  const log = openEventLog(files);
  for (const event of events) log.append(event, 12.5);
  log.close();
}

it('appends one line per event, to what is there', async () => {
  await write(step(1), step(2));
  await write(evaluation(2), step(3));
  expect(await readEvents(path)).toEqual([step(1), step(2), evaluation(2), step(3)]);
  expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(5);
});

it('keeps the times apart, so that the same events are the same bytes', async () => {
  await write(step(1), evaluation(1));
  expect(await readFile(path, 'utf8')).not.toContain('12.5');
  expect(await readTimes(files.times)).toEqual([
    { event: 'step', step: 1, rows: 32, durationMs: 12.5 },
    { event: 'evaluation', step: 1, rows: 10, durationMs: 12.5 },
  ]);
});

it('has no events where there is no file', async () => {
  expect(await readEvents(path)).toEqual([]);
  await truncateAfterStep(files, 3);
  await expect(readFile(path)).rejects.toThrow('ENOENT');
});

it.each([
  ['half an event', '{"event":"step","st'],
  ['half an event that is valid JSON', '12'],
  ['a line that lost its start', '\0\0\0"rows":32}\n'],
])('leaves out a last line that a crash tore: %s', async (_, torn) => {
  await write(step(1), step(2));
  await appendFile(path, torn);
  expect(await readEvents(path)).toEqual([step(1), step(2)]);
  await truncateAfterStep(files, 2);
  await write(step(3));
  expect(await readEvents(path)).toEqual([step(1), step(2), step(3)]);
});

it('cuts what happened after the step of a training state', async () => {
  await write(step(1), step(2), evaluation(2), step(3), step(4));
  await truncateAfterStep(files, 2);
  expect(await readEvents(path)).toEqual([step(1), step(2), evaluation(2)]);
  expect((await readTimes(files.times)).map(time => time.step)).toEqual([1, 2, 2]);
});

it('cuts everything when training starts anew', async () => {
  await write(step(1));
  await truncateAfterStep(files, 0);
  expect(await readFile(path, 'utf8')).toBe('');
});

it('refuses a damaged line that is not the last, with its number', async () => {
  await write(step(1));
  await appendFile(path, 'oops\n');
  await write(step(2));
  await expect(readEvents(path)).rejects.toThrow(`${path}, line 2, is not an event: oops`);
});

it('says which file it could not write', async () => {
  await writeFile(join(folder, 'run'), 'a file');
  expect(() => openEventLog(files)).toThrow(`${path} cannot be written: `);
});
