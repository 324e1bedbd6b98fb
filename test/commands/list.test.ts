import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { buildCli, panx } from '../built-cli.js';
import { type FakeStudy, fakeScorings, fakeStudy, fakeTraining, keyOfStage } from '../experiment/fake-store.js';
import { expectDocument } from '../schemas.js';

let root: string;
let study: FakeStudy;
beforeAll(buildCli);
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'panx-list-'));
  study = await fakeStudy(root, 'en-tr');
  await fakeTraining(study, ['phase-1-tr', 'phase-2-en']);
  await fakeScorings(study, ['phase-1-tr']);
  return () => rm(root, { recursive: true });
});

it('lists studies and stages', () => {
  const { code, stdout, stderr } = panx(['list', '--store', study.store.root]);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^study +folder +stages done +failed +written\nen-tr +\S+\/en-tr +1 of 4 +0 {2}20\d\d-/);
  const key = keyOfStage(study, 'phase-1-tr').slice(0, 12);
  expect(stdout).toMatch(
    new RegExp(
      `\n${key} +phase-1-tr +tr/train +the model +2026-01-01 00:00 +kept +[\\d.]+ kB +0\\.5000 +0\\.5000 +en-tr\n`,
    ),
  );
  expect(stdout).toMatch(/\nThe store \S+ takes [\d.]+ kB\.\n$/);
});

it('prints the same as JSON', () => {
  const { code, stdout } = panx(['list', '--store', study.store.root, '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ store: study.store.root, studies: [{ done: 1 }], stages: [{}, {}] });
});

it('says what is damaged, and prints nothing that steers a terminal', async () => {
  await writeFile(study.store.stage(keyOfStage(study, 'phase-2-en')).identity, '{"\u001b[2J": 1}');
  const [first] = study.stages.get('phase-1-tr')!.task.scorings;
  await writeFile(study.store.scoring(first!.key).scores, '{');
  await symlink('/etc', join(study.store.root, '\u001b[31m'));
  await writeFile(study.folder.stages, '{"\u009b": 1}');
  const { code, stdout, stderr } = panx(['list', '--store', study.store.root]);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^en-tr +\S+ +damaged /m);
  expect(stdout).toMatch(new RegExp(`^${first!.key.slice(0, 12)} +\\(scoring\\) +damaged`, 'm'));
  expect(stdout).toMatch(/^stage \w{12}: \S+identity\.json/m);
  expect(stdout).toContain('<U+001B>[31m is a link.\n');
  expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  expectDocument('list', panx(['list', '--store', study.store.root, '--json']).stdout);
});

it('says in a line that a store holds nothing', () => {
  const nothing = join(root, 'nothing');
  expect(panx(['list'], { PANX_STORE: nothing })).toMatchObject({
    code: 0,
    stdout: `There is no store in ${nothing} (--store, PANX_STORE): nothing was trained into it yet.\n`,
  });
  expect(JSON.parse(panx(['list', '--store', nothing, '--json']).stdout)).toMatchObject({ studies: [], stages: [] });
});
