import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.js';
import { planStudy } from '../../../src/experiment/study-plan.js';
import { removeOtherStages, shownStages } from '../../../src/reporting/tensorboard/stages.js';

let segments = {};
async function stagesOf(...assignments: string[]) {
  const { config } = await loadConfig({ assignments: ['study.sizes=[10]', ...assignments] });
  const study = planStudy(config, { en: 100, tr: 50, de: 80 }, segments);
  return shownStages(study, '/results/en-tr', '/results/en-tr/tensorboard');
}

const groupsOf = (stages: Awaited<ReturnType<typeof stagesOf>>) => {
  const groups = new Map<string, string[]>();
  for (const { group, stage } of stages) groups.set(group, [...(groups.get(group) ?? []), stage.id]);
  return Object.fromEntries(groups);
};

it('the seeds of a row of the table are a group, named after the study and the row', async () => {
  const stages = await stagesOf('study.seeds=2');
  expect(groupsOf(stages)).toEqual({
    'en-tr/phase-1-tr': ['phase-1-tr-seed-42', 'phase-1-tr-seed-43'],
    'en-tr/phase-2-en': ['phase-2-en-seed-42', 'phase-2-en-seed-43'],
    'en-tr/phase-3.1-tr-10': ['phase-3.1-tr-10-seed-42', 'phase-3.1-tr-10-seed-43'],
  });
  expect(stages[0]!.path).toBe('/results/en-tr/tensorboard/phase-1-tr-seed-42/events.out.tfevents.panx');
  // The plugin takes the hyperparameters of a group from any of its sessions.
  for (const group of new Set(stages.map(({ group }) => group))) {
    const [one, other] = stages.filter(stage => stage.group === group);
    expect(one!.hparams).toEqual(other!.hparams);
  }
});

it('cells and protocols are groups of their own', async () => {
  const groups = groupsOf(
    await stagesOf('study.protocol=[target-only, joint]', 'study.grid={training.learningRate: [1e-4, 1e-3]}'),
  );
  expect(Object.keys(groups)).toEqual(
    ['target-only', 'joint'].flatMap(protocol =>
      ['1e-4', '0.001'].map(rate => {
        const phase = protocol === 'joint' ? 'phase-2.1-en-tr-10' : 'phase-1.1-tr-10';
        return `en-tr/${phase} ${protocol} training.learningRate=${rate}`;
      }),
    ),
  );
  for (const ids of Object.values(groups)) expect(ids).toHaveLength(1);
});

it('each stage says what it trained on, and what the study scores', async () => {
  const [target, source, both] = await stagesOf();
  expect(both!.hparams).toMatchObject({ protocol: 'cumulative', stage: 'phase-3.1-tr-10', trained_on: 'en → tr 10' });
  expect([target!, source!].map(({ scored }) => scored)).toEqual([
    { eval: ['tr'], test: ['en', 'tr'] },
    { eval: ['en'], test: ['en', 'tr'] },
  ]);
  expect(target!.scoredByAll).toEqual({ eval: ['tr', 'en'], test: ['en', 'tr'] });
  expect([target!.rows, both!.rows]).toEqual([50, 10]);
  segments = { 'phase-1-tr': 70 };
  expect((await stagesOf()).map(({ rows }) => rows)).toEqual([70, 100, 10]);
  segments = {};
});

it('event files of stages that a study does not have any more are removed, and nothing else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'panx-stages-'));
  const make = (name: string, ...files: string[]) => {
    mkdirSync(join(folder, name));
    for (const file of files) writeFileSync(join(folder, name, file), 'x');
  };
  make('phase-1-tr', 'events.out.tfevents.panx');
  make('phase-3.1-tr-20', 'events.out.tfevents.panx');
  make('mine', 'events.out.tfevents.panx', 'notes.txt');
  writeFileSync(join(folder, 'phase-9'), 'x');
  await removeOtherStages(folder, await stagesOf());
  expect(readdirSync(folder).sort()).toEqual(['mine', 'phase-1-tr', 'phase-9']);
  await removeOtherStages(join(folder, 'none'), await stagesOf());
});
