import { expect, it } from 'vitest';
import { renderTerminal } from '../../src/reporting/render/terminal.js';
import { seedsTable, typesTable } from '../../src/reporting/result-tables.js';
import { exampleTable } from './example.js';
import { tableOfSeeds } from './seeds.js';

it('has the F1 of each type and of both averages, by language', () => {
  const lines = renderTerminal(typesTable(tableOfSeeds()), { width: 140 }).split('\n');
  expect(lines.slice(0, 4)).toEqual([
    'F1 by language and type',
    'protocol     learningRate  trained on    test              PER            micro            macro',
    'target-only  0.001         tr 250        en    0.2000 ± 0.0000  0.2000 ± 0.0000  0.2000 ± 0.0000',
    'target-only  0.001         tr 250        tr    0.4000 ± 0.0200  0.4000 ± 0.0200  0.4000 ± 0.0200',
  ]);
  expect(lines).toHaveLength(2 + 8 * 2 + 1);
});

it('has no row of types where no predictions were kept', () => {
  expect(typesTable(exampleTable()).rows).toEqual([]);
});

it('has the F1 of each seed, with mean, standard deviation and n; what is not done is missing', () => {
  const lines = renderTerminal(seedsTable(tableOfSeeds()), { width: 140 }).split('\n');
  expect(lines[1]).toMatch(/trained on +test +seed 0 +seed 1 +seed 2 +mean ± sd +n$/);
  expect(lines[3]).toMatch(/tr 250 +tr +0\.3800 +0\.4000 +0\.4200 +0\.4000 ± 0\.0200 +3$/);
  expect(lines.at(-2)).toMatch(/en \+ tr 1000 +tr +0\.7300 +0\.7500 +– +0\.7400 ± 0\.0141 +2$/);
});

it('tells trainings of one seed apart by their data seeds', () => {
  const table = tableOfSeeds();
  for (const { trainings } of table.rows) {
    for (const [i, training] of trainings.entries()) Object.assign(training, { seed: 7, dataSeed: i });
  }
  table.conditions.dataSeeds = 3;
  const heads = seedsTable(table).columns.map(({ head }) => head);
  expect(heads.slice(4, 7)).toEqual(['seed 7, data seed 0', 'seed 7, data seed 1', 'seed 7, data seed 2']);
});
