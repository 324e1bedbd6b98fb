import { appendFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  cutLog,
  type EvaluationEvent,
  eventsIn,
  type LogFiles,
  openEventLog,
  readEvents,
  readLogSoFar,
  type StepEvent,
  timesIn,
} from '../../src/run/events.js';
import { sha256 } from '../../src/system/checksums.js';

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
    precision: 1,
    recall: 0.5,
    f1: 2 / 3,
    accuracy: 0.9,
    loss: 0.5,
    rows: 10,
  };
}

async function log(...events: (StepEvent | EvaluationEvent)[]): Promise<void> {
  const opened = openEventLog(files);
  for (const event of events) opened.append(event, 12.5);
  opened.close();
}

it('appends one line per event, to what is there', async () => {
  await log(step(1), step(2));
  await log(evaluation(2), step(3));
  expect(await readEvents(path)).toEqual([step(1), step(2), evaluation(2), step(3)]);
  expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(5);
});

it('keeps the times apart, so that the same events are the same bytes', async () => {
  await log(step(1), evaluation(1));
  expect(await readFile(path, 'utf8')).not.toContain('12.5');
  const times = [];
  for await (const { value } of timesIn(files.times)) times.push(value);
  expect(times).toEqual([
    { event: 'step', step: 1, rows: 32, durationMs: 12.5 },
    { event: 'evaluation', step: 1, rows: 10, durationMs: 12.5 },
  ]);
});

async function write(...lines: string[]): Promise<void> {
  await mkdir(join(folder, 'run'), { recursive: true });
  await writeFile(path, lines.map(line => `${line}\n`).join(''));
}

it('says what lies there in place of a log', async () => {
  await log(step(1));
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5000\n';
  for (const file of [files.events, files.times]) await writeFile(file, pointer);
  const told = 'is a Git LFS pointer, and not the file of 5.0 kB that it stands for.';
  await expect(readEvents(path)).rejects.toThrow(`${path} ${told}`);
  await expect(timesIn(files.times).next()).rejects.toMatchObject({
    message: `${files.times} ${told}`,
    hint: `Run git lfs pull in ${join(folder, 'run')}, or download the file.`,
  });
  expect(() => readLogSoFar(files)).toThrow(`${files.times} ${told}`);
});

it('says in a sentence that there is no log', async () => {
  await expect(readEvents(path)).rejects.toThrow(`${path} cannot be read: no such file or folder.`);
  await mkdir(path, { recursive: true });
  await expect(readEvents(path)).rejects.toThrow(`${path} cannot be read: it is a folder, not a file.`);
});

it.each([
  ['', 'is not valid JSON: '],
  ['12', 'holds 12, expected an object.'],
  ['null', 'holds null, expected an object.'],
  ['{}', ': event is missing, expected "step" or "evaluation".'],
  ['{"event":"nap"}', ': event is "nap", expected "step" or "evaluation".'],
  ['\0\0\0"rows":32}', 'is not valid JSON: '],
  [JSON.stringify({ ...step(2), loss: null }), ': loss is null, expected a number.'],
  [JSON.stringify({ ...step(2), rows: 0 }), ': rows is 0, expected a whole number of at least 1.'],
  [JSON.stringify({ ...step(2), mood: 1 }), ': mood is there, expected no key but event, step, '],
  [JSON.stringify({ ...evaluation(2), f1: 1.5 }), ': f1 is 1.5, expected a number from 0 to 1.'],
  ['['.repeat(9000), 'nests arrays or objects more than 100 levels deep'],
  ['x'.repeat(20_000), ' is longer than 10000 bytes.'],
])('refuses %.40j with its number, be it the last line or not', async (text, sentence) => {
  const [good, later] = [JSON.stringify(step(1)), JSON.stringify(step(3))];
  for (const lines of [
    [good, text],
    [good, text, later],
  ]) {
    await write(...lines);
    await expect(readEvents(path)).rejects.toThrow(`${path}, line 2`);
    await expect(readEvents(path)).rejects.toThrow(sentence);
    const message = await readEvents(path).catch(({ message }) => message as string);
    expect(message).not.toMatch(/[^\P{Cc}]/u);
  }
});

it('refuses a line that a crash tore, and one that is no UTF-8', async () => {
  await write(JSON.stringify(step(1)));
  await appendFile(path, '{"event":"step","st');
  await expect(readEvents(path)).rejects.toThrow(`${path}, line 2 is not whole: the file ends in it.`);
  await writeFile(path, Buffer.from([0x22, 0xff, 0x22, 0x0a]));
  await expect(readEvents(path)).rejects.toThrow(`${path}, line 1 is not text in UTF-8.`);
});

it('finds lines wherever the pieces end in which a file is read', async () => {
  const events = Array.from({ length: 2000 }, (_, i) => step(i + 1));
  await write(...events.map(event => JSON.stringify(event)));
  expect(await readEvents(path)).toEqual(events);
  let bytes = 0;
  for await (const { value, number, bytes: line } of eventsIn(path)) {
    expect(value.step).toBe(number);
    bytes += line.length;
  }
  expect(bytes).toBe((await stat(path)).size);
});

it('seals what is in the files, and cuts them', async () => {
  await log(step(1));
  const opened = openEventLog(files);
  opened.append(step(2), 1);
  const seal = await opened.seal();
  opened.close();
  expect(seal).toEqual({ events: sha256(await readFile(path)), times: sha256(await readFile(files.times)) });
  const [first] = (await readFile(path, 'utf8')).split('\n');
  await cutLog(files, { events: first!.length + 1, times: 0 });
  expect(await readEvents(path)).toEqual([step(1)]);
  expect(await readFile(files.times, 'utf8')).toBe('');
  await cutLog(files, { events: 1e9, times: 1e9 });
  expect(await readEvents(path)).toEqual([step(1)]);
  await cutLog({ events: join(folder, 'none'), times: join(folder, 'none') }, { events: 0, times: 0 });
});

it('says which file it could not write', async () => {
  await writeFile(join(folder, 'run'), 'a file');
  expect(() => openEventLog(files)).toThrow(`${path} cannot be written: `);
});
