import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Places } from '../../src/experiment/places.js';
import type { StudyRecord } from '../../src/experiment/study-folder.js';
import { tableOf } from '../../src/experiment/study-on-disk.js';
import { findRuns } from '../../src/experiment/sweep-on-disk.js';
import { verifyStudy } from '../../src/experiment/verify-study.js';
import { sweepFiles } from '../../src/reporting/sweep.js';
import {
  type StoreDirectory,
  type StudyDirectory,
  storeDirectory,
  studyDirectory,
} from '../../src/run/store-directory.js';
import { sha256 } from '../../src/system/checksums.js';
import { buildCli, panx } from '../built-cli.js';

let folder: string;
let copy: string;
let study: StudyDirectory;
let store: StoreDirectory;
let record: StudyRecord;

beforeAll(() => {
  buildCli();
  folder = mkdtempSync(join(tmpdir(), 'panx-verify-study-'));
  writeFileSync(
    join(folder, 'small.yaml'),
    'study: {protocol: cumulative, sizes: [10]}\ntraining: {maxSteps: 2, learningRate: 1e-3}\nevaluation: {limit: 20, eachEpoch: false}\n',
  );
  const places = ['--out', join(folder, 'made', 'small'), '--store', join(folder, 'made', 'store')];
  const { code, stderr } = panx(['run', join(folder, 'small.yaml'), '--sample', ...places]);
  expect(code, stderr).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  copy = mkdtempSync(join(folder, 'copy-'));
  cpSync(join(folder, 'made'), copy, { recursive: true });
  study = studyDirectory(join(copy, 'small'));
  store = storeDirectory(join(copy, 'store'));
  record = JSON.parse(readFileSync(study.stages, 'utf8'));
});

async function failures(places: Places = {}): Promise<string[]> {
  const checks = await verifyStudy(study, places, table => sweepFiles(table, 'study'));
  expect(checks.map(({ subject }) => subject)).toEqual(['settings', 'stages', 'scorings', 'rows', 'table']);
  return checks.flatMap(({ subject, holds, found }) => (holds ? [] : [`${subject}: ${found}`]));
}

function rewrite(path: string, change: (text: string) => string): void {
  const text = readFileSync(path, 'utf8');
  expect(change(text)).not.toBe(text);
  writeFileSync(path, change(text));
}

it('finds the runs of a study, and that all is as it was', async () => {
  const found = await findRuns(study.root);
  expect('study' in found && found.stages.map(({ root }) => root)).toEqual(
    Object.values(record.stages).map(({ key }) => store.stage(key).root),
  );
  expect(await failures()).toEqual([]);
  const { code, stdout } = panx(['verify', study.root]);
  expect(code).toBe(0);
  expect(stdout.match(/✓ outputs/g)).toHaveLength(3);
  expect(stdout).toMatch('✓ stages    all 3 are trained');
});

it.each([
  'table.json',
  'table.csv',
  'table.md',
  'times.csv',
  'learning-curve.svg',
  'config.json',
  'stages.json',
  'panx.json',
])('finds a changed %s', async name => {
  rewrite(join(study.root, name), text => `${text} `);
  expect((await failures()).join('\n')).toMatch(name);
});

it('draws a study of an older panx as that drew it', async () => {
  const older = await tableOf(study);
  for (const [name, content] of await sweepFiles({ ...older, figures: 1 }, 'study')) {
    if (name !== 'times.csv') writeFileSync(join(study.root, name), content);
  }
  expect(readFileSync(join(study.root, 'table.json'), 'utf8')).not.toContain('"figures"');
  expect(await failures()).toEqual([]);
});

it('ends with 1 where something is found', () => {
  rewrite(join(study.root, 'table.md'), text => `${text} `);
  expect(panx(['verify', study.root]).code).toBe(1);
});

it('finds settings that are not those of the stages', async () => {
  rewrite(study.config, text => text.replace(/"sizes": \[\s*10\s*\]/, '"sizes": [\n      11\n    ]'));
  expect((await failures())[0]).toMatch('stages.json does not name the stages that config.json asks for');
});

it('finds settings of training in config.json that are not those of the runs', async () => {
  for (const [before, after, key] of [
    ['"learningRate": 0.001', '"learningRate": 0.002', 'training.learningRate'],
    ['"schedule": "linear"', '"schedule": "cosine"', 'training.schedule'],
    ['"freeze": "nothing"', '"freeze": "encoder"', 'training.freeze'],
    ['"patience": null', '"patience": 2', 'training.patience'],
  ]) {
    const text = readFileSync(study.config, 'utf8');
    rewrite(study.config, content => content.replace(before!, after!));
    expect((await failures())[0], key).toMatch(
      new RegExp(`^settings: .*is not what phase-1-tr was trained with: ${key} was`),
    );
    writeFileSync(study.config, text);
  }
});

it('finds a stage that is gone, and one that is another', async () => {
  const [first, second] = Object.values(record.stages).map(({ key }) => store.stage(key).root);
  rmSync(first!, { recursive: true });
  expect((await failures())[0]).toMatch('stages: the study is not finished: phase-1-tr is not done');
  cpSync(second!, first!, { recursive: true });
  expect((await failures())[0]).toMatch(`stages: ${first} is not phase-1-tr`);
});

it('finds changed scores and predictions, also where the checksums were made to fit', async () => {
  const scoring = store.scoring(record.stages['phase-1-tr']!.scorings['tr/test:20']!);
  rewrite(scoring.scores, text => text.replace(/"accuracy": [\d.]+/, '"accuracy": 0.5'));
  expect((await failures())[0]).toMatch('scorings: scores.json has changed');
  const sum = sha256(readFileSync(scoring.scores));
  rewrite(scoring.checksums, text => text.replace(/"scores.json": "\w+"/, `"scores.json": "${sum}"`));
  expect((await failures())[0]).toMatch(/scorings: .*scores.json: accuracy is 0.5, and the predictions make 0\.\d+/);
  const other = store.scoring(record.stages['phase-2-en']!.scorings['tr/test:20']!);
  rmSync(scoring.root, { recursive: true });
  cpSync(other.root, scoring.root, { recursive: true });
  expect((await failures())[0]).toMatch('is not the scoring of tr/test:20 that stages.json names');
});

it('finds data whose rows are not those that were scored', async () => {
  const data = join(copy, 'data');
  cpSync(new URL('../../sample/data', import.meta.url), data, { recursive: true });
  expect(await failures({ data })).toEqual([]);
  const turkish = join(data, 'PAN-X.tr');
  const file = (split: string) => join(turkish, readdirSync(turkish).find(name => name.startsWith(split))!);
  cpSync(file('validation'), file('test'));
  expect(await failures({ data })).toEqual([`rows: ${data}: tr/test:20 has other rows than phase-1-tr was scored on`]);
  expect(panx(['verify', study.root, '--data', data]).stdout).toMatch('✗ rows');
  rmSync(file('test'));
  expect((await failures({ data })).join('\n')).toMatch(/^rows: .*tr/);
});

it('looks at a scoring by itself', () => {
  const scoring = store.scoring(record.stages['phase-1-tr']!.scorings['tr/test:20']!);
  const sound = panx(['verify', scoring.root]);
  expect([sound.code, sound.stdout.match(/✓/g)?.length]).toEqual([0, 2]);
  rewrite(scoring.scores, text => text.replace('"rows": 20', '"rows": 21'));
  expect(panx(['verify', scoring.root]).code).toBe(1);
  expect(panx(['verify', scoring.root, '--rerun']).code).toBe(2);
});

it('takes one scoring for two languages of the same rows', () => {
  const data = join(copy, 'data');
  cpSync('sample/data', data, { recursive: true });
  cpSync('sample/data/PAN-X.en', join(data, 'PAN-X.de'), { recursive: true });
  const twins = join(copy, 'twins');
  const places = ['--model', 'sample/model', '--data', data, '--out', twins, '--store', store.root];
  const asked = ['--set', 'study.protocol=mixtures', '--set', 'study.train=[[en]]', '--set', 'study.score=[en, de]'];
  writeFileSync(join(copy, 'twins.yaml'), 'study: {}\ntraining: {maxSteps: 1}\nevaluation: {limit: 5}\n');
  const { code, stderr } = panx(['run', join(copy, 'twins.yaml'), ...places, ...asked]);
  expect(code, stderr).toBe(0);
  const { stages } = JSON.parse(readFileSync(studyDirectory(twins).stages, 'utf8')) as StudyRecord;
  const { scorings } = Object.values(stages)[0]!;
  expect(new Set(Object.values(scorings)).size).toBe(1);
  expect(Object.keys(scorings)).toHaveLength(2);
  expect(panx(['verify', twins]).stdout).toMatch('✓ scorings  all 2 are as they were left');
});

it('goes on where weights were let go', async () => {
  for (const { key } of Object.values(record.stages)) rmSync(store.stage(key).checkpoint, { recursive: true });
  expect(await failures()).toEqual([]);
  const { code, stdout } = panx(['verify', study.root]);
  expect([code, stdout.match(/without its weights, which were let go/g)?.length]).toEqual([0, 3]);
  expect(readdirSync(store.root).length).toBeGreaterThan(0);
});
