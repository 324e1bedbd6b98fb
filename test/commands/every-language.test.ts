import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { withEveryLanguage } from '../../src/commands/every-language.js';
import { loadConfig } from '../../src/config/load.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-every-language-'));
afterAll(() => rmSync(folder, { recursive: true }));
for (const [lang, ...splits] of [
  ['tr', 'train', 'validation', 'test'],
  ['en', 'train', 'validation'],
  ['de', 'test'],
]) {
  mkdirSync(join(folder, `PAN-X.${lang}`));
  for (const split of splits) writeFileSync(join(folder, `PAN-X.${lang}`, `${split}-00000-of-00001.parquet`), '');
}

const every = ['training.langs=[all]', 'evaluation.langs=[all]', 'study.score=[all]'];

async function langsOf(data: string, ...assignments: string[]) {
  const { config } = await loadConfig({ assignments, options: [{ key: 'data', value: data, origin: 'the test' }] });
  const { training, evaluation, study } = await withEveryLanguage(config);
  return [training.langs, evaluation.langs, study.score];
}

it('puts the languages that have the split in place of [all], sorted', async () => {
  expect(await langsOf(folder, ...every)).toEqual([
    ['en', 'tr'],
    ['de', 'tr'],
    ['de', 'tr'],
  ]);
  const validation = ['en', 'tr'];
  expect(await langsOf(folder, ...every, 'training.resplit=true')).toEqual([['en', 'tr'], validation, validation]);
});

it('also in what a study leaves out', async () => {
  const of = async (exclude: string) => {
    const { config } = await loadConfig({ assignments: [`data=${folder}`, `study.exclude=${exclude}`] });
    return (await withEveryLanguage(config)).study.exclude;
  };
  expect(await of('[{model: a, train: [all]}, {model: b, train: [[all], [en]]}, {model: c, protocol: joint}]')).toEqual(
    [
      { model: 'a', train: ['en', 'tr'] },
      { model: 'b', train: [['en', 'tr'], ['en']] },
      { model: 'c', protocol: 'joint' },
    ],
  );
});

it('leaves other lists as they are, and then looks at no folder', async () => {
  expect(await langsOf(join(folder, 'nowhere'), 'training.langs=[tr, en]')).toEqual([['tr', 'en'], [], []]);
});

it('refuses what has no languages to list', async () => {
  await expect(langsOf('google/xtreme', 'training.langs=[all]')).rejects.toThrow(
    'training.langs is [all], and the data are google/xtreme on the hub; expected a folder, whose languages are known.',
  );
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  await expect(langsOf(empty, 'evaluation.langs=[all]')).rejects.toThrow(
    `evaluation.langs is [all], and no language of ${empty} has a test split; expected one or more.`,
  );
});
