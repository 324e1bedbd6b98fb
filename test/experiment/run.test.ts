import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { runStage } from '../../src/experiment/run.js';
import type { StageRequest } from '../../src/experiment/stage.js';
import { samplePaths } from '../../src/hub/sample.js';
import { readEvents } from '../../src/run/events.js';
import { takeLock } from '../../src/run/lock.js';

const { dataDir, modelDir } = samplePaths();

/** A short training on the embedded sample: 2 epochs of 5 steps, scored on 40 rows. */
async function requestFor(out: string, assignments: string[] = []): Promise<StageRequest> {
  const { config } = await loadConfig({
    assignments: [
      'training.size=70',
      'training.batchSize=16',
      'training.epochs=2',
      'training.learningRate=1e-3',
      'evaluation.limit=40',
      'evaluation.batchSize=16',
      'evaluation.langs=[en, tr]',
      ...assignments,
    ],
  });
  return { config, startFrom: modelDir, dataDir, out, resume: false, label: 'test' };
}

/** The bytes that must not depend on interruptions; times are left out of the log and the metrics. */
async function resultsOf(out: string) {
  const { durationMs: _, ...metrics } = JSON.parse(await readFile(join(out, 'metrics.json'), 'utf8'));
  const events = (await readEvents(join(out, 'events.jsonl'))).map(({ durationMs: _, ...event }) => event);
  const weights = await readFile(join(out, 'checkpoint', 'model.safetensors'));
  return { metrics, events, weights: weights.toString('base64') };
}

describe('a run', () => {
  let folder: string;
  let unbroken: Awaited<ReturnType<typeof resultsOf>>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'panx-run-'));
    await runStage(await requestFor(join(folder, 'unbroken')));
    unbroken = await resultsOf(join(folder, 'unbroken'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('leaves config, environment, events, metrics and a checkpoint, and nothing else', async () => {
    expect((await readdir(join(folder, 'unbroken'))).sort()).toEqual([
      'checkpoint',
      'config.json',
      'environment.json',
      'events.jsonl',
      'metrics.json',
    ]);
    expect((await readdir(join(folder, 'unbroken', 'checkpoint'))).sort()).toEqual(
      expect.arrayContaining(['config.json', 'model.safetensors', 'tokenizer.json']),
    );
  });

  it('logs a line for every step and every evaluation, in order', () => {
    const told = unbroken.events.map(event =>
      event.event === 'step' ? `step ${event.step}` : `${event.lang} ${event.split} at ${event.step}`,
    );
    const steps = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `step ${from + i}`);
    expect(told).toEqual([
      ...steps(1, 5),
      'en validation at 5',
      ...steps(6, 10),
      'en validation at 10',
      'en test at 10',
      'tr test at 10',
    ]);
    expect(unbroken.metrics).toMatchObject({ rows: 70, steps: 10 });
    expect(Object.keys(unbroken.metrics.test)).toEqual(['en', 'tr']);
    expect(unbroken.metrics.test.en.rows).toBe(40);
  });

  it('the same request gives the same bytes', async () => {
    await runStage(await requestFor(join(folder, 'again')));
    expect(await resultsOf(join(folder, 'again'))).toEqual(unbroken);
  });

  it('stopped by its signal between any two steps, or while it scores, and resumed: the same bytes', async () => {
    // How many steps and batches of scoring are let through before the signal comes.
    for (const allowed of [1, 4, 5, 6, 9, 10]) {
      const out = join(folder, `stopped-${allowed}`);
      const controller = new AbortController();
      const request = await requestFor(out);
      const watching = watchSteps(join(out, 'events.jsonl'), allowed, () => controller.abort());
      const error = await runStage({ ...request, signal: controller.signal }).catch((thrown: unknown) => thrown);
      watching.stop();
      expect(error, `stopped after ${allowed}`).toMatchObject({ name: 'PanxError', exitCode: 130 });
      expect(existsSync(join(out, 'metrics.json'))).toBe(false);
      await runStage({ ...request, resume: true });
      const resumed = await resultsOf(out);
      expect(resumed.weights).toBe(unbroken.weights);
      expect(resumed.events.filter(({ event }) => event === 'step')).toEqual(
        unbroken.events.filter(({ event }) => event === 'step'),
      );
      expect(resumed.metrics).toEqual(unbroken.metrics);
    }
  });

  it('a run whose training was over is only scored when it goes on', async () => {
    const out = join(folder, 'scored');
    const request = await requestFor(out);
    await runStage(request);
    await rm(join(out, 'metrics.json'));
    await runStage({ ...request, resume: true });
    expect(await resultsOf(out)).toEqual(unbroken);
  });

  it('refuses a folder that another process works in', async () => {
    const out = join(folder, 'locked');
    const unlock = await takeLock(join(out, 'lock'));
    await expect(runStage(await requestFor(out))).rejects.toThrow(/is in use by process \d+/);
    await unlock();
  });

  it('without evaluation, nothing is scored', async () => {
    const out = join(folder, 'unscored');
    const metrics = await runStage(await requestFor(out, ['evaluation.enabled=false', 'training.maxSteps=2']));
    expect(metrics.test).toEqual({});
    expect((await readEvents(join(out, 'events.jsonl'))).map(({ event }) => event)).toEqual(['step', 'step']);
  });
});

/** Call `act` as soon as the log holds so many steps. */
function watchSteps(path: string, steps: number, act: () => void): { stop(): void } {
  let stopped = false;
  const look = async () => {
    while (!stopped) {
      const text = existsSync(path) ? await readFile(path, 'utf8') : '';
      if (text.split('"event":"step"').length > steps) return act();
      await new Promise(resolve => setImmediate(resolve));
    }
  };
  void look();
  return { stop: () => (stopped = true) };
}
