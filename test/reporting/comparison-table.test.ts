import { describe, expect, it } from 'vitest';
import type { ComparedRows, JudgedPair } from '../../src/experiment/compare-subjects.js';
import { comparisonTable } from '../../src/reporting/comparison-table.js';
import { renderAs } from '../../src/reporting/render/render.js';

const settings = { trials: 10_000, seed: 42, alpha: 0.05, family: 'languages' } as const;
const systems = { names: ['study/one', 'study/two'], seeds: ['42', '43'], split: 'test', settings };

const sampled = (count: number) => ({ p: count / 10_000, count, trials: 10_000, exact: false });

function pair(a: number, b: number, difference: number, adjustedP: number): JudgedPair {
  const better = difference > 0 ? 'a is better' : 'b is better';
  return {
    ...{ a, b, f1: [0.8, 0.8 - difference], difference, interval: [difference - 0.01, difference + 0.01] },
    ...{ bergKirkpatrick: sampled(0), koehn: sampled(12) },
    randomization: { ...sampled(3), p: 4 / 10_001 },
    ...{ adjustedP, verdict: adjustedP <= 0.05 ? better : 'not distinguishable' },
  };
}

const compared: ComparedRows[] = [
  {
    rows: 'en/test:1000',
    lang: 'en',
    sentences: 1000,
    words: 9000,
    unpredicted: [0, 0],
    pairs: [pair(0, 1, -0.0213, 0.0008)],
  },
  {
    rows: 'tr/test',
    lang: 'tr',
    sentences: 10_000,
    words: 90_000,
    unpredicted: [0, 0],
    pairs: [pair(0, 1, 0.0012, 0.2)],
  },
];

describe('comparisonTable', () => {
  it('says what is compared and how, and the verdicts in words', () => {
    const text = renderAs('table', comparisonTable(compared, systems, { letters: true }), { width: 120 });
    expect(text).toBe(`Comparison of A and B
A is study/one
B is study/two
F1 is seqeval default mode, micro F1, on en/test:1000, tr/test, the mean over the seeds 42, 43
in brackets: 95 % interval of the difference, paired bootstrap over seed pairs and sentences together
p boot: of the same samples, after Berg-Kirkpatrick et al. 2012
p Koehn: of the same samples, after Koehn 2004
p rand: approximate randomization, two-sided; a sentence is swapped in all seeds at once
p Holm: p rand adjusted for 2 tests; a verdict needs 0.05 or less
10,000 random samples and swaps (seed 42); all of them where they are no more than that

test  sentences    F1 A    F1 B                       A − B   p boot  p Koehn  p rand  p Holm  verdict
en        1,000  0.8000  0.8213  -0.0213 [-0.0313, -0.0113]  <0.0001   0.0012  0.0004  0.0008  B is better
tr       10,000  0.8000  0.7988  +0.0012 [-0.0088, +0.0112]  <0.0001   0.0012  0.0004  0.2000  not distinguishable

en: B is better than A (F1 0.0213 higher, p 0.0008).
tr: A and B are not distinguishable (F1 0.0012 apart, p 0.2000).
`);
  });

  it('explains no column that left for want of room', () => {
    const textIn = (width: number) =>
      renderAs('table', comparisonTable(compared, systems, { letters: true }), { width });
    for (const width of [80, 90, 100, 110, 120, 200]) {
      const [facts, table] = textIn(width).split('\n\n');
      const isThere = / p Koehn/.test(table!);
      expect([width, /^p Koehn: /m.test(facts!)]).toEqual([width, isThere]);
      if (width === 100) expect(isThere).toBe(false);
    }
  });

  it('fits into 100 columns, with three systems too', () => {
    const three = compared.map(one => ({
      ...one,
      pairs: [...one.pairs, pair(0, 2, 0.1, 0.01), pair(1, 2, 0.1, 0.01)],
    }));
    for (const [rows, names] of [
      [compared, ['one', 'two']],
      [three, ['one', 'two', 'three']],
    ] as const) {
      const text = renderAs('table', comparisonTable(rows, { ...systems, names }, { letters: true }));
      const lines = text.split('\n\n')[1]!.split('\n');
      expect(lines).toHaveLength(1 + rows.flatMap(({ pairs }) => pairs).length);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
    }
    expect(comparisonTable(three, { ...systems, names: ['one', 'two', 'three'] }, { letters: true }).notes).toEqual([
      'en: B is better than A; A is better than C; B is better than C.',
      'tr: A and B are not distinguishable; A is better than C; B is better than C.',
    ]);
  });

  it('has names, rows and every digit in CSV', () => {
    expect(renderAs('csv', comparisonTable(compared.slice(0, 1), systems, { letters: false }))).toBe(
      `test,sentences,system_a,system_b,f1_a,f1_b,difference,difference_low,difference_high,p_bootstrap,p_koehn,p_randomization,p_holm,verdict
en/test:1000,1000,study/one,study/two,0.8,0.8213,-0.0213,${-0.0213 - 0.01},${-0.0213 + 0.01},0,0.0012,${4 / 10_001},0.0008,b is better
`,
    );
  });

  it('never says that a p-value of random samples is 0', () => {
    const of = (p: number, trials: number) => {
      const random = { p, count: 0, trials, exact: false };
      const one = {
        ...pair(0, 1, 0.1, p),
        bergKirkpatrick: random,
        koehn: { ...random, exact: true },
        randomization: random,
      };
      const { rows, notes } = comparisonTable([{ ...compared[0]!, pairs: [one] }], systems, { letters: true });
      return [...rows[0]!.slice(5, 9), notes[0]!.match(/p .*(?=\))/)?.[0]];
    };
    expect(of(0, 1000)).toEqual(['<0.001', 0, 0, 0, 'p 0.0000']);
    expect(of(0.00001, 1_000_000)).toEqual(['<0.0001', '<0.0001', '<0.0001', '<0.0001', 'p <0.0001']);
    expect(of(0.00006, 1_000_000).slice(1)).toEqual([0.00006, 0.00006, 0.00006, 'p 0.0001']);
  });

  it('says nothing of seeds and rows where files are compared', () => {
    const files = compared.slice(0, 1).map(one => ({ ...one, lang: null, rows: 'a.jsonl' }));
    const { facts, notes } = comparisonTable(files, { ...systems, seeds: null, split: null }, { letters: true });
    expect(facts.slice(2)).toEqual([
      'F1 is seqeval default mode, micro F1',
      'in brackets: 95 % interval of the difference, paired bootstrap over sentences',
      'p boot: of the same samples, after Berg-Kirkpatrick et al. 2012',
      'p Koehn: of the same samples, after Koehn 2004',
      'p rand: approximate randomization, two-sided',
      'p Holm: p rand of one test alone, so the same; a verdict needs 0.05 or less',
      '10,000 random samples and swaps (seed 42); all of them where they are no more than that',
    ]);
    expect(notes).toEqual(['a.jsonl: B is better than A (F1 0.0213 higher, p 0.0008).']);
  });

  it('has a letter for each of many systems', () => {
    const names = Array.from({ length: 28 }, (_, i) => `system ${i}`);
    const { facts } = comparisonTable(compared, { ...systems, names }, { letters: true });
    expect([facts[25], facts[26], facts[27]]).toEqual(['Z is system 25', 'AA is system 26', 'AB is system 27']);
  });
});
