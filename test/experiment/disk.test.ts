import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { diskNeed, diskText, freeBytes, refuseLack, sizesOf } from '../../src/experiment/disk.js';
import type { PlannedWork } from '../../src/experiment/look-at-study.js';
import { studyOf } from '../../src/experiment/study.js';
import { samplePaths } from '../../src/hub/sample.js';
import { fakeContents } from './contents.js';

/** A plan of phases 1, 2, 3.1, 3.2 and 3.3. */
async function plan(settings: string[], there: Record<string, Partial<PlannedWork>> = {}): Promise<PlannedWork[]> {
  const { config } = await loadConfig({ assignments: ['study.sizes=[10, 20, 30]', ...settings] });
  return studyOf(config, fakeContents({ en: 100, tr: 100 })).map(({ stage, task }) => ({
    ...{ stage, task, trained: false, hasWeights: false, unscored: 2, done: false },
    ...Object.entries(there).find(([name]) => stage.id.startsWith(name))?.[1],
  }));
}

const sizes = { checkpoint: 100, state: 10 };
const done = { trained: true, hasWeights: true, done: true };
const scored = { trained: true, hasWeights: false, done: true };

it('keeps all weights, or as many as are needed at once', async () => {
  expect(diskNeed(await plan([]), sizes, 1)).toEqual({ peak: 510, kept: 500 });
  // Phase 1's go at once; then that of a stage and of the one it starts from are there.
  expect(diskNeed(await plan(['study.keep=last']), sizes, 1)).toEqual({ peak: 210, kept: 100 });
  expect(diskNeed(await plan(['study.keep=[phase-2-en]']), sizes, 1)).toEqual({ peak: 310, kept: 100 });
  // Under from-source the source's weights stay until the last.
  expect(diskNeed(await plan(['study.keep=last', 'study.protocol=from-source']), sizes, 1).peak).toBe(210);
});

it('needs more where stages are trained side by side', async () => {
  expect(diskNeed(await plan(['study.keep=last']), sizes, 3)).toEqual({ peak: 200 + 30 + 200, kept: 100 });
  expect(diskNeed(await plan([], { 'phase-1': done, 'phase-2': done, 'phase-3.1': done }), sizes, 8).peak).toBe(320);
});

it('counts nothing that is there, and weights that are to be made once more', async () => {
  const all = { phase: done };
  expect(diskNeed(await plan([], all), sizes, 1)).toEqual({ peak: 0, kept: 0 });
  const last = { 'phase-1': scored, 'phase-2': scored, 'phase-3.1': scored, 'phase-3.2': scored };
  // Only the last stage is left, and all that leads to it was let go: 2, 3.1, 3.2 and 3.3 are trained.
  expect(diskNeed(await plan(['study.keep=last'], last), sizes, 1)).toEqual({ peak: 410, kept: 100 });
});

it('takes the sizes of a checkpoint and of two states from the model', async () => {
  const { modelDir } = samplePaths();
  const last = { select: 'last' } as const;
  const [few, many] = [await sizesOf(modelDir, 10, last), await sizesOf(modelDir, 1_000_000, last)];
  const best = await sizesOf(modelDir, 10, { select: 'best' });
  expect(best).toEqual({ checkpoint: few.checkpoint, state: (few.state * 4) / 3 });
  expect(few.checkpoint).toBe(many.checkpoint);
  expect(few.checkpoint).toBeGreaterThan(2_000_000);
  expect(few.state).toBeLessThan(many.state);
  expect(many.state).toBeLessThan(6 * many.checkpoint);
});

it('says what is needed, and refuses in one sentence where it is not there', async () => {
  const need = { peak: 7.7e9, kept: 1.1e9 };
  expect(diskText(need, 3e10, 'results/store')).toBe(
    'needs at most 7.7 GB of disk, of which 1.1 GB stay; 30.0 GB are free in results/store',
  );
  refuseLack(need, 7.7e9, 'results/store');
  expect(() => refuseLack(need, 7.6e9, 'results/store')).toThrow(
    'The study needs at most 7.7 GB of disk in results/store, and 7.6 GB are free there; nothing was trained.',
  );
  expect(await freeBytes('/tmp/no/such/folder')).toBeGreaterThan(0);
});
