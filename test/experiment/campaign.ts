import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { type Config, defaultsOf, schema } from '../../src/config/schema.js';
import { PanxError } from '../../src/errors.js';
import { identityOf, trainId } from '../../src/experiment/identity.js';
import { readCorpus } from '../../src/experiment/inputs.js';
import { runStage } from '../../src/experiment/run.js';
import type { StageRequest } from '../../src/experiment/stage.js';
import { splitsOfStudy } from '../../src/experiment/study-plan.js';
import { runSweep } from '../../src/experiment/sweep.js';
import { verifyRun } from '../../src/experiment/verify.js';
import { type DrawSweep, verifySweep } from '../../src/experiment/verify-sweep.js';
import { samplePaths } from '../../src/hub/sample.js';
import { reporter, sweepFiles } from '../../src/reporting/sweep.js';
import { runDirectory, sweepDirectory } from '../../src/run/directory.js';
import { storeDirectory } from '../../src/run/store-directory.js';
import { mulberry32 } from '../mulberry32.js';
import { contentsOf } from './contents.js';
import { filesIn, mutate, placesThatDiffer } from './mutations.js';
import { stopAfter } from './stop-after.js';

/**
 * Finished and interrupted runs on the embedded sample, to which anything may happen: made once, in seconds. What is
 * found must be said in a sentence, with the file's name in it; what is gone on with must end with the bytes of an
 * unbroken run.
 */
export interface Campaign {
  /** A run that is done. */
  done: string;
  /** A sweep that is done. */
  sweep: string;
  /** Runs that were stopped: in training, and while they were scored. */
  stopped: string[];
  request(out: string): StageRequest;
  end(): Promise<void>;
}

const { dataDir, modelDir } = samplePaths();
const short = ['training.learningRate=1e-3', 'evaluation.limit=10', 'training.maxSteps=4', 'checkpoint.everySteps=2'];

export async function startCampaign(): Promise<Campaign> {
  const folder = await mkdtemp(join(tmpdir(), 'panx-campaign-'));
  const { config } = await loadConfig({
    assignments: [...short, 'training.size=70', 'training.epochs=2', 'evaluation.langs=[en, tr]'],
  });
  const contents = await contentsOf(config, dataDir, modelDir);
  const request = (out: string): StageRequest => ({
    ...{ config, startFrom: modelDir, startFiles: contents.checkpoint, dataDir, out },
    ...{ identity: identityOf(trainId, config, contents), resume: false, label: 'test' },
  });
  const campaign: Campaign = {
    done: join(folder, 'done'),
    sweep: join(folder, 'sweep'),
    stopped: [join(folder, 'training'), join(folder, 'scoring')],
    request,
    end: () => rm(folder, { recursive: true }),
  };
  await runStage(request(campaign.done));
  await stopAfter(request(campaign.stopped[0]!), 3);
  await stopAfter(request(campaign.stopped[1]!), 7);
  await trainSweep(campaign.sweep);
  return campaign;
}

async function trainSweep(out: string): Promise<void> {
  const { config } = await loadConfig({
    assignments: [...short, 'study.sizes=[20, 40]', `model=${modelDir}`, 'training.maxSteps=1'],
  });
  const contents = {
    ...(await contentsOf(config, dataDir, modelDir)),
    contentOf: await readCorpus(dataDir, splitsOfStudy(config)),
  };
  const report = reporter(out, 'sweep');
  await runSweep(
    {
      ...{ config, out, dataDir, modelDir, force: false },
      ...{ store: storeDirectory(`${out}-store`), failFast: false, retryFailed: false },
      contents,
    },
    { runStage, onTable: report.write, onNotice: () => {} },
  );
  await report.finish();
}

/** Change a file of a finished run, again and again: each time verify must fail and name it. */
export async function attackRun({ done }: Campaign, seed: number, count: number): Promise<void> {
  const random = mulberry32(seed);
  const run = runDirectory(done);
  expect(await failuresOf(done)).toEqual([]);
  const files = filesIn(done);
  expect(files).toContain('checkpoint/model.safetensors');
  for (let i = 0; i < count; i++) {
    const environment = JSON.parse(await readFile(run.environment, 'utf8'));
    const times = await readFile(run.times, 'utf8');
    const { what, path, sameJson, undo } = await mutate(done, files, random);
    const name = `seed ${seed}, number ${i}: ${what}`;
    try {
      const failures = (await failuresOf(done)).join('\n');
      // Two files are sealed nowhere, as they differ from machine to machine. What they tell of this one, nobody can
      // check; nor in which order its lists of versions and files stand.
      if (path === 'environment.json' && failures === '' && (!sameJson || what.includes('swapped'))) {
        const now = JSON.parse(await readFile(run.environment, 'utf8'));
        for (const place of placesThatDiffer(environment, now)) expect(freeInEnvironment, name).toContain(place);
      } else if (path === 'times.jsonl' && failures === '') {
        const durations = (text: string) => text.replaceAll(/"durationMs":[^}]*|\s/g, '');
        expect(durations(await readFile(run.times, 'utf8')), name).toBe(durations(times));
      } else expect(failures, name).toMatch(namedBy(path));
    } finally {
      await undo();
    }
  }
  expect(await failuresOf(done)).toEqual([]);
}

function namedBy(path: string): RegExp {
  // Where the model or the data are said to lie elsewhere, it is that place where nothing is found.
  if (path === 'environment.json') return /environment\.json|has none of|cannot be read/;
  // Of a sum and a file that do not agree, it is the file that is named.
  if (path === 'checksums.json') return /checksums\.json|has changed/;
  return new RegExp(`${path.replaceAll('.', '\\.')}\\b`);
}

const freeInEnvironment = [
  'panx',
  'node',
  'libraries',
  'engine',
  'repeatable',
  'machine',
  'startFrom',
  'data',
  'sessions',
];

async function failuresOf(folder: string): Promise<string[]> {
  const checks = await verifyRun(runDirectory(folder), {});
  return checks.flatMap(({ holds, found }) => (holds ? [] : [found]));
}

/** The same of the files that a sweep has beside its stages. */
export async function attackSweep({ sweep }: Campaign, seed: number, count: number): Promise<void> {
  const random = mulberry32(seed);
  const drawn = new Map<string, ReturnType<typeof sweepFiles>>();
  const draw: DrawSweep = table => {
    const key = JSON.stringify(table);
    if (!drawn.has(key)) drawn.set(key, sweepFiles(table));
    return drawn.get(key)!;
  };
  const failures = async () => {
    const checks = await verifySweep(sweepDirectory(sweep), draw);
    return checks.flatMap(({ holds, found }) => (holds ? [] : [found]));
  };
  expect(await failures()).toEqual([]);
  const files = filesIn(sweep).filter(path => !path.includes('/'));
  expect(files).toHaveLength(11);
  for (let i = 0; i < count; i++) {
    const config = JSON.parse(await readFile(join(sweep, 'config.json'), 'utf8'));
    const { what, path, sameJson, undo } = await mutate(sweep, files, random);
    const name = `seed ${seed}, number ${i}: ${what}`;
    try {
      const found = await failures();
      if (path === 'config.json' && found.length === 0 && !sameJson) {
        // Where the data lies, and how often a state is saved, no result depends on. A setting that is left out is what it is by default, as
        // in a file that was written before there was such a setting.
        const now = withDefaults(JSON.parse(await readFile(join(sweep, 'config.json'), 'utf8')));
        for (const place of placesThatDiffer(config, now)) expect(['data', 'checkpoint'], name).toContain(place);
      } else {
        expect(found.join('\n'), name).toMatch(path === 'config.json' ? /./ : new RegExp(path.replace('.', '\\.')));
      }
    } finally {
      await undo();
    }
  }
  expect(await failures()).toEqual([]);
}

function withDefaults(config: Config): Config {
  const { training, evaluation, study } = schema;
  return {
    ...config,
    training: { ...defaultsOf(training), ...config.training },
    evaluation: { ...defaultsOf(evaluation), ...config.evaluation },
    study: { ...defaultsOf(study), ...config.study },
  };
}

/**
 * Change a file of an interrupted run, and go on with it: a sentence, or the bytes of the unbroken run.
 *
 * @returns how often each came
 */
export async function attackResume(
  { done, stopped, request }: Campaign,
  seed: number,
  count: number,
): Promise<{ refused: number; ended: number }> {
  const random = mulberry32(seed);
  const outcome = { refused: 0, ended: 0 };
  const unbroken = await bytesOf(done);
  for (let i = 0; i < count; i++) {
    const from = stopped[i % stopped.length]!;
    const out = `${from}-${seed}-${i}`;
    await cp(from, out, { recursive: true });
    const { what } = await mutate(out, filesIn(out), random);
    const name = `seed ${seed}, number ${i} (${basename(from)}): ${what}`;
    try {
      await runStage({ ...request(out), resume: true });
      expect(await bytesOf(out), name).toEqual(unbroken);
      outcome.ended++;
    } catch (error) {
      if (!(error instanceof PanxError)) throw new Error(name, { cause: error });
      expect(error.message, name).toMatch(/^[^\n\p{Cc}]{20,2000}\.$/u);
      outcome.refused++;
    }
    await rm(out, { recursive: true, force: true });
    await rm(`${out}.aside`, { recursive: true, force: true });
  }
  return outcome;
}

async function bytesOf(out: string): Promise<Record<string, string>> {
  const names = ['metrics.json', 'events.jsonl', 'config.json', 'identity.json', 'checksums.json'];
  const read = names.map(async name => [name, await readFile(join(out, name), 'utf8')] as const);
  const weights = await readFile(join(out, 'checkpoint', 'model.safetensors'));
  return { ...Object.fromEntries(await Promise.all(read)), weights: weights.toString('base64') };
}
