import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { runStudy } from '../../src/experiment/run-study.js';
import { fakeScorings, fakeStudy, fakeTraining } from './fake-store.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'panx-run-study-'));
  return () => rm(root, { recursive: true });
});

it('a stage whose scores are not there after the work counts as failed, and not as done', async () => {
  const study = await fakeStudy(root, 'en-tr');
  const { config } = await loadConfig({ assignments: ['study.sizes=[10, 20]'] });
  const { folder, store } = study;
  const notices: string[] = [];
  const { table, failed, notRun } = await runStudy(
    {
      ...{ config, stages: [...study.stages.values()], out: folder.root, store },
      ...{ trainRows: { en: 100, tr: 100 }, jobs: 1, failFast: false },
    },
    {
      async work({ identity: { id } }) {
        await fakeTraining(study, [id]);
        if (id !== 'phase-1-tr') await fakeScorings(study, [id]);
        return 'done';
      },
      onPlan: async () => {},
      onTable: async () => {},
      onNotice: text => void notices.push(text),
    },
  );
  expect([failed, notRun]).toEqual([['phase-1-tr'], []]);
  expect(table.rows.map(({ status }) => status)).toEqual(['failed', 'done', 'done', 'done']);
  expect(notices.filter(text => text.startsWith('phase-1-tr failed: '))).toHaveLength(1);
});
