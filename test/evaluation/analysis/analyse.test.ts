import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Analysis, createAnalysis, surfacesIn } from '../../../src/evaluation/analysis/analyse.js';
import {
  errorKinds,
  f1IfMended,
  f1OfKinds,
  goldOf,
  predictedOf,
  semevalScores,
} from '../../../src/evaluation/analysis/error-kinds.js';
import { countSurfaces } from '../../../src/evaluation/analysis/training-surfaces.js';
import type { ScoredRow } from '../../../src/evaluation/foreign-predictions.js';
import { reportDictionary } from '../../../src/evaluation/seqeval/report.js';

interface Golden {
  rows: { words: string[]; gold: string[]; predicted: string[]; loss: number[] }[];
  training: { words: string[]; tags: string[] }[];
  kinds: Record<string, number>;
  semeval: Record<string, number>;
  mended: Record<string, number>;
  entities: [gold: string, predicted: string, count: number][];
  tags: { labels: string[]; counts: number[][] };
  buckets: Record<string, Record<string, [gold: number, predicted: number, correct: number]>>;
  softmin: number[];
  report: Record<string, Record<string, number>>;
}

const golden: Golden[] = JSON.parse(
  readFileSync(new URL('../../fixtures/golden/analysis.json', import.meta.url), 'utf8'),
);

async function analyse(
  rows: readonly ScoredRow[],
  { training = null as Golden['training'] | null, most = 100, trainedOn = false } = {},
): Promise<Analysis> {
  const each = (async function* () {
    yield* rows;
  })();
  const surfaces = training === null ? null : countSurfaces(await surfacesIn(each));
  for (const row of training ?? []) surfaces!.add(row);
  const analysis = createAnalysis({ surfaces, most, trainedOn: () => trainedOn });
  for (const row of rows) analysis.add(row);
  return analysis.result();
}

function rowOf(gold: string, predicted: string, words: string | null = null): ScoredRow {
  const tags = gold.split(' ');
  const unknown = () => tags.map(() => null);
  const guesses = predicted.split(' ').map(tag => (tag === '?' ? null : tag));
  return { words: words?.split(' ') ?? null, gold: tags, predicted: guesses, loss: unknown(), probability: unknown() };
}

describe('six sentences worked out by hand', async () => {
  const result = await analyse([
    rowOf('B-PER I-PER O B-LOC O', 'B-PER I-PER O B-LOC O'),
    rowOf('B-ORG I-ORG I-ORG O B-LOC', 'O B-ORG I-ORG O B-ORG'),
    rowOf('B-PER I-PER O O O', 'B-LOC O O B-ORG O'),
    rowOf('B-LOC O B-PER I-PER I-PER', 'B-LOC O O O O'),
    rowOf('B-PER B-PER O B-ORG I-ORG', 'B-PER I-PER O B-ORG B-ORG'),
    rowOf('O O O O O O', 'O O O O O O'),
  ]);
  const { kinds } = result;

  it('have each entity in one kind', () => {
    expect(kinds).toEqual({ correct: 3, type: 1, boundary: 3, both: 1, missed: 2, spurious: 2 });
    expect([goldOf(kinds), predictedOf(kinds), f1OfKinds(kinds)]).toEqual([10, 10, 0.3]);
  });

  it('have the four scores of SemEval-2013', () => {
    const { strict, exact, partial, type } = semevalScores(kinds);
    expect([strict.f1, exact.f1, partial.f1, type.f1]).toEqual([0.3, 0.4, 0.6, 0.6]);
    expect(strict).toMatchObject({ correct: 3, incorrect: 5, partial: 0, missing: 2, spurious: 2 });
    expect(exact).toMatchObject({ correct: 4, incorrect: 4, partial: 0 });
    expect(partial).toMatchObject({ correct: 4, incorrect: 0, partial: 4 });
    expect(type).toMatchObject({ correct: 6, incorrect: 2, partial: 0 });
  });

  it('say what mending each kind would give', () => {
    const gains = errorKinds.map(kind => (f1IfMended(kinds, kind) - 0.3).toFixed(4));
    expect(gains).toEqual(['0.1000', '0.3000', '0.1000', '0.1545', '0.0333']);
    expect(f1IfMended(kinds, 'missed', 1)).toBeCloseTo(8 / 21, 12);
  });

  it('have their entities by length', () => {
    const lengths = result.buckets.find(({ attribute }) => attribute === 'entity length')!.scores;
    const counts = lengths.map(({ bucket, gold, predicted, correct }) => [bucket, gold, predicted, correct]);
    expect(counts).toEqual([
      ['1', 5, 7, 2],
      ['2', 3, 3, 1],
      ['3', 2, 0, 0],
      ['4 or more', 0, 0, 0],
    ]);
  });

  it('leave out what needs words or losses', () => {
    expect(result.losses).toBeNull();
    expect(result.mistaken).toEqual([]);
    expect(result.buckets.map(({ attribute }) => attribute)).toEqual([
      'entity length',
      'sentence length',
      'entity density',
    ]);
  });
});

describe.each(golden.map((one, i) => [i, one] as const))('random predictions %i', (_, one) => {
  const rows = one.rows.map(row => ({ ...row, probability: row.loss.map(() => null) }));
  const result = analyse(rows, { training: one.training });

  it('have the report of seqeval', async () => {
    const { report } = await result;
    const found = reportDictionary(report);
    expect(Object.keys(found).sort()).toEqual(Object.keys(one.report).sort());
    for (const [name, scores] of Object.entries(one.report)) {
      for (const [key, value] of Object.entries(scores)) {
        expect(found[name]![key as 'f1-score'], `${name} ${key}`).toBeCloseTo(value, 12);
      }
    }
  });

  it('have the kinds, the SemEval scores and the gains of brute force', async () => {
    const { kinds } = await result;
    expect(kinds).toEqual(one.kinds);
    const scores = semevalScores(kinds);
    for (const [reading, f1] of Object.entries(one.semeval)) {
      expect(scores[reading as 'strict'].f1, reading).toBeCloseTo(f1, 12);
    }
    for (const kind of errorKinds) expect(f1IfMended(kinds, kind), kind).toBeCloseTo(one.mended[kind]!, 12);
  });

  it('have kinds by type that add up to those of all', async () => {
    const { kinds, kindsByType } = await result;
    for (const kind of [...errorKinds, 'correct'] as const) {
      expect(
        kindsByType.reduce((sum, { counts }) => sum + counts[kind], 0),
        kind,
      ).toBe(kinds[kind]);
    }
  });

  it('have the confusion of scikit-learn, and that of the pairs', async () => {
    const { confusion } = await result;
    const cell = ({ labels, counts }: Analysis['confusion']['tags'], gold: string, predicted: string) =>
      counts[labels.indexOf(gold)]![labels.indexOf(predicted)];
    expect([...confusion.tags.labels].sort()).toEqual(one.tags.labels);
    for (const [i, gold] of one.tags.labels.entries()) {
      for (const [j, predicted] of one.tags.labels.entries()) {
        expect(cell(confusion.tags, gold, predicted), `${gold} ${predicted}`).toBe(one.tags.counts[i]![j]);
      }
    }
    for (const [gold, predicted, count] of one.entities) expect(cell(confusion.entities, gold, predicted)).toBe(count);
    const all = confusion.entities.counts.flat().reduce((sum, count) => sum + count, 0);
    expect(all).toBe(one.entities.reduce((sum, [, , count]) => sum + count, 0));
  });

  it('have the buckets of brute force', async () => {
    for (const { attribute, scores } of (await result).buckets) {
      const counts = scores.map(({ bucket, gold, predicted, correct }) => [bucket, [gold, predicted, correct]]);
      const filled = counts.filter(([, three]) => (three as number[]).some(count => count > 0));
      expect(Object.fromEntries(filled), attribute).toEqual(one.buckets[attribute]);
    }
    expect((await result).buckets).toHaveLength(Object.keys(one.buckets).length);
  });

  it('rank labels that may be wrong as cleanlab does', async () => {
    const { suspects } = (await result).losses!;
    for (const { row, score } of suspects!) expect(score, `row ${row}`).toBeCloseTo(one.softmin[row]!, 9);
    const scores = suspects!.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => a - b));
    expect(suspects).toHaveLength(rows.length);
  });

  it('have the losses of their words', async () => {
    const { labels, sentences } = (await result).losses!;
    const all = one.rows.flatMap(({ loss }) => loss);
    const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
    expect(labels.reduce((total, { count }) => total + count, 0)).toBe(all.length);
    expect(sum(labels.map(({ total }) => total))).toBeCloseTo(sum(all), 9);
    for (const { name, count, mean, total } of labels) {
      const own = one.rows.flatMap(({ gold, loss }) => loss.filter((_, i) => gold[i] === name));
      expect([count, total]).toEqual([own.length, expect.closeTo(sum(own), 9)]);
      expect(mean).toBeCloseTo(total / count, 12);
    }
    expect(sentences[0]!.total).toBeCloseTo(Math.max(...one.rows.map(({ loss }) => sum(loss))), 9);
  });
});

describe('words without a prediction', () => {
  it('count nowhere, as when they were scored', async () => {
    const result = await analyse([rowOf('B-PER I-PER I-PER O', 'B-PER ? I-PER ?', 'Ada King Lovelace .')]);
    expect(result.kinds).toMatchObject({ correct: 1, missed: 0, spurious: 0 });
    expect([result.words, result.unpredicted, result.accuracy]).toEqual([4, 2, 1]);
  });

  it('may be all there are', async () => {
    const result = await analyse([rowOf('B-PER O', '? ?', 'a b')]);
    expect(result.kinds).toEqual({ correct: 0, type: 0, boundary: 0, both: 0, missed: 0, spurious: 0 });
    expect(result.accuracy).toBe(0);
    expect(result.report.types).toEqual([]);
  });
});

describe('what is listed', () => {
  const row = (words: string, gold: string, predicted: string, loss: number[]): ScoredRow => ({
    ...rowOf(gold, predicted, words),
    loss,
  });
  const rows = [
    row('in Ankara', 'O B-LOC', 'O B-LOC', [0.1, 0.2]),
    row('Ankara Spor', 'B-ORG I-ORG', 'B-LOC O', [3, 2]),
    row('Ankara', 'B-LOC', 'B-ORG', [1]),
  ];

  it('is the most of each kind, and no more than was asked for', async () => {
    const { losses, mistaken } = await analyse(rows, { most: 1 });
    expect(losses!.sentences).toMatchObject([{ row: 1, total: 5, mean: 2.5 }]);
    expect(losses!.words).toEqual([{ name: 'Ankara', count: 3, total: 4.2, mean: 4.2 / 3 }]);
    expect(losses!.suspects).toMatchObject([{ row: 1, word: 0 }]);
    expect(mistaken).toEqual([
      {
        word: 'Ankara',
        count: 3,
        wrong: 2,
        mistakes: [
          { gold: 'B-LOC', predicted: 'B-ORG', count: 1 },
          { gold: 'B-ORG', predicted: 'B-LOC', count: 1 },
        ],
      },
    ]);
  });

  it('has no suspects of rows that were trained on', async () => {
    expect((await analyse(rows, { trainedOn: true })).losses!.suspects).toBeNull();
  });
});
