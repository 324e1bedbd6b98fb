import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { estimateMs, measuredPace } from '../../src/experiment/estimate.js';
import { planSweep } from '../../src/experiment/plan.js';
import { type RunDirectory, runDirectory } from '../../src/run/directory.js';
import { openEventLog } from '../../src/run/events.js';
import { fakeContents } from './contents.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-estimate-'));
});
afterEach(() => rm(folder, { recursive: true }));

function logRun(name: string, stepMs: number[], scoringMs: number[]): RunDirectory {
  const run = runDirectory(join(folder, name));
  const log = openEventLog(run);
  for (const [i, durationMs] of stepMs.entries()) {
    const numbers = { epoch: 0, loss: 1, gradNorm: 1, learningRate: 1, rows: 10, subwords: 100 };
    log.append({ event: 'step', step: i + 1, ...numbers }, durationMs);
  }
  for (const durationMs of scoringMs) {
    const scores = { rows: 5, loss: 1, precision: 0, recall: 0, f1: 0, accuracy: 0 };
    const at = { step: stepMs.length, epoch: 1, lang: 'tr', split: 'test' };
    log.append({ event: 'evaluation', ...at, ...scores }, durationMs);
  }
  log.close();
  return run;
}

it('knows nothing before a run has left events', async () => {
  expect(await measuredPace([runDirectory(join(folder, 'none'))])).toBeNull();
  expect(await measuredPace([logRun('one step', [100], [])])).toBeNull();
});

it('takes the pace of all steps but the first of each run, and the mean scoring time of the scored runs', async () => {
  const runs = [logRun('a', [900, 20, 40], [300, 100]), logRun('b', [900, 60], [200]), logRun('c', [900, 40], [])];
  expect(await measuredPace(runs)).toEqual({ msPerRow: 160 / 40, scoringMs: 300 });
});

it('estimates rows of all epochs, or the segments that they are split into, or those of maxSteps, and scoring', async () => {
  let segments = {};
  const estimate = async (...assignments: string[]) => {
    const { config } = await loadConfig({ assignments: ['study.sizes=[10]', ...assignments] });
    const contents = { ...fakeContents({ en: 100, tr: 50 }), segments };
    const plan = await planSweep(config, contents, folder, false);
    return plan.map(planned => estimateMs(planned, { msPerRow: 2, scoringMs: 1000 }));
  };
  expect(await estimate()).toEqual([1300, 1600, 1060]);
  expect(await estimate('training.maxSteps=4', 'training.batchSize=8')).toEqual([1064, 1064, 1064]);
  segments = { 'phase-2-en': 150 };
  expect(await estimate()).toEqual([1300, 1900, 1060]);
  expect(await estimate('training.maxSteps=4', 'training.batchSize=8')).toEqual([1064, 1064, 1064]);
});
