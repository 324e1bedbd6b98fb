// long because every test asks one thing of a small sweep, and all share its fake stages.
import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { PanxError } from '../../src/errors.js';
import { testMetric } from '../../src/evaluation/score.js';
import type { StageRequest, StageResult } from '../../src/experiment/stage.js';
import { runSweep, type SweepOutcome } from '../../src/experiment/sweep.js';
import type { SweepTable } from '../../src/experiment/table.js';
import { clearRun, runDirectory } from '../../src/run/directory.js';
import { takeLock } from '../../src/run/lock.js';
import { writeMark } from '../../src/run/mark.js';
import { storeDirectory } from '../../src/run/store-directory.js';
import { sha256 } from '../../src/system/checksums.js';
import { writeJson } from '../../src/system/files.js';
import { readPackage } from '../../src/system/package.js';
import { fakeContents } from './contents.js';
import { writeFakeRun } from './fake-run.js';

const all = ['phase-1-tr', 'phase-2-en', 'phase-3.1-tr-10', 'phase-3.2-tr-20', 'phase-3.3-tr-30'];

let folder: string;
let out: string;
let ran: string[];
let tables: SweepTable[];
let notices: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-sweep-'));
  out = join(folder, 'sweep');
  await mkdir(out);
  [ran, tables, notices] = [[], [], []];
});
afterEach(() => rm(folder, { recursive: true }));

interface Case {
  settings?: string[];
  force?: boolean;
  signal?: AbortSignal;
  /** Happens in a stage before it does its work. */
  before?: (request: StageRequest) => Promise<void> | void;
  onNotice?: (text: string) => void;
}

/** A sweep whose stages train nothing: each leaves what a real one leaves. */
async function sweep({ settings = [], force = false, signal, before, onNotice }: Case = {}): Promise<SweepOutcome> {
  const { config } = await loadConfig({ assignments: ['study.sizes=[10, 20, 30]', ...settings] });
  const trainStage = async (request: StageRequest): Promise<StageResult> => {
    const run = runDirectory(request.out);
    const id = basename(request.out);
    ran.push(request.resume ? `${id} resumed` : id);
    if (!request.resume) {
      await clearRun(run);
      await writeJson(run.identity, request.identity);
    }
    expect(existsSync(run.metrics)).toBe(false);
    expect(existsSync(run.state)).toBe(request.resume);
    await mkdir(run.state, { recursive: true });
    await before?.(request);
    await rm(run.state, { recursive: true });
    const { training } = request.config;
    return await writeFakeRun(request, training.size ?? 100);
  };
  const contents = fakeContents({ en: 100, tr: 100 });
  return await runSweep(
    {
      ...{ config, contents, out, force, modelDir: 'base', dataDir: 'data' },
      ...{ store: storeDirectory(join(folder, 'store')), failFast: false, retryFailed: false },
      ...(signal === undefined ? {} : { signal }),
    },
    {
      runStage: trainStage,
      onTable: async table => void tables.push(structuredClone(table)),
      onNotice: text => {
        notices.push(text);
        onNotice?.(text);
      },
    },
  );
}

function failIn(...ids: string[]) {
  return ({ out: folder }: StageRequest) => {
    if (ids.includes(basename(folder))) throw new PanxError('The disk is full.', { hint: 'Make room.' });
  };
}

it('trains a stage itself where its weights are let go while it is taken from elsewhere', async () => {
  await sweep();
  out = join(folder, 'other');
  await mkdir(out);
  ran = [];
  const { failed } = await sweep({
    onNotice: text => {
      const [, from] = /is taken from (\S+), where/.exec(text) ?? [];
      if (from !== undefined) rmSync(join(from, 'checkpoint'), { recursive: true });
    },
  });
  expect([ran, failed]).toEqual([all, []]);
  expect(notices.filter(text => text.includes('is taken from'))).toHaveLength(all.length);
});

it('runs every stage in order, each from the checkpoint it builds on, and writes the table after each', async () => {
  const starts: Record<string, string> = {};
  const { table, failed, notRun } = await sweep({
    before: request => {
      starts[basename(request.out)] = request.startFrom;
    },
  });
  expect(ran).toEqual(all);
  expect(starts).toEqual({
    'phase-1-tr': 'base',
    'phase-2-en': 'base',
    'phase-3.1-tr-10': join(out, 'phase-2-en', 'checkpoint'),
    'phase-3.2-tr-20': join(out, 'phase-3.1-tr-10', 'checkpoint'),
    'phase-3.3-tr-30': join(out, 'phase-3.2-tr-20', 'checkpoint'),
  });
  expect([failed, notRun]).toEqual([[], []]);
  expect(tables.map(({ rows }) => rows.filter(({ status }) => status === 'done').length)).toEqual([1, 2, 3, 4, 5]);
  expect(table).toMatchObject({ source: 'en', target: 'tr', protocol: 'cumulative', metric: testMetric(null) });
  const scores = { rows: 5, micro: { precision: 0.5, recall: 0.5, f1: 0.5 }, macro: null, types: null };
  const { trainings, ...row } = table.rows[2]!;
  expect(row).toEqual({
    ...{ id: 'phase-3.1-tr-10', protocol: 'cumulative', cell: {}, phase: '3.1', role: 'size', label: 'en → tr 10' },
    ...{ samples: 10, targetSamples: 10, steps: 3, f1: { en: 0.5, tr: 0.5 }, durationMs: 3000, status: 'done' },
  });
  expect(trainings).toMatchObject([
    {
      ...{ id: 'phase-3.1-tr-10', seed: 42, dataSeed: 42, status: 'done', epochs: 3, durationMs: 3000 },
      scores: { en: scores, tr: scores },
    },
  ]);
});

it('saves its configuration, which repeats it', async () => {
  await sweep({ settings: ['training.epochs=2'] });
  const { config } = await loadConfig({ file: join(out, 'config.json') });
  expect([config.training.epochs, config.study.sizes]).toEqual([2, [10, 20, 30]]);
});

it('skips what is done when it is typed again, and still writes the table', async () => {
  const first = await sweep();
  [ran, tables, notices] = [[], [], []];
  const second = await sweep();
  expect(ran).toEqual([]);
  expect(second.table).toEqual(first.table);
  expect(tables).toEqual([first.table]);
  expect(notices).toEqual([`5 of 5 stages are done already: ${all.join(', ')}`]);
});

it('runs only what larger sizes add', async () => {
  await sweep();
  ran = [];
  await sweep({ settings: ['study.sizes=[10, 20, 30, 40]'] });
  expect(ran).toEqual(['phase-3.4-tr-40']);
});

describe('before it takes a stage that is done', () => {
  const change = async (name: string, edit: (text: string) => string, reseal = false) => {
    const run = runDirectory(join(out, 'phase-2-en'));
    const path = join(run.root, name);
    await writeFile(path, edit(await readFile(path, 'utf8')));
    if (!reseal) return;
    const sums = JSON.parse(await readFile(run.checksums, 'utf8'));
    await writeJson(run.checksums, { ...sums, [name]: sha256(await readFile(path)) });
  };

  it.each<[name: string, edit: (text: string) => string, reseal: boolean, sentence: string]>([
    ['metrics.json', text => text.replace('"f1": 0.5', '"f1": 0.9'), false, 'metrics.json has changed'],
    ['metrics.json', text => text.replace('"f1": 0.5', '"f1": 0.9'), true, 'test.en.f1 is 0.9, expected 0.5, as '],
    ['metrics.json', text => text.replace('"rows": 100', '"rows": 99'), true, 'line 4 has rows 4, expected 3'],
    ['metrics.json', () => 'null', true, 'metrics.json holds null, expected an object.'],
    ['metrics.json', () => '{}', true, 'metrics.json: rows is missing, expected a whole number'],
    ['events.jsonl', text => text.replace('"loss":0.5', '"loss":0.1'), false, 'events.jsonl has changed'],
    ['events.jsonl', text => text.replace('"loss":0.5', '"loss":0.1'), true, 'trainLoss is 0.5, expected 0.4'],
    ['events.jsonl', text => text.replace(/.*\n/, ''), true, 'events.jsonl, line 1 is step 2, expected step 1.'],
    ['times.jsonl', text => text.replace(/.*\n/, ''), false, 'times.jsonl, line 1 has step 2, expected 1.'],
    ['config.json', text => text.replace('"seed": 42', '"seed": 43'), false, 'config.json has changed'],
    ['config.json', text => text.replace('"seed": 42', '"seed": 43'), true, 'seed was 42 and is 43 now'],
    ['identity.json', text => text.replace('"seed": 42', '"seed": 43'), true, 'identity.json: key is '],
    ['identity.json', () => '5', true, 'identity.json holds 5, expected an object.'],
    ['environment.json', () => '['.repeat(200_000), false, 'environment.json nests arrays or objects'],
    ['checksums.json', () => '{}', false, 'checksums.json lacks config.json and lacks identity.json'],
    [
      'checksums.json',
      text => text.replace(/ +"metrics.json".*\n/, '').replace(/,\n}/, '\n}'),
      false,
      'lacks metrics.json',
    ],
    [
      'checksums.json',
      text => text.replace('"metrics.json"', '"../metrics.json"'),
      false,
      'checksums.json["../metrics.json"] is',
    ],
  ])('looks at %s: %#', async (name, edit, reseal, sentence) => {
    await sweep();
    await change(name, edit, reseal);
    [ran, tables] = [[], []];
    await expect(sweep()).rejects.toMatchObject({
      name: 'PanxError',
      message: expect.stringContaining(sentence.replace('checksums.json["', 'checksums.json: ["')),
      hint: expect.stringContaining('Copy the stage again from a backup; or add --force'),
    });
    expect([ran, tables]).toEqual([[], []]);
    await sweep({ force: true });
    expect(ran).toEqual(['phase-2-en']);
    expect(tables.at(-1)!.rows.map(({ status }) => status)).toEqual(Array(5).fill('done'));
  });

  it('says which version of panx made it, where that was another', async () => {
    await sweep();
    await change('environment.json', text => text.replace(/"version": "[^"]+"/, '"version": "0.0.9"'));
    const stage = join(out, 'phase-2-en');
    await expect(sweep()).rejects.toThrow(
      `another version of panx made it. ${stage} was made by panx 0.0.9, and this is panx ${readPackage().version}.`,
    );
  });
});

it('goes on with a stage that was killed in the middle', async () => {
  const kill = ({ out: folder }: StageRequest) => {
    // What kill -9 does to the process, as far as the folder goes: nothing more is written.
    if (basename(folder) === 'phase-3.1-tr-10') return new Promise<never>((_, reject) => reject(new Error('killed')));
    return;
  };
  await sweep({ before: kill });
  ran = [];
  const { table } = await sweep();
  expect(ran).toEqual(['phase-3.1-tr-10 resumed', 'phase-3.2-tr-20', 'phase-3.3-tr-30']);
  expect(table.rows.map(({ status }) => status)).toEqual(['done', 'done', 'done', 'done', 'done']);
});

it('starts a stage anew that was killed before it left anything to go on from', async () => {
  await sweep();
  const run = runDirectory(join(out, 'phase-3.3-tr-30'));
  await rm(run.metrics);
  await rm(run.checkpoint, { recursive: true });
  await writeFile(run.events, '{"event":"step","st');
  ran = [];
  await sweep({ before: () => expect(existsSync(run.events)).toBe(false) });
  expect(ran).toEqual(['phase-3.3-tr-30']);
});

it('scores again what was trained but not yet scored', async () => {
  await sweep();
  const run = runDirectory(join(out, 'phase-3.3-tr-30'));
  await rm(run.metrics);
  await mkdir(run.state);
  ran = [];
  await sweep({ before: () => rm(run.checkpoint, { recursive: true }) });
  expect(ran).toEqual(['phase-3.3-tr-30 resumed']);
});

it('tells of a stage whose memory ran out in a sentence', async () => {
  await sweep({
    before: () => {
      throw new Error('Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[9]');
    },
  });
  expect(notices[0]).toMatch(
    /^phase-1-tr failed: There is not enough memory: OOM when allocating tensor with shape\[9\]\. Raise [^\n]+$/,
  );
});

it('loses only the stages that depend on a failed one, under cumulative', async () => {
  const { table, failed, notRun } = await sweep({ before: failIn('phase-1-tr', 'phase-3.2-tr-20') });
  expect(ran).toEqual(['phase-1-tr', 'phase-2-en', 'phase-3.1-tr-10', 'phase-3.2-tr-20']);
  expect(table.rows.map(({ status }) => status)).toEqual(['failed', 'done', 'done', 'failed', 'not run']);
  expect(table.rows[3]).toMatchObject({ f1: { en: null, tr: null }, durationMs: null });
  expect([failed, notRun]).toEqual([['phase-1-tr', 'phase-3.2-tr-20'], ['phase-3.3-tr-30']]);
  expect(notices).toEqual([
    'phase-1-tr failed: The disk is full. Make room.',
    'phase-3.2-tr-20 failed: The disk is full. Make room.',
    'phase-3.3-tr-30 is not run: phase-3.2-tr-20, which it starts from, has not been trained',
  ]);
  expect(tables.at(-1)).toEqual(table);
});

it('runs every other stage under from-source', async () => {
  const settings = ['study.protocol=from-source'];
  const { table } = await sweep({ settings, before: failIn('phase-3.1-tr-10') });
  expect(table.rows.map(({ status }) => status)).toEqual(['done', 'done', 'failed', 'done', 'done']);
});

it('passes failure on to the stages after the stages after it', async () => {
  const { table } = await sweep({ before: failIn('phase-2-en') });
  expect(table.rows.map(({ status }) => status)).toEqual(['done', 'failed', 'not run', 'not run', 'not run']);
});

it('shows where a bug comes from', async () => {
  await sweep({
    before: () => {
      throw new TypeError('x is not a function');
    },
  });
  expect(notices[0]).toMatch(/^phase-1-tr failed: TypeError: x is not a function at [^\n]+$/);
});

it('refuses to mix stages of other settings, says what differs, and touches nothing', async () => {
  await sweep();
  const before = await readFile(join(out, 'phase-1-tr', 'identity.json'), 'utf8');
  ran = [];
  await expect(sweep({ settings: ['training.epochs=1'] })).rejects.toMatchObject({
    message: `${out} holds stages of other settings (${all.join(', ')}); in phase-1-tr training.epochs was 3 and is 1 now.`,
    hint: 'Choose another folder with --out, or add --force to remove what these stages hold and train them anew.',
  });
  expect(ran).toEqual([]);
  expect(await readFile(join(out, 'phase-1-tr', 'identity.json'), 'utf8')).toBe(before);
  const { config } = await loadConfig({ file: join(out, 'config.json') });
  expect(config.training.epochs).toBe(3);
});

it('trains stages of other settings anew with --force, and only those', async () => {
  await sweep();
  ran = [];
  await sweep({ settings: ['study.protocol=from-source'], force: true });
  expect(ran).toEqual(['phase-3.2-tr-20', 'phase-3.3-tr-30']);
});

it('does not go on with the interrupted part of a stage of other settings', async () => {
  await sweep({ before: failIn('phase-1-tr') });
  await expect(sweep({ settings: ['seed=1'] })).rejects.toThrow('in phase-1-tr seed was 42 and is 1 now.');
  ran = [];
  await sweep({ settings: ['seed=1'], force: true });
  expect(ran).toEqual(all);
});

it('refuses to take over a run that no sweep made, and a folder that panx did not make', async () => {
  const run = runDirectory(join(out, 'phase-2-en'));
  await writeMark(out, 'sweep');
  await mkdir(run.root);
  await writeFile(run.metrics, '{}');
  for (const force of [false, true]) {
    await expect(sweep({ force })).rejects.toThrow(`${run.root} holds what panx did not make (metrics.json);`);
  }
  await writeMark(run.root, 'run');
  await expect(sweep()).rejects.toThrow('in phase-2-en it holds a run that no sweep made.');
});

it('says what to do where the checkpoint of a done stage was removed', async () => {
  await sweep();
  await rm(join(out, 'phase-3.3-tr-30', 'metrics.json'));
  await rm(join(out, 'phase-3.3-tr-30', 'checkpoint'), { recursive: true });
  await rm(join(out, 'phase-3.2-tr-20', 'checkpoint'), { recursive: true });
  notices = [];
  const { failed } = await sweep();
  expect(failed).toEqual(['phase-3.3-tr-30']);
  expect(notices[1]).toBe(
    `phase-3.3-tr-30 failed: ${join(out, 'phase-3.2-tr-20', 'checkpoint')} is gone, and phase-3.3-tr-30 starts from it. ` +
      `Remove ${join(out, 'phase-3.2-tr-20')} to have phase-3.2-tr-20 trained again.`,
  );
});

it('does not go on from a checkpoint of which a byte has changed', async () => {
  await sweep();
  await rm(join(out, 'phase-3.3-tr-30', 'metrics.json'));
  await rm(join(out, 'phase-3.3-tr-30', 'checkpoint'), { recursive: true });
  await writeFile(join(out, 'phase-3.2-tr-20', 'checkpoint', 'model.safetensors'), 'other weights');
  notices = [];
  expect((await sweep()).failed).toEqual(['phase-3.3-tr-30']);
  expect(notices[1]).toContain(
    'is not as phase-3.2-tr-20 left it, and phase-3.3-tr-30 starts from it: checkpoint/model.safetensors has changed.',
  );
});

it('stops at Ctrl-C with exit code 130, and goes on when it is typed again', async () => {
  const controller = new AbortController();
  const interrupt = ({ out: folder, signal }: StageRequest) => {
    if (basename(folder) !== 'phase-2-en') return;
    controller.abort();
    if (signal?.aborted) throw new PanxError('Stopped at step 3 of 9.', { exitCode: 130 });
  };
  await expect(sweep({ signal: controller.signal, before: interrupt })).rejects.toMatchObject({
    message: 'Stopped before phase-2-en was done.',
    hint: 'Type the same command again to go on from there.',
    exitCode: 130,
  });
  expect(ran).toEqual(['phase-1-tr', 'phase-2-en']);
  ran = [];
  await sweep();
  expect(ran).toEqual(['phase-2-en resumed', 'phase-3.1-tr-10', 'phase-3.2-tr-20', 'phase-3.3-tr-30']);
});

it('keeps a stage that finished in spite of Ctrl-C, and starts no other', async () => {
  const controller = new AbortController();
  await expect(sweep({ signal: controller.signal, before: () => controller.abort() })).rejects.toThrow(
    'Stopped before phase-2-en was done.',
  );
  expect(ran).toEqual(['phase-1-tr']);
  expect(tables.at(-1)!.rows[0]!.status).toBe('done');
});

it('refuses a second process in the same folder, and lets go when it ends', async () => {
  const release = await takeLock(join(out, 'lock'));
  await expect(sweep()).rejects.toThrow(`${out} is in use by process ${process.pid} on `);
  await release();
  await sweep();
  await (await takeLock(join(out, 'lock')))();
});
