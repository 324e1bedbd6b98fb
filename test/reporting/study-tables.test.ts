import { expect, it } from 'vitest';
import type { StudyEncoder } from '../../src/experiment/study-encoders.js';
import { renderTerminal } from '../../src/reporting/render/terminal.js';
import { dataTable, encodersTable } from '../../src/reporting/study-tables.js';
import { exampleTable } from './example.js';
import { tableOfSeeds } from './seeds.js';

const sizes = {
  modelType: 'xlm-roberta',
  layers: 12,
  hiddenSize: 768,
  vocabularySize: 250_002,
  parameters: 277_458_439,
};

function encoder(model: string, more: Partial<StudyEncoder> = {}): StudyEncoder {
  const trainingSeconds = { n: 2, mean: 75, sd: 3 };
  return { model, sizes, trainings: 2, trainingSeconds, rowsPerSecond: 126.7, ...more };
}

it('has sizes, parameters, times and F1 of encoders that have one row each', () => {
  const table = exampleTable();
  const rows = table.rows.slice(0, 2).map((row, i) => ({ ...row, cell: { model: `some/model-${i}` } }));
  const encoders = [encoder('some/model-0'), encoder('some/model-1', { trainings: 0, rowsPerSecond: null })];
  const { rows: cells, columns, notes, signature } = encodersTable(encoders, { ...table, rows });
  expect(columns.map(({ key }) => key)).toEqual([
    ...['encoder', 'type', 'layers', 'hidden', 'vocabulary', 'parameters', 'n', 'training_seconds'],
    ...['rows_per_second', 'f1_en', 'f1_tr'],
  ]);
  expect(cells[0]!.slice(0, 9)).toEqual([
    ...['some/model-0', 'xlm-roberta', 12, 768, 250_002, 277_458_439, 2, { n: 2, mean: 75, sd: 3 }, 126.7],
  ]);
  expect(cells[0]!.slice(9)).toEqual([
    { n: 1, mean: 0.62134567, sd: null },
    { n: 1, mean: 0.891, sd: null },
  ]);
  expect(cells[1]![8]).toBeNull();
  expect([notes, signature]).toEqual([[], expect.stringContaining('F1|')]);
});

it('leaves F1 to the table of results where an encoder has several rows, and says whose sizes are unknown', () => {
  const table = tableOfSeeds();
  const { columns, notes, signature, rows } = encodersTable([encoder(table.model, { sizes: null })], table);
  expect(columns.map(({ key }) => key).at(-1)).toBe('rows_per_second');
  expect(rows[0]!.slice(1, 6)).toEqual([null, null, null, null, null]);
  expect(notes).toEqual([
    'Sizes unknown: no config.json is there any more of FacebookAI/xlm-roberta-base, neither trained nor as it started.',
    'F1 stands in the table of results, which has several rows of an encoder.',
  ]);
  expect(signature).toBeUndefined();
});

it('has the rows that were read as the report on encoders prints them: sentences, tokens, lengths, entities, tags', () => {
  const statistics = {
    ...{
      rows: 16_000,
      tokens: 128_429,
      uniqueTokens: 28_681,
      tags: { O: 65_017, 'B-LOC': 7_536 },
      entities: { LOC: 7_536 },
    },
    sentenceLength: { mean: 8.0268, median: 7, p95: 20, max: 60 },
  };
  const sets = [
    { name: 'en/train:fit', lang: 'en', statistics },
    { name: 'conll=de/test', lang: 'conll=de', statistics: { ...statistics, entities: {}, tags: { O: 3 } } },
  ];
  expect(renderTerminal(dataTable({ sets, missing: ['One more is gone.'] }))).toBe(
    [
      'Data sets',
      'language  rows of    sentences   tokens  distinct  mean length    LOC       O  B-LOC',
      'en        train:fit     16,000  128,429    28,681         8.03  7,536  65,017  7,536',
      'conll=de  test          16,000  128,429    28,681         8.03      –       3      –',
      '',
      'LOC: entities. O, B-LOC: tokens with that tag.',
      'One more is gone.',
      '',
    ].join('\n'),
  );
});
