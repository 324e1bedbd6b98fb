import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/schema.js';
import { rowSetName, selectRows } from '../../src/data/row-sets.js';
import {
  langsAtEnd,
  namedRowsOf,
  readCorpus,
  rowSetsOf,
  splitsOf,
  trainingRowCounts,
} from '../../src/experiment/inputs.js';
import { checkRowSettings } from '../../src/experiment/row-settings.js';
import { numpyPermutation } from '../../src/system/random/numpy.js';
import { fakeContents } from './contents.js';

const { contentOf } = fakeContents({ en: 200, tr: 100, de: 3 });
const indexOf = (lang: string, split: string) => contentOf(lang, split).index;

async function configWith(...assignments: string[]): Promise<Config> {
  return (await loadConfig({ assignments: ['training.langs=[en, tr]', ...assignments] })).config;
}

async function namesOf(...assignments: string[]): Promise<string[][]> {
  const { training, validation, test } = rowSetsOf(await configWith(...assignments), indexOf);
  return [training, validation, test].map(sets => sets.map(rowSetName));
}

describe('the rows of a configuration', () => {
  it('are the whole splits', async () => {
    const [validation, test] = [
      ['en/validation', 'tr/validation'],
      ['en/test', 'tr/test'],
    ];
    expect(await namesOf()).toEqual([['en/train', 'tr/train'], validation, test]);
  });

  it('have a size of their own where a language has one', async () => {
    expect((await namesOf('training.size=50', 'training.sizes.tr=7'))[0]).toEqual(['en/train:50', 'tr/train:7']);
    const config = await configWith('training.sizes.tr=7');
    const { steps } = rowSetsOf(config, indexOf).training[1]!;
    const bySize = rowSetsOf(await configWith('training.size=7'), indexOf).training[1]!;
    expect(steps).toEqual(bySize.steps);
    expect(trainingRowCounts(config, contentOf)).toEqual([200, 7]);
  });

  it('are the same fraction of every split that is trained on or scored, shuffled with seed 0', async () => {
    const config = await configWith('training.fractions={tr: .5}', 'evaluation.langs=[tr]', 'evaluation.limit=4');
    const { training, validation, test } = rowSetsOf(config, indexOf);
    expect([training, validation, test].map(sets => sets.map(rowSetName))).toEqual([
      ['en/train', 'tr/train:50'],
      ['en/validation:4', 'tr/validation:2'],
      ['tr/test:2'],
    ]);
    expect(selectRows(5, test[0]!.steps)).toEqual(numpyPermutation(5, 0).subarray(0, 2));
    expect((await namesOf('training.fractions={tr: .5}', 'training.size=20'))[0]).toEqual([
      'en/train:20',
      'tr/train:20',
    ]);
  });

  it('are, after a re-split, rows to fit and rows held out, and validation serves as test', async () => {
    const [fit, held] = [
      ['en/train:fit', 'tr/train:fit'],
      ['en/train:held', 'tr/train:held'],
    ];
    expect(await namesOf('training.resplit=true')).toEqual([fit, held, ['en/validation', 'tr/validation']]);
    expect((await namesOf('training.resplit=true', 'training.size=50', 'evaluation.limit=3'))[1]).toEqual([
      'en/train:50:held:3',
      'tr/train:50:held:3',
    ]);
    const config = await configWith('training.resplit=true');
    const { training, validation, resplit } = rowSetsOf(config, indexOf);
    expect(resplit).toMatchObject({ fit: 240, held: 60 });
    for (const [i, rows] of [200, 100].entries()) {
      const both = [training, validation].flatMap(sets => [...selectRows(rows, sets[i]!.steps)]);
      expect(both.toSorted((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, row) => row));
    }
    expect(trainingRowCounts(config, contentOf).reduce((sum, rows) => sum + rows)).toBe(240);
    const other = await configWith('training.resplit=true', 'training.dataSeed=1');
    expect(namedRowsOf(other, contentOf).training).not.toEqual(namedRowsOf(config, contentOf).training);
  });

  it('lie in the splits that are read', async () => {
    const read = async (...assignments: string[]) => splitsOf(await configWith(...assignments)).map(of => of.join('/'));
    const train = ['en/train', 'tr/train'];
    expect(await read()).toEqual([...train, 'en/validation', 'tr/validation', 'en/test', 'tr/test']);
    expect(await read('training.resplit=true')).toEqual([...train, 'en/validation', 'tr/validation']);
    expect(await read('training.resplit=true', 'evaluation.atEnd=false')).toEqual(train);
    expect(langsAtEnd(await configWith('evaluation.enabled=false'))).toEqual([]);
  });

  it.each([
    [
      ['training.sizes.tr=101'],
      'training.sizes asks for 101 rows of tr, and its train split has 100; expected at most as many.',
    ],
    [
      ['training.size=101'],
      'training.size asks for 101 rows of tr, and its train split has 100; expected at most as many.',
    ],
    [
      ['training.size=60', 'training.fractions={tr: .5}'],
      'training.size asks for 60 rows of tr, and training.fractions leaves 50; expected at most as many.',
    ],
    [
      ['training.fractions={tr: .1}'],
      'training.fractions leaves no row of tr validation: 0.1 of 5; expected at least one.',
    ],
    [
      ['training.langs=[en, de]', 'training.resplit=true', 'training.sizes.de=1'],
      'The re-split has no row of de held out: 1 of its rows are split together with the others; expected some of each language.',
    ],
  ])('are refused: %s', async (assignments, sentence) => {
    const config = await configWith(...assignments);
    expect(() => rowSetsOf(config, indexOf)).toThrow(expect.objectContaining({ message: sentence, exitCode: 2 }));
  });

  it.each([
    [['training.sizes.de=9'], 'training.sizes names de, which is not trained on; expected one of en, tr.'],
    [
      ['training.fractions={sw: .1}'],
      'training.fractions names sw, which is not trained on or scored; expected one of en, tr, de.',
    ],
    [
      ['training.sizes.tr=9', 'training.fractions={tr: .5}'],
      'training.sizes and training.fractions both name tr; expected one of them.',
    ],
  ])('are refused before a file is read: %s', async (assignments, sentence) => {
    const config = await configWith(...assignments);
    expect(() => checkRowSettings(config, ['de'])).toThrow(expect.objectContaining({ message: sentence, exitCode: 2 }));
  });

  it('take no method of every object for a setting', async () => {
    const config = await configWith('training.langs=[constructor]', 'evaluation.enabled=false');
    const sets = rowSetsOf(config, () => indexOf('tr', 'train'));
    expect(sets.training.map(rowSetName)).toEqual(['constructor/train']);
  });
});

const dataDir = fileURLToPath(new URL('../../../shared/panx/', import.meta.url));

describe.skipIf(!existsSync(dataDir))('the real PAN-X', () => {
  it('en is split again into 16,000 and 4,000 rows; seven of them have more than 100 words', async () => {
    const corpus = await readCorpus(dataDir, [
      ['en', 'train'],
      ['en', 'validation'],
    ]);
    const of = async (...assignments: string[]) => {
      const config = await configWith('training.langs=[en]', 'training.resplit=true', ...assignments);
      return rowSetsOf(config, (lang, split) => corpus(lang, split).index).resplit;
    };
    expect(await of()).toEqual({ fit: 16_000, held: 4_000, dropped: { short: 0, long: 0, few: 0 } });
    const without = { fit: 15_994, held: 3_999, dropped: { short: 0, long: 7, few: 0 } };
    expect(await of('training.beyondBins=drop')).toEqual(without);
  });

  it('gives the numbers of rows of the German study', async () => {
    const langs = ['de', 'fr', 'en', 'tr'];
    const corpus = await readCorpus(
      dataDir,
      langs.flatMap(lang => (['train', 'validation', 'test'] as const).map(split => [lang, split] as const)),
    );
    const fractions = 'training.fractions={de: .629, fr: .229, tr: .084, en: .059}';
    const config = await configWith('training.langs=[de, fr, en, tr]', fractions);
    const { training, validation, test } = rowSetsOf(config, (lang, split) => corpus(lang, split).index);
    const sizes = (sets: typeof training) => sets.map(set => Number(rowSetName(set).split(':')[1]));
    expect(sizes(training)).toEqual([12_580, 4_580, 1_180, 1_680]);
    for (const scored of [validation, test]) expect(sizes(scored)).toEqual([6_290, 2_290, 590, 840]);
  });
});
