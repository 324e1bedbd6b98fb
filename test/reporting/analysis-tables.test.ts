import { describe, expect, it } from 'vitest';
import { createAnalysis } from '../../src/evaluation/analysis/analyse.js';
import type { AnalysedRows } from '../../src/experiment/analyse-subject.js';
import { type AnalysisTableName, analysisTable, whyNoTable } from '../../src/reporting/analysis-tables.js';
import { type Cell, isSummary } from '../../src/reporting/table.js';

/** The analysis of rows of tags. @param rows gold ‖ predicted */
function analysed(...rows: string[]): AnalysedRows {
  const analysis = createAnalysis({ surfaces: null, most: 10, trainedOn: () => false });
  for (const row of rows) {
    const [gold, predicted] = row.split(' ‖ ').map(side => side.split(' ')) as [string[], string[]];
    const loss = gold.map((tag, i) => (tag === predicted[i] ? 0.1 : 2));
    analysis.add({ words: gold.map((_, i) => `w${i}`), gold, predicted, loss, probability: gold.map(() => null) });
  }
  return { model: 'm', rows: 'tr/test', lang: 'tr', split: 'test', analysis: analysis.result() };
}

/** The lines of a table by their texts; means as [mean, n]. */
function linesOf(name: AnalysisTableName, of: readonly AnalysedRows[]): Record<string, unknown[]> {
  const { columns, rows } = analysisTable(name, of, 100)!;
  const isText = (i: number) => columns[i]!.kind === 'text';
  const shown = (cell: Cell) => (cell !== null && isSummary(cell) ? [cell.mean, cell.n] : cell);
  return Object.fromEntries(
    rows.map(row => [row.filter((_, i) => isText(i)).join(' '), row.filter((_, i) => !isText(i)).map(shown)]),
  );
}

describe('the mean of seeds, each of which lacks something', () => {
  // The first never has a LOC, the second never misses anything.
  const first = analysed('B-ORG O ‖ O O', 'B-ORG O ‖ B-ORG O');
  const second = analysed('B-ORG O ‖ B-LOC O', 'B-ORG O ‖ B-ORG O');

  it('counts what is not there as 0, by name and not by place', () => {
    expect(analysisTable('entities', [first, second], 10)!.columns.map(({ head }) => head)).toEqual([
      'true',
      'LOC',
      'ORG',
      'O',
    ]);
    expect(linesOf('entities', [first, second])).toEqual({
      LOC: [
        [0, 2],
        [0, 2],
        [0, 2],
      ],
      ORG: [
        [0.5, 2],
        [1, 2],
        [0.5, 2],
      ],
      O: [
        [0, 2],
        [0, 2],
        [0, 2],
      ],
    });
    expect(linesOf('tags', [first, second])['B-ORG']).toEqual([
      [0.5, 2],
      [1, 2],
      [0.5, 2],
    ]);
  });

  it('has each error of one of them, with the mean of all, the costliest first', () => {
    const costs = linesOf('costs', [first, second]);
    // One seed: 2/3, and 1 without what is missed. The other: 1/2, and 1 without the wrong type.
    expect(costs).toEqual({
      'type ORG': [
        [0.5, 2],
        [expect.closeTo((2 / 3 + 1) / 2, 12), 2],
        [expect.closeTo(0.25, 12), 2],
      ],
      'missed ORG': [
        [0.5, 2],
        [0.75, 2],
        [expect.closeTo(1 / 6, 12), 2],
      ],
    });
    expect(Object.keys(costs)).toEqual(['type ORG', 'missed ORG']);
  });

  it('has every type, and no F1 of one that is neither true nor predicted', () => {
    expect(linesOf('types', [first, second])).toMatchObject({
      LOC: [
        [0, 2],
        [0.5, 2],
        [0, 2],
        [0, 2],
        [0, 2],
        [0, 2],
        [0, 2],
        [0, 2],
        [0, 1],
      ],
      ORG: [
        [2, 2],
        [1, 2],
        [1, 2],
        [0.5, 2],
        [0, 2],
        [0, 2],
        [0.5, 2],
        [0, 2],
        [expect.closeTo(2 / 3, 12), 2],
      ],
    });
    expect(Object.keys(linesOf('report', [first, second]))).toEqual([
      'LOC',
      'ORG',
      'micro avg',
      'macro avg',
      'weighted avg',
    ]);
  });

  it('has no words and sentences, and says why', () => {
    expect(analysisTable('sentences', [first, second], 10)).toBeNull();
    expect(whyNoTable('sentences', [first, second])).toContain('which several seeds do not share');
  });
});

it('has no number that is none where there is no entity', () => {
  const none = analysed('O O ‖ O O');
  expect(linesOf('report', [none])).toEqual({
    'micro avg': [0, 0, 0, 0],
    'macro avg': [0, 0, 0, 0],
    'weighted avg': [0, 0, 0, 0],
  });
  expect(linesOf('costs', [none])).toEqual({});
});

it('tells a type that is called O from no entity', () => {
  expect(linesOf('entities', [analysed('B-O O B-PER ‖ O B-O B-PER')])).toEqual({
    'O (type)': [0, 0, 1],
    PER: [0, 1, 0],
    O: [1, 0, 0],
  });
});

it('has no two columns of one name', () => {
  const one = analysed('B-ORG B-PER ‖ B-PER B-ORG');
  for (const name of ['kinds', 'types', 'costs', 'semeval', 'report', 'buckets', 'entities', 'tags'] as const) {
    const keys = analysisTable(name, [one], 10)!.columns.map(({ key }) => key);
    expect(new Set(keys).size, name).toBe(keys.length);
  }
});
