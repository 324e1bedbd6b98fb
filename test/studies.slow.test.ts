import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StudyRecord } from '../src/experiment/study-folder.js';
import { buildCli, root } from './built-cli.js';
import { mulberry32 } from './mulberry32.js';

const random = mulberry32(20261129);
let folder: string;
let unbroken: Place;
/** How long the unbroken study took. */
let wholeMs: number;

beforeAll(async () => {
  buildCli();
  folder = await mkdtemp(join(tmpdir(), 'panx-studies-'));
  await writeFile(join(folder, 'twelve.yaml'), study('from-source'));
  await writeFile(join(folder, 'nested.yaml'), study('cumulative'));
  await writeFile(join(folder, 'axes.yaml'), axes);
  unbroken = placeIn('unbroken');
  const startedMs = performance.now();
  expect(await end(run(unbroken))).toEqual({ code: 0 });
  wholeMs = performance.now() - startedMs;
});
afterAll(() => rm(folder, { recursive: true }));

/** Twelve stages of a few steps each: the states of the longer ones are saved now and then. */
function study(protocol: string): string {
  return `study: {protocol: ${protocol}, sizes: [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]}
training: {epochs: 2, learningRate: 1e-3, batchSize: 8, maxSteps: 12}
evaluation: {limit: 30}
checkpoint: {everySteps: 3}
`;
}

/** Sixteen stages of two protocols, two seeds, two data seeds. */
const axes = `study: {protocol: [target-only, target-then-source], sizes: [20, 60], seeds: 2, dataSeeds: 2}
training: {learningRate: 1e-3, batchSize: 8, maxSteps: 6}
evaluation: {limit: 30}
checkpoint: {everySteps: 2}
`;

interface Place {
  out: string;
  store: string;
}

function placeIn(name: string): Place {
  return { out: join(folder, name, 'study'), store: join(folder, name, 'store') };
}

function run({ out, store }: Place, name = 'twelve', ...args: string[]): ChildProcess {
  return runFile(join(folder, `${name}.yaml`), out, store, ...args);
}

function runFile(file: string, out: string, store: string, ...args: string[]): ChildProcess {
  const all = ['dist/cli.js', 'run', file, '--sample', '--out', out, '--store', store, ...args];
  return spawn(process.execPath, all, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** What a process ends with; what it said on stderr where that was not 0. */
async function end(child: ChildProcess): Promise<{ code: number | string; said?: string }> {
  let said = '';
  child.stderr?.on('data', chunk => {
    said += chunk;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return code === 0 ? { code } : { code: code ?? signal ?? 'none', said };
}

/** Kill a study at random moments until it is done. @returns how often it was killed */
async function killUntilDone(place: Place, name: string, ...args: string[]): Promise<number> {
  for (let kills = 0; ; kills++) {
    const child = run(place, name, ...args);
    const ended = end(child);
    const isOver = await Promise.race([
      ended.then(() => true),
      // At first so soon that not much is done each time.
      sleep(kills < 6 ? 500 + random() * 1500 : wholeMs * (0.3 + random())).then(() => false),
    ]);
    if (isOver) {
      expect((await ended).said ?? '').not.toContain('internal error');
      if (child.exitCode === 0) return kills;
    } else child.kill('SIGKILL');
    await ended;
  }
}

/** The same results in the study's folder, and the same stages and scorings, all to the byte; times and machines aside. */
async function expectSame(place: Place, { but = [] as string[], as = unbroken } = {}): Promise<void> {
  const keys = keysOf(as);
  for (const name of but) for (const key of keys.get(name)!) keys.delete(key);
  expect(keysOf(place)).toEqual(keysOf(as));
  for (const name of [
    'table.json',
    'table.csv',
    'table.md',
    'scores.csv',
    'learning-curve.svg',
    'learning-curve.png',
    'training-curves.svg',
    'training-curves.png',
    'stages.json',
  ]) {
    if (but.length > 0 && name !== 'stages.json') continue;
    // Where the store lies is the one thing that may differ.
    const text = async ({ out }: Place) => (await readFile(join(out, name), 'latin1')).replace(/"store": .*/, '');
    expect(await text(place), name).toBe(await text(as));
  }
  for (const [name, folders] of keysOf(as)) {
    if (but.includes(name)) continue;
    for (const key of folders) await expectSameFiles(join(place.store, key), join(as.store, key), name);
  }
}

/** Names of stages with the keys of their folders in the store. */
function keysOf({ out }: Place): Map<string, string[]> {
  const { stages } = JSON.parse(readFileSync(join(out, 'stages.json'), 'utf8')) as StudyRecord;
  return new Map(Object.entries(stages).map(([name, { key, scorings }]) => [name, [key, ...Object.values(scorings)]]));
}

const ofMachine = ['environment.json', 'times.jsonl'];

async function expectSameFiles(here: string, there: string, name: string): Promise<void> {
  const names = (await readdir(there, { recursive: true })).filter(file => !ofMachine.includes(file)).sort();
  expect((await readdir(here, { recursive: true })).filter(file => !ofMachine.includes(file)).sort(), name).toEqual(
    names,
  );
  for (const file of names) {
    if (file === 'checkpoint') continue;
    expect((await readFile(join(here, file))).equals(await readFile(join(there, file))), `${name}: ${file}`).toBe(true);
  }
}

it.each([
  ['one stage after the other', []],
  ['side by side', ['--jobs', '2']],
])('killed with SIGKILL at random moments, %s, ends with the bytes of an unbroken study', async (_, args) => {
  const place = placeIn(`killed${args.length}`);
  expect(await killUntilDone(place, 'twelve', ...args)).toBeGreaterThan(0);
  await expectSame(place);
  expect(await end(run(place))).toEqual({ code: 0 });
  await expectSame(place);
});

it('of several axes, killed at random moments, ends with the bytes of an unbroken one', async () => {
  const as = placeIn('axes');
  expect(await end(run(as, 'axes'))).toEqual({ code: 0 });
  const place = placeIn('axes-killed');
  expect(await killUntilDone(place, 'axes', '--jobs', '2')).toBeGreaterThan(0);
  await expectSame(place, { as });
  const { rows } = JSON.parse(readFileSync(join(place.out, 'table.json'), 'utf8'));
  expect(rows.map(({ label, n }: { label: string; n: number }) => [label, n])).toEqual([
    ...[
      ['tr 20', 4],
      ['tr 60', 4],
      ['tr 20', 4],
      ['tr 20 → en', 4],
      ['tr 60', 4],
      ['tr 60 → en', 4],
    ],
  ]);
});

it('with a broken stage and killed twice has every other cell, names the broken one and ends with code 1', async () => {
  const place = placeIn('broken');
  const broken = 'phase-3.4-tr-40';
  const [key] = keysOf(unbroken).get(broken)!;
  await mkdir(join(place.store, key!), { recursive: true });
  await writeFile(join(place.store, key!, 'notes.txt'), 'mine');
  await writeFile(join(place.store, 'panx.json'), '{\n  "kind": "store",\n  "format": 1\n}\n');
  for (const share of [0.3, 0.5]) {
    const child = run(place);
    const ended = end(child); // It may be over before it is killed.
    await sleep(wholeMs * share);
    child.kill('SIGKILL');
    await ended;
  }
  const { code, said } = await end(run(place));
  expect(code).toBe(1);
  expect(said).toContain(`1 of 12 stages failed: ${broken}.`);
  expect(said).toContain(`${broken} failed: `);
  const { rows } = JSON.parse(readFileSync(join(place.out, 'table.json'), 'utf8'));
  const whole = JSON.parse(readFileSync(join(unbroken.out, 'table.json'), 'utf8'));
  for (const [i, row] of rows.entries()) {
    if (row.label === 'en → tr 40') expect([row.status, row.f1]).toEqual(['failed', { en: null, tr: null }]);
    else expect(row).toEqual(whole.rows[i]);
  }
  await expectSame(place, { but: [broken] });
  expect(readFileSync(join(place.store, key!, 'notes.txt'), 'utf8')).toBe('mine');
});

it('two studies at once that share stages train each of them once, also where one is killed', async () => {
  const store = join(folder, 'shared');
  const [a, b] = [join(folder, 'shared-a'), join(folder, 'shared-b')];
  const first = runFile(join(folder, 'twelve.yaml'), a, store);
  const second = runFile(join(folder, 'nested.yaml'), b, store);
  const ended = [end(first), end(second)];
  await sleep(wholeMs * 0.25);
  first.kill('SIGKILL');
  await ended[0];
  expect(await end(runFile(join(folder, 'twelve.yaml'), a, store))).toEqual({ code: 0 });
  expect(await ended[1]).toEqual({ code: 0 });
  await expectSame({ out: a, store });
  const shared = ['phase-1-tr', 'phase-2-en', 'phase-3.1-tr-10'];
  for (const name of shared) expect(keysOf({ out: b, store }).get(name)).toEqual(keysOf({ out: a, store }).get(name));
  // A stage is begun once; the one that was killed once more where it had no state yet.
  let begun = 0;
  for (const entry of readdirSync(store)) {
    if (!existsSync(join(store, entry, 'events.jsonl'))) continue;
    const { sessions } = JSON.parse(readFileSync(join(store, entry, 'environment.json'), 'utf8'));
    begun += sessions.filter(({ fromStep }: { fromStep: number }) => fromStep === 0).length;
  }
  const stages = readdirSync(store).filter(entry => existsSync(join(store, entry, 'events.jsonl'))).length;
  expect(stages).toBe(12 + 9);
  expect(begun - stages).toBeLessThanOrEqual(1);
});
