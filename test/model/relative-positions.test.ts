import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { reachedRows, relativeRow } from '../../src/model/relative-positions.js';
import { goldenFolder } from './golden.js';

interface Case {
  buckets: number;
  farthest: number;
  /** The rows of distances from 0 on, and from 0 down. */
  later: number[];
  earlier: number[];
}

const cases = JSON.parse(readFileSync(goldenFolder('buckets.json'), 'utf8')) as Case[];

describe.each(cases)('$buckets buckets up to $farthest', ({ buckets, farthest, later, earlier }) => {
  const relative = { span: buckets, farthest };

  it('every distance has the row that transformers gives it, before and behind', () => {
    expect(later.map((_, distance) => relativeRow(distance, relative))).toEqual(later);
    expect(earlier.map((_, distance) => relativeRow(-distance, relative))).toEqual(earlier);
  });

  it('a batch reaches the rows of all distances of its longest row, and no others', () => {
    for (const longest of [1, 2, 5, 40, 600]) {
      const { first, end } = reachedRows(longest, relative);
      const rows = Array.from({ length: 2 * longest - 1 }, (_, i) => relativeRow(i - longest + 1, relative));
      expect([first, end - 1]).toEqual([Math.min(...rows), Math.max(...rows)]);
    }
  });
});

it('without buckets each distance has a row, and the farthest one all beyond', () => {
  const rows = [-9, -4, -3, 0, 3, 4, 9].map(distance => relativeRow(distance, { span: 4, farthest: null }));
  expect(rows).toEqual([0, 0, 1, 4, 7, 7, 7]);
});
