import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import type { ScoredRow } from '../../src/evaluation/foreign-predictions.js';
import {
  type ComparedSystem,
  commonLangs,
  compareSubjects,
  pairBySeed,
} from '../../src/experiment/compare-subjects.js';
import type { SubjectTraining, TrainedSubject } from '../../src/experiment/subject.js';
import type { FoundPredictions } from '../../src/experiment/subject-predictions.js';
import { runDirectory } from '../../src/run/directory.js';

const settings = { trials: 1000, seed: 1, alpha: 0.05, family: 'languages' } as const;
const { config } = await loadConfig({});

/** A sentence of a PER and a LOC, of which so many are predicted right. */
function sentence(right: number, words: string[] | null = ['Ada', 'in', 'Rome']): ScoredRow {
  const predicted = right === 2 ? ['B-PER', 'O', 'B-LOC'] : right === 1 ? ['B-PER', 'O', 'O'] : ['O', 'O', 'O'];
  return { words, gold: ['B-PER', 'O', 'B-LOC'], predicted, loss: [null, null, null], probability: [null, null, null] };
}

function predictions(rows: string, sentences: readonly ScoredRow[]): FoundPredictions {
  const [lang, split] = rows.includes('/') ? rows.split(':')[0]!.split('/') : [null, null];
  return {
    ...{ rows, lang: lang!, split: split!, path: `${rows}.jsonl` },
    async *read() {
      yield* sentences;
    },
  };
}

function training(name: string, seed = 42, dataSeed = 42): TrainedSubject {
  const own = { ...config, seed, training: { ...config.training, dataSeed } };
  return { kind: 'run', name, run: runDirectory(name), config: own, key: name, store: null, scorings: {} };
}

/** Of one training. */
function system(name: string, found: readonly FoundPredictions[], kind: 'run' | 'file' = 'run'): ComparedSystem {
  const one: SubjectTraining = kind === 'run' ? training(name) : { kind, name, path: name };
  return { name, trainings: [{ training: one, found: [...found] }] };
}

const repeated = (right: number, times: number) => Array.from({ length: times }, () => sentence(right));

describe('compareSubjects', () => {
  it('counts entities row by row, and judges each language by its adjusted p', async () => {
    const good = { en: repeated(2, 8), tr: [...repeated(1, 7), sentence(2)] };
    const bad = { en: [...repeated(0, 6), ...repeated(2, 2)], tr: repeated(1, 8) };
    const of = (name: string, rows: typeof good) =>
      system(name, [predictions('en/test', rows.en), predictions('tr/test', rows.tr)]);
    const [en, tr] = await compareSubjects([of('a', good), of('b', bad)], ['en', 'tr'], 'test', settings);
    expect(en).toMatchObject({ rows: 'en/test', lang: 'en', sentences: 8, unpredicted: [0, 0] });
    // 16 of 16, and 4 of 16 without a wrong one.
    expect(en!.pairs[0]!.f1).toEqual([1, (2 * 4) / (16 + 4)]);
    // 2^8 swaps: six sentences differ, and all or none of them must be swapped.
    expect(en!.pairs[0]!.randomization).toMatchObject({ count: 8, trials: 256, exact: true });
    expect(en!.pairs[0]).toMatchObject({ adjustedP: (2 * 8) / 256, verdict: 'not distinguishable' });
    expect(tr!.pairs[0]).toMatchObject({ adjustedP: 1, verdict: 'not distinguishable' });
    const [alone] = await compareSubjects([of('a', good), of('b', bad)], ['en'], 'test', settings);
    expect(alone!.pairs[0]).toMatchObject({ adjustedP: 8 / 256, verdict: 'a is better' });
  });

  it('adjusts for all pairs where told', async () => {
    const systems = [2, 0, 0].map((right, i) => system(`${i}`, [predictions('en/test', repeated(right, 8))]));
    const pOf = async (family: 'languages' | 'all') =>
      (await compareSubjects(systems, ['en'], 'test', { ...settings, family }))[0]!.pairs.map(one => one.adjustedP);
    expect(await pOf('languages')).toEqual([2 / 256, 2 / 256, 1]);
    expect(await pOf('all')).toEqual([6 / 256, 6 / 256, 1]);
  });

  it('gives each system true entities of its own where words were cut off', async () => {
    const cut: ScoredRow = { ...sentence(2), predicted: ['B-PER', null, null] };
    const systems = [
      system('whole', [predictions('en/test', [sentence(1)])]),
      system('cut', [predictions('en/test', [cut])]),
    ];
    const [en] = await compareSubjects(systems, ['en'], 'test', settings);
    expect(en!.pairs[0]!.f1).toEqual([2 / 3, 1]);
  });

  it('takes the rows that all have, whole splits before parts, and a file as it is', async () => {
    const rows = repeated(2, 3);
    const a = system('a', [predictions('en/test:3', rows), predictions('en/test', rows)]);
    const b = system('b', [predictions('en/test', rows), predictions('en/test:3', rows)]);
    const c = system('c', [predictions('en/test:3', rows)]);
    const file = system('mine.jsonl', [predictions('mine.jsonl', rows)], 'file');
    const rowsOf = async (...systems: ComparedSystem[]) =>
      (await compareSubjects(systems, ['en'], 'test', settings))[0]!.rows;
    expect(await rowsOf(a, b)).toBe('en/test');
    expect(await rowsOf(a, c)).toBe('en/test:3');
    expect(await rowsOf(file, b)).toBe('en/test');
    const [alone] = await compareSubjects([file, file], null, 'test', settings);
    expect(alone).toMatchObject({ rows: 'mine.jsonl', lang: null, sentences: 3 });
  });

  it('names the first place where rows differ, and what is missing', async () => {
    const first = [sentence(2), sentence(2)];
    const refusal = (rows: readonly ScoredRow[], name = 'en/test') =>
      compareSubjects(
        [system('a', [predictions('en/test', first)]), system('b', [predictions(name, rows)])],
        ['en'],
        'test',
        settings,
      );
    const same = 'expected systems that were scored on the same rows.';
    await expect(refusal([sentence(2), sentence(2, ['Ada', 'in', 'Oslo'])])).rejects.toThrow(
      `Row 2 differs: word 3 is "Rome" in a (en/test) and "Oslo" in b (en/test); ${same}`,
    );
    await expect(refusal([{ ...sentence(2), gold: ['B-PER', 'O', 'B-ORG'] }, sentence(2)])).rejects.toThrow(
      `Row 1 differs: the gold tag of word 3 is "B-LOC" in a (en/test) and "B-ORG" in b (en/test); ${same}`,
    );
    await expect(refusal([{ ...sentence(2), gold: ['O'], predicted: ['O'], words: ['x'] }])).rejects.toThrow(
      `Row 1 differs: its number of words is 3 in a (en/test) and 1 in b (en/test); ${same}`,
    );
    await expect(refusal([sentence(2)])).rejects.toThrow(
      `b (en/test) ends after row 1, and a (en/test) has more; ${same}`,
    );
    await expect(refusal(first, 'en/test:2')).rejects.toThrow(
      'a was scored on en/test and b on en/test:2; expected the same rows.',
    );
    await expect(refusal(first, 'tr/test')).rejects.toThrow('b has no predictions of en test.');
    await expect(refusal([sentence(2, null), sentence(2, null)])).resolves.toHaveLength(1);
  });

  it('refuses rows of which there are none', async () => {
    const empty = system('a', [predictions('en/test', [])]);
    await expect(compareSubjects([empty, empty], ['en'], 'test', settings)).rejects.toThrow(
      'There is no sentence to compare on.',
    );
  });
});

describe('commonLangs', () => {
  it('has the languages of which all have that split, and none of files', () => {
    const of = (...rows: string[]) =>
      system(
        'a',
        rows.map(one => predictions(one, [])),
      );
    expect(
      commonLangs([of('tr/test', 'en/test', 'de/validation'), of('en/test:5', 'tr/test', 'de/test')], 'test'),
    ).toEqual(['tr', 'en']);
    const file = system('x', [predictions('x', [])], 'file');
    expect(commonLangs([file, of('tr/test')], 'test')).toEqual(['tr']);
    expect(commonLangs([file, file], 'test')).toBeNull();
  });
});

describe('pairBySeed', () => {
  const subject = (name: string, ...seeds: [seed: number, dataSeed?: number][]) => ({
    name,
    trainings: seeds.map(([seed, dataSeed]) => training(`${name} ${seed} ${dataSeed ?? ''}`.trim(), seed, dataSeed)),
  });
  const namesOf = ({ subjects }: ReturnType<typeof pairBySeed>) =>
    subjects.map(({ trainings }) => trainings.map(({ name }) => name));

  it('puts the trainings of one seed together, in whatever order they come', () => {
    const paired = pairBySeed([subject('a', [42], [43]), subject('b', [43], [42])]);
    expect(paired.seeds).toEqual(['42', '43']);
    expect(namesOf(paired)).toEqual([
      ['a 42', 'a 43'],
      ['b 42', 'b 43'],
    ]);
  });

  it('takes data seeds into account where they differ', () => {
    const paired = pairBySeed([subject('a', [42, 1], [42, 2]), subject('b', [42, 2], [42, 1])]);
    expect(paired.seeds).toEqual(['42/1', '42/2']);
    expect(namesOf(paired)[1]).toEqual(['b 42 1', 'b 42 2']);
  });

  it('compares one training of each whatever its seed', () => {
    expect(pairBySeed([subject('a', [42]), subject('b', [7])]).seeds).toBeNull();
  });

  it('refuses other seeds, and other numbers of them', () => {
    expect(() => pairBySeed([subject('a', [42], [43]), subject('b', [42], [44])])).toThrow(
      'a has the seeds 42, 43 and b the seeds 42, 44; expected the same, since systems are compared seed by seed.',
    );
    expect(() => pairBySeed([subject('a', [42], [43]), subject('b', [42])])).toThrow(
      'a has the seeds 42, 43 and b the seed 42; expected the same, since systems are compared seed by seed.',
    );
    const file = { name: 'x.jsonl', trainings: [{ kind: 'file', name: 'x.jsonl', path: 'x.jsonl' } as const] };
    expect(() => pairBySeed([subject('a', [42], [43]), file])).toThrow(
      'a has the seeds 42, 43 and x.jsonl one of which the seed is not known; expected the same, since systems are compared seed by seed.',
    );
  });
});
