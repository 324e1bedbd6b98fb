import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { planText } from '../../../src/commands/sweep/plan-text.js';
import { loadConfig } from '../../../src/config/load.js';
import { type PlannedStage, planSweep } from '../../../src/experiment/plan.js';
import { planStudy, type StudyPlan } from '../../../src/experiment/study-plan.js';
import { writeJson } from '../../../src/system/files.js';
import { fakeContents } from '../../experiment/contents.js';
import { writeFakeRun } from '../../experiment/fake-run.js';

let out: string;
let segments = {};
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'panx-plan-'));
});
afterEach(() => rm(out, { recursive: true }));

async function plan(...more: string[]): Promise<[PlannedStage[], StudyPlan]> {
  const { config } = await loadConfig({ assignments: ['study.sizes=[250, 1000]', ...more] });
  const rows = { en: 20000, tr: 20000 };
  const contents = { ...fakeContents(rows), segments };
  return [await planSweep(config, contents, out, false), planStudy(config, rows, segments)];
}

it('says plainly that nothing is known before anything has run', async () => {
  expect(planText(...(await plan()), null)).toBe(`stage                rows  starts from       steps  time
phase-1-tr         20,000  the model         1,875  unknown
phase-2-en         20,000  the model         1,875  unknown
phase-3.1-tr-250      250  phase-2-en           24  unknown
phase-3.2-tr-1000   1,000  phase-3.1-tr-250     96  unknown

4 stages of 41,250 rows an epoch in all.
4 of 4 stages to run, 3,870 steps; how long they take is unknown until the first stage has run.
`);
});

it('shows what is done, what was begun, and how long the rest takes', async () => {
  const [[first, second]] = await plan();
  const { run, stage, identity } = first!;
  const request = { config: stage.config, startFrom: 'base', startFiles: {}, dataDir: 'data', out: run.root };
  await writeFakeRun({ ...request, identity, resume: false, label: 'test' }, stage.samples);
  await writeJson(second!.run.identity, second!.identity);
  await mkdir(second!.run.state);
  expect(planText(...(await plan()), { msPerRow: 20, scoringMs: 60_000 })).toBe(`\
stage                rows  starts from       steps  time
phase-1-tr         20,000  the model         1,875  done
phase-2-en         20,000  the model         1,875  about 21 min 0 s, begun
phase-3.1-tr-250      250  phase-2-en           24  about 1 min 15 s
phase-3.2-tr-1000   1,000  phase-3.1-tr-250     96  about 2 min 0 s

4 stages of 41,250 rows an epoch in all.
3 of 4 stages to run, 1,995 steps, about 24 min 15 s at the 50.0 rows/s measured here.
`);
});

it('says where scoring is not counted', async () => {
  expect(planText(...(await plan()), { msPerRow: 20, scoringMs: null })).toContain(
    'at the 50.0 rows/s measured here, scoring not counted.\n',
  );
});

it('says into how many segments rows are split, with the steps of these', async () => {
  segments = { 'phase-1-tr': 20_100, 'phase-3.2-tr-1000': 1064 };
  expect(planText(...(await plan()), null)).toBe(`stage                rows  segments  starts from       steps  time
phase-1-tr         20,000    20,100  the model         1,887  unknown
phase-2-en         20,000    20,000  the model         1,875  unknown
phase-3.1-tr-250      250       250  phase-2-en           24  unknown
phase-3.2-tr-1000   1,000     1,064  phase-3.1-tr-250    102  unknown

4 stages of 41,250 rows (41,414 segments) an epoch in all.
4 of 4 stages to run, 3,888 steps; how long they take is unknown until the first stage has run.
`);
  segments = {};
});

it('says which stages are over before their warm-up', async () => {
  const text = planText(...(await plan('training.warmupSteps=24')), null);
  expect(text.split('\n').filter(line => line.includes('warm-up'))).toEqual([
    'phase-3.1-tr-250: the warm-up (training.warmupSteps: 24) is not over after the last step (24): the learning rate comes to 1.92e-5, and never to 2e-5',
  ]);
});
