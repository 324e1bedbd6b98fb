import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tableOf } from '../../src/experiment/sweep-on-disk.js';
import { verifyStudy } from '../../src/experiment/verify-study.js';
import { sweepFiles } from '../../src/reporting/sweep.js';
import { sweepDirectory } from '../../src/run/directory.js';
import { studyDirectory } from '../../src/run/store-directory.js';
import { buildCli, panx } from '../built-cli.js';
import { expectDocument } from '../schemas.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-split-'));
beforeAll(buildCli);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = join(folder, 'split.yaml');
writeFileSync(
  settings,
  `study: {protocol: from-source, sizes: [30]}
tokenization: {maxLength: 8, longRows: split}
training: {epochs: 1, batchSize: 100}
evaluation: {limit: 5, eachEpoch: false}
`,
);

interface Plan {
  steps: number;
  stages: { stage: string; samples: number; segments?: number; steps: number }[];
}

/** As sample and settings have them; of the 30 rows none is split. */
const planned = [
  { stage: 'phase-1-tr', samples: 1200, segments: 1701, steps: 18 },
  { stage: 'phase-2-en', samples: 1200, segments: 1869, steps: 19 },
  { stage: 'phase-3.1-tr-30', samples: 30, steps: 1 },
];

function planOf(...args: string[]): Plan {
  const { code, stdout, stderr } = panx([...args, '--sample', '--dry-run', '--json']);
  expect(code, stderr).toBe(0);
  return expectDocument<Plan>('plan', stdout);
}

const readJson = (...path: string[]) => JSON.parse(readFileSync(join(folder, ...path), 'utf8'));

it('a study is planned, told and done with the steps of its segments', () => {
  const out = join(folder, 'study');
  const args = ['run', settings, '--out', out, '--store', join(folder, 'store')];
  const plan = planOf(...args);
  expect(plan.stages).toMatchObject(planned);
  expect(plan.steps).toBe(38);
  const { code, stderr } = panx([...args, '--sample']);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('step 18/18');
  const record = readJson('study', 'stages.json').stages as Record<string, { key: string; rows: number }>;
  for (const { stage, samples, ...counts } of plan.stages.map(({ stage, samples, segments, steps }) => {
    return { stage, samples, steps, ...(segments === undefined ? {} : { segments }) };
  })) {
    const { key, ...told } = record[stage]!;
    expect(told).toMatchObject({ rows: samples, ...counts });
    expect(readJson('store', key, 'metrics.json')).toMatchObject({ rows: samples, ...counts });
  }
  const { rows } = readJson('study', 'table.json') as { rows: { steps: number }[] };
  expect(rows.map(({ steps }) => steps)).toEqual([18, 19, 1]);
});

it('is verified by its segments, and by the steps that these make', async () => {
  const study = studyDirectory(join(folder, 'study'));
  const failures = async () => {
    const checks = await verifyStudy(study, {}, table => sweepFiles(table, 'study'));
    return checks.flatMap(({ holds, found }) => (holds ? [] : [found]));
  };
  expect(await failures()).toEqual([]);
  const text = readFileSync(study.stages, 'utf8');
  writeFileSync(study.stages, text.replace('"segments": 1869', '"segments": 1868'));
  expect(await failures()).toEqual([
    'phase-2-en was trained on 1200 rows in 1869 segments, and the study has it with 1200 rows in 1868 segments',
  ]);
  writeFileSync(study.stages, text.replace('"segments": 1869', '"segments": 1300'));
  expect(await failures()).toContain(`${study.stages} does not name the stages that config.json asks for`);
});

it('a sweep likewise, and a stage that it does not have yet has the steps that it told', async () => {
  const out = join(folder, 'sweep');
  const args = ['sweep', '--config', settings, '--out', out, '--store', join(folder, 'other')];
  expect(planOf(...args)).toMatchObject({ steps: 38, stages: planned });
  expect(panx([...args, '--sample']).code).toBe(0);
  const told = readJson('sweep', 'sweep.json') as { rows: { steps: number }[] };
  expect(told.rows.map(({ steps }) => steps)).toEqual([18, 19, 1]);
  rmSync(join(out, 'phase-2-en'), { recursive: true });
  rmSync(join(out, 'phase-3.1-tr-30'), { recursive: true });
  told.rows[2]!.steps = 4;
  writeFileSync(join(out, 'sweep.json'), JSON.stringify(told));
  const { rows } = await tableOf(sweepDirectory(out));
  expect(rows.map(({ status, steps }) => [status, steps])).toEqual([
    ['done', 18],
    ['not run', 19],
    ['not run', 4],
  ]);
});

it('a training says in how many segments its rows were', () => {
  const out = join(folder, 'train');
  const { code, stdout } = panx(['train', '--lang', 'tr', '--sample', '--config', settings, '--out', out]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^18 steps on 1,200 rows in 1,701 segments, /);
  expect(readdirSync(out)).toContain('metrics.json');
});
