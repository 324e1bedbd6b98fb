import { cpSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { resolveEngine } from '../../src/engine/open.js';
import { PanxError } from '../../src/errors.js';
import { readPredictions } from '../../src/evaluation/predictions.js';
import { arithmeticOf, type Contents } from '../../src/experiment/identity.js';
import { readCorpus } from '../../src/experiment/inputs.js';
import { runStage } from '../../src/experiment/run.js';
import { runStudy, type StudyOutcome } from '../../src/experiment/run-study.js';
import type { StageRequest } from '../../src/experiment/stage.js';
import { readStart } from '../../src/experiment/start-files.js';
import { openStore } from '../../src/experiment/store.js';
import { type StudyStage, studyOf } from '../../src/experiment/study.js';
import { noteName, readStudy } from '../../src/experiment/study-folder.js';
import { splitsOfStudy } from '../../src/experiment/study-plan.js';
import { neededWeights, statesOf } from '../../src/experiment/study-state.js';
import { workOnStage } from '../../src/experiment/work.js';
import { samplePaths } from '../../src/hub/sample.js';
import { takeLock } from '../../src/run/lock.js';
import type { StoreDirectory } from '../../src/run/store-directory.js';
import { storeDirectory, studyDirectory } from '../../src/run/store-directory.js';
import { Diverged } from '../../src/training/loop.js';

const { dataDir, modelDir } = samplePaths();
let folder: string;
let contents: Omit<Contents, 'arithmetic'>;
let store: StoreDirectory;
let ran: string[];
let notices: string[];

const short = [
  'training.maxSteps=1',
  'training.learningRate=1e-3',
  'evaluation.limit=10',
  'evaluation.eachEpoch=false',
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-study-'));
  const { config } = await loadConfig({});
  const contentOf = await readCorpus(dataDir, splitsOfStudy(config));
  contents = { checkpoint: await readStart(modelDir), contentOf };
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  store = await openStore(join(await mkdtemp(join(folder, 'case-')), 'store'));
  [ran, notices] = [[], []];
});

interface Case {
  settings?: string[];
  /** Name of the study. */
  name?: string;
  failFast?: boolean;
  retryFailed?: boolean;
  /** Happens in a stage before it is trained. */
  before?: (request: StageRequest) => Promise<void> | void;
}

async function stagesFor(settings: string[]) {
  const { config: asked } = await loadConfig({ assignments: ['study.sizes=[10, 20]', ...short, ...settings] });
  const engine = await resolveEngine(asked);
  const config = { ...asked, precision: engine.precision };
  return { config, stages: studyOf(config, { ...contents, arithmetic: arithmeticOf(engine) }) };
}

async function study({
  settings = [],
  name = 'study',
  failFast = false,
  retryFailed = false,
  before,
}: Case = {}): Promise<StudyOutcome & { stages: readonly StudyStage[]; out: string }> {
  const { config, stages } = await stagesFor(settings);
  const out = join(store.root, '..', name);
  const place = {
    ...{ store, modelDir, startFiles: contents.checkpoint, dataDir, retryFailed },
    onNotice: (text: string) => void notices.push(text),
    async runStage(request: StageRequest) {
      ran.push(request.identity.id);
      await before?.(request);
      return await runStage(request);
    },
  };
  const outcome = await runStudy(
    { config, stages, trainRows: { en: 1200, tr: 1200 }, out, store, jobs: 1, failFast },
    {
      work: (task, wait) => workOnStage(task, place, wait),
      onPlan: async () => {},
      onTable: async () => {},
      onNotice: place.onNotice,
    },
  );
  return { ...outcome, stages, out };
}

const all = ['phase-1-tr', 'phase-2-en', 'phase-3.1-tr-10', 'phase-3.2-tr-20'];

function weightsOf(stages: readonly StudyStage[]): string[] {
  return stages.flatMap(({ stage, task }) => (existsSync(store.stage(task.identity.key).checkpoint) ? [stage.id] : []));
}

/** The study with nothing changed, as `study()` leaves it: trained once for all tests that begin with it. */
async function trained(): ReturnType<typeof study> {
  const base = join(folder, 'trained');
  if (!existsSync(base)) {
    await study();
    cpSync(join(store.root, '..'), base, { recursive: true });
  } else {
    cpSync(base, join(store.root, '..'), { recursive: true });
  }
  const done = await study();
  [ran, notices] = [[], []];
  return done;
}

/** When every file of the store was last written. */
function timesOfFiles(root: string): Record<string, number> {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(name => !/^(studies|locks)/.test(name));
  return Object.fromEntries(files.sort().map(name => [name, statSync(join(root, name)).mtimeMs]));
}

it('cuts the splits of a language to its fraction, and shares the stages of the others with studies that have none', async () => {
  const { stages: plain } = await stagesFor(['evaluation.limit=null']);
  const { stages } = await stagesFor(['evaluation.limit=null', 'training.fractions={tr: .5}']);
  expect(stages.map(({ stage }) => stage.samples)).toEqual([600, 1200, 10, 20]);
  for (const { task } of stages) {
    expect(task.scorings.map(({ rows }) => rows.name)).toEqual(['en/test', 'tr/test:150']);
    const { langs, fractions } = task.config.training;
    expect(fractions).toEqual(langs[0] === 'tr' ? { tr: 0.5 } : {});
  }
  const same = stages.filter(({ task }, i) => task.identity.key === plain[i]!.task.identity.key);
  expect(same.map(({ stage }) => stage.id)).toEqual(['phase-2-en']);
});

it('trains and scores each stage once, and nothing when it is typed again', async () => {
  const { table, stages, failed, notRun, out } = await study();
  expect(ran).toEqual(all);
  expect([failed, notRun]).toEqual([[], []]);
  expect(table.rows.map(({ status }) => status)).toEqual(['done', 'done', 'done', 'done']);
  for (const { f1 } of table.rows) expect(Object.keys(f1)).toEqual(['en', 'tr']);
  expect(weightsOf(stages)).toEqual(all);
  const before = timesOfFiles(store.root);
  const again = await study();
  expect(ran).toEqual(all);
  expect(again.table).toEqual(table);
  expect(timesOfFiles(store.root)).toEqual(before);
  const { stages: recorded } = await readStudy(studyDirectory(out));
  expect(Object.keys(recorded)).toEqual(all);
  expect(recorded['phase-3.1-tr-10']).toMatchObject({ startsFrom: 'phase-2-en', rows: 10, steps: 1, keep: true });
});

it('leaves of every scored row what was predicted of each word', async () => {
  const { stages } = await trained();
  const [scoring] = stages[0]!.task.scorings;
  let rows = 0;
  for await (const { words, gold, predicted } of readPredictions(store.scoring(scoring!.key).predictions)) {
    expect([gold.length, predicted.length]).toEqual([words.length, words.length]);
    rows++;
  }
  expect(rows).toBe(10);
  const { scores, rows: named } = JSON.parse(await readFile(store.scoring(scoring!.key).scores, 'utf8'));
  expect([scores.rows, named.name]).toEqual([10, 'en/test:10']);
});

it('takes the stages that another protocol has trained, and scores only what that did not score', async () => {
  const first = await trained();
  const second = await study({ name: 'other', settings: ['study.protocol=from-source', 'study.score=[tr]'] });
  expect(ran).toEqual(['phase-3.2-tr-20']);
  expect(second.table.rows.map(({ f1 }) => f1.tr).slice(0, 3)).toEqual(
    first.table.rows.map(({ f1 }) => f1.tr).slice(0, 3),
  );
  const scorings = (of: readonly StudyStage[]) => of.flatMap(({ task }) => task.scorings.map(({ key }) => key));
  expect(scorings(first.stages)).toEqual(expect.arrayContaining(scorings(second.stages).slice(0, 3)));
});

it('lets weights go that nothing needs any more, and makes them again, to the byte, when they are', async () => {
  await trained();
  const { stages } = await study({ settings: ['study.keep=last'] });
  expect(weightsOf(stages)).toEqual(['phase-3.2-tr-20']);
  const named = await study({ settings: ['study.keep=[phase-3.2-tr-20, phase-2-en]'] });
  expect(ran).toEqual(['phase-2-en']);
  expect(notices).toContain('phase-2-en (2 of 4)  is trained once more: its weights were let go');
  expect(weightsOf(named.stages)).toEqual(['phase-2-en', 'phase-3.2-tr-20']);
  ran = [];
  await study({ settings: ['study.keep=[phase-3.2-tr-20, phase-2-en]'] });
  expect(ran).toEqual([]);
});

it('does not let weights go that another study needs, or that nobody can tell of', async () => {
  const first = await study({ name: 'first' });
  await study({ name: 'second', settings: ['study.keep=last'] });
  expect(weightsOf(first.stages)).toEqual(all);
  rmSync(first.out, { recursive: true });
  await study({ name: 'second', settings: ['study.keep=last'] });
  expect(weightsOf(first.stages)).toEqual(all);
  expect(notices.at(-1)).toMatch(/^no weights are let go: .*first is not there any more/);
  rmSync(store.study(await noteName({ root: first.out })));
  await study({ name: 'second', settings: ['study.keep=last'] });
  expect(weightsOf(first.stages)).toEqual(['phase-3.2-tr-20']);
});

it('refuses weights that were trained once more and are others than those recorded, and trains them anew', async () => {
  await trained();
  const { stages } = await study({ settings: ['study.keep=last'] });
  const run = store.stage(stages[1]!.task.identity.key);
  const recorded = await readFile(run.checksums, 'utf8');
  // As if this machine computed otherwise than the one that trained it first.
  const other = recorded.replace(/("checkpoint\/model.safetensors": ")\w{64}/, `$1${'0'.repeat(64)}`);
  expect(other).not.toBe(recorded);
  writeFileSync(run.checksums, other);
  const settings = ['study.keep=[phase-2-en]'];
  expect((await study({ settings })).failed).toEqual(['phase-2-en']);
  const told = notices.join('\n');
  expect(told).toMatch(/was trained once more, and its model.safetensors is not what it was the first time/);
  expect(existsSync(run.checkpoint)).toBe(false);
  writeFileSync(run.checksums, recorded);
  expect((await study({ settings })).failed).toEqual([]);
  expect(existsSync(run.checkpoint)).toBe(true);
});

it('trains a stage once more for scores after each epoch that it lacks, and takes one that has them', async () => {
  await trained();
  await study({ settings: ['evaluation.eachEpoch=true'] });
  expect(ran).toEqual(all);
  ran = [];
  await study();
  expect(ran).toEqual([]);
});

it('after a failure does all that does not start from it, and tries again when it is typed again', async () => {
  const failing = (request: StageRequest) => {
    if (request.identity.id === 'phase-2-en') throw new PanxError('The disk is full.', { hint: 'Make room.' });
  };
  const { table, failed, notRun } = await study({ before: failing });
  expect([failed, notRun]).toEqual([['phase-2-en'], ['phase-3.1-tr-10', 'phase-3.2-tr-20']]);
  expect(table.rows.map(({ status }) => status)).toEqual(['done', 'failed', 'not run', 'not run']);
  expect(notices).toContain('phase-2-en failed: The disk is full. Make room.');
  expect((await study({ name: 'fast', before: failing, settings: ['seed=3'], failFast: true })).notRun).toHaveLength(2);
  ran = [];
  expect((await study()).failed).toEqual([]);
  expect(ran).toEqual(all.slice(1));
  expect(readdirSync(join(store.root, 'failures'))).toHaveLength(1); // That of the other seed.
});

it('tries a stage that diverged again only where that is asked for', async () => {
  const diverging = ({ identity }: StageRequest) => {
    if (identity.id === 'phase-1-tr') throw new Diverged('Training diverged at step 1: the loss is NaN.');
  };
  expect((await study({ before: diverging })).failed).toEqual(['phase-1-tr']);
  ran = [];
  const again = await study();
  expect(again.failed).toEqual(['phase-1-tr']);
  expect(ran).toEqual([]);
  expect(notices.at(-1)).toMatch(
    /phase-1-tr failed: Training diverged at step 1: the loss is NaN\. \(on .*it would again\)/,
  );
  expect((await study({ retryFailed: true })).failed).toEqual([]);
  expect(ran).toEqual(['phase-1-tr']);
});

it('does not take a stage or a scoring that somebody has changed', async () => {
  const { stages } = await trained();
  const { task } = stages[3]!;
  await appendFile(join(store.stage(task.identity.key).checkpoint, 'model.safetensors'), 'x');
  await appendFile(store.scoring(stages[0]!.task.scorings[0]!.key).predictions, 'x');
  await study();
  expect(ran).toEqual(['phase-3.2-tr-20']);
  expect(notices.filter(text => text.includes('is set aside as'))).toHaveLength(2);
});

it.each(['config.json', 'identity.json', 'events.jsonl', 'state'])(
  'sets a begun stage aside whose %s was changed, whole, and trains it anew',
  async name => {
    const signal = new AbortController();
    const settings = ['training.maxSteps=6', 'checkpoint.everySteps=2', 'study.sizes=[10]', 'study.score=[tr]'];
    const stopping = async (request: StageRequest) => {
      if (request.identity.id !== 'phase-2-en') return;
      await runStage({ ...request, signal: signal.signal }).catch(() => {});
      throw new PanxError('stopped');
    };
    signal.abort();
    expect((await study({ settings, before: stopping, failFast: true })).failed).toEqual(['phase-2-en']);
    const { stages } = await stagesFor(settings);
    const { key } = stages[1]!.task.identity;
    const path =
      name === 'state'
        ? join(store.stage(key).state, readdirSync(store.stage(key).state)[0]!, 'state.json')
        : join(store.stage(key).root, name);
    writeFileSync(path, '{}');
    const before = readdirSync(store.stage(key).root);
    notices = [];
    expect((await study({ settings })).failed).toEqual([]);
    expect(notices.filter(text => text.includes('cannot be gone on with'))).toHaveLength(1);
    expect(readdirSync(store.setAside(key, 1)).sort()).toEqual(before.sort());
  },
);

it('waits for a stage that another process trains, then takes it', async () => {
  const { stages } = await stagesFor([]);
  const { key } = stages[0]!.task.identity;
  const release = await takeLock(store.stage(key).lock);
  const before = async ({ identity }: StageRequest) => {
    if (identity.id === 'phase-3.2-tr-20') await release();
  };
  expect((await study({ before })).failed).toEqual([]);
  // The others that do not start from it were done meanwhile.
  expect(ran).toEqual([...all.slice(1), 'phase-1-tr']);
});

it('works in one folder one at a time, and only in one of its own', async () => {
  const out = join(store.root, '..', 'study');
  const release = await takeLock(studyDirectory(out).lock);
  await expect(study()).rejects.toThrow('is in use by process');
  await release();
  writeFileSync(join(out, 'notes.txt'), 'mine');
  await expect(study()).rejects.toThrow('holds what panx did not make (notes.txt)');
});

it('tells which weights a study needs: to keep, to score, and for what starts from them', async () => {
  await trained();
  const { stages, out } = await study({ settings: ['study.keep=last'] });
  const record = await readStudy(studyDirectory(out));
  const needed = async () => [...neededWeights(await statesOf(storeDirectory(store.root), record))];
  const keys = stages.map(({ task }) => task.identity.key);
  expect(await needed()).toEqual([keys[3]]);
  rmSync(store.scoring(stages[2]!.task.scorings[0]!.key).root, { recursive: true });
  // 3.1 is to be scored and has no weights: they come from 2, whose weights are gone too.
  expect(await needed()).toEqual([keys[3], keys[2], keys[1]]);
});
