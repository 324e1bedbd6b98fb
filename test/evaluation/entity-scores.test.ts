import { describe, expect, it } from 'vitest';
import { bootstrapIntervals } from '../../src/evaluation/bootstrap.js';
import { createEntityScoring } from '../../src/evaluation/entity-scores.js';
import { classificationReport } from '../../src/evaluation/seqeval/seqeval.js';

const labels = ['O', 'B-PER', 'I-PER', 'B-ORG', 'I-ORG', 'B-LOC', 'I-LOC'];

describe('createEntityScoring', () => {
  it('tells the modes and averages apart', () => {
    const scoring = createEntityScoring(labels, { metrics: 'strict', resampling: null, rows: 2 });
    scoring.add([1, 2, 0, 3], [1, 2, 0, 5]); // PER right; ORG taken for LOC
    scoring.add([5, 0], [6, 0]); // LOC with I- alone: an entity in default mode only
    const { default: lenient, strictIob2: strict } = scoring.scores();
    const scores = (precision: number, recall: number, f1: number) => ({ precision, recall, f1, support: 3 });
    expect(lenient.micro).toEqual(scores(2 / 3, 2 / 3, 2 / 3));
    expect(lenient.spanOnly).toEqual(scores(1, 1, 1));
    expect(strict!.micro).toEqual(scores(1 / 2, 1 / 3, 0.4));
    expect(strict!.spanOnly).toEqual(scores(1, 2 / 3, 0.8));
    // Over PER, ORG and LOC, the types true or predicted: 1, 0 and 0.
    expect(strict!.macro).toEqual(scores(1 / 3, 1 / 3, 1 / 3));
    expect(strict!.types.map(({ type, f1, support }) => [type, f1, support])).toEqual([
      ['LOC', 0, 1],
      ['ORG', 0, 1],
      ['PER', 1, 1],
    ]);
    expect(scoring.accuracy()).toBe(4 / 6);
  });

  it("macro averages the types that are true and those that are only predicted, as seqeval's", () => {
    const scoring = createEntityScoring(labels, { metrics: 'strict', resampling: null, rows: 1 });
    scoring.add([1, 0], [1, 3]);
    const names = (ids: number[]) => [ids.map(id => labels[id]!)];
    const report = classificationReport(names([1, 0]), names([1, 3]), { scheme: 'IOB2' });
    const { types, micro, macro, weighted } = scoring.scores().strictIob2!;
    expect({ types, micro, macro, weighted }).toEqual(report);
    expect(macro.f1).toBe(0.5);
  });

  it('gives intervals that equal those of scoring every resample from its tags', () => {
    const random = generator(11);
    const rows = Array.from({ length: 12 }, () => {
      const truth = Array.from({ length: 1 + random(6) }, () => random(labels.length));
      return [truth, truth.map(id => (random(3) === 0 ? random(labels.length) : id))] as const;
    });
    const resampling = { level: 0.8, samples: 50, seed: 3 };
    const scoring = createEntityScoring(labels, { metrics: 'strict', resampling, rows: rows.length });
    for (const [truth, prediction] of rows) scoring.add(truth, prediction);
    const intervals = scoring.scores();

    // Which rows a sample holds is seen from outside: each row alone marks its own column of counts.
    const drawn = drawnRows(rows.length, resampling);
    for (const [mode, scheme] of [['default'], ['strictIob2', 'IOB2']] as const) {
      for (const average of ['micro', 'macro', 'weighted', 'spanOnly'] as const) {
        for (const metric of ['precision', 'recall', 'f1'] as const) {
          const scores = drawn.map(sample => {
            const again = createEntityScoring(labels, { metrics: 'strict', resampling: null, rows: sample.length });
            for (const row of sample) again.add(...rows[row]!);
            if (average === 'spanOnly') return again.scores()[mode]!.spanOnly[metric];
            const tags = (side: 0 | 1) => sample.map(row => rows[row]![side].map(id => labels[id]!));
            return classificationReport(tags(0), tags(1), scheme === undefined ? {} : { scheme })[average][metric];
          });
          scores.sort((a, b) => a - b);
          const [low, high] = intervals[mode]![average].intervals![metric];
          expect(low).toBeCloseTo(quantile(scores, 0.1), 12);
          expect(high).toBeCloseTo(quantile(scores, 0.9), 12);
        }
      }
    }
  });

  it('is 0 where no entity is true or predicted, in every average and interval', () => {
    const resampling = { level: 0.95, samples: 100, seed: 0 };
    const scoring = createEntityScoring(labels, { metrics: 'strict', resampling, rows: 3 });
    const none = { precision: 0, recall: 0, f1: 0, support: 0 };
    expect(scoring.scores().default.macro).toEqual(none);
    scoring.add([0, 0], [0, 0]);
    const { macro, types } = scoring.scores().strictIob2!;
    expect(macro).toEqual({ ...none, intervals: { precision: [0, 0], recall: [0, 0], f1: [0, 0] } });
    expect(types).toEqual([]);
  });

  it('leaves out what was not asked for, and refuses labels that strict IOB2 cannot read', () => {
    const scoring = createEntityScoring(labels, { metrics: 'default', resampling: null, rows: 1 });
    scoring.add([1], [1]);
    expect(Object.keys(scoring.scores())).toEqual(['default']);
    expect(scoring.scores().default.micro.intervals).toBeUndefined();
    expect(() => createEntityScoring(['O', 'S-PER'], { metrics: 'strict', resampling: null, rows: 1 })).toThrow(
      'Tag "S-PER" has the prefix "S"; IOB2 allows I, O, B.',
    );
  });
});

/** The rows that each sample draws. (samples, rows) */
function drawnRows(rows: number, resampling: { level: number; samples: number; seed: number }): number[][] {
  const drawn: number[][] = [];
  const marks = new Int32Array(rows * rows).map((_, i) => (i % (rows + 1) === 0 ? 1 : 0));
  bootstrapIntervals(marks, rows, resampling, sum => {
    drawn.push([...sum].flatMap((times, row) => new Array<number>(times).fill(row)));
    return [0];
  });
  return drawn;
}

function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  return below + (place - Math.floor(place)) * (above - below);
}

/** Whole numbers below a bound from a 32-bit linear congruential generator. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
