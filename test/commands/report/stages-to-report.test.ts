import { expect, it } from 'vitest';
import { stagesToReport } from '../../../src/commands/report/stages-to-report.js';
import { exampleTable } from '../../reporting/example.js';
import { tableOfSeeds } from '../../reporting/seeds.js';

const study = { name: 'example', table: exampleTable() };

it('takes the stage with the best mean F1, and says so', () => {
  expect(stagesToReport(study, undefined)).toEqual({
    ids: ['en-→-tr-1000'],
    choice:
      'Of 4 stages this one has the best mean F1 on the test split (0.8175 over en, tr). panx report --stages shows others.',
  });
});

it('of several seeds takes the first that is done', () => {
  const { ids, choice } = stagesToReport({ name: 'seeds', table: tableOfSeeds() }, undefined);
  expect(ids).toEqual(['joint-1-1000-seed-0']);
  expect(choice).toMatch(
    /^This is one training, seed 0, the first of 3 seeds\. Of 8 stages its stage has the best mean F1 on the test split \(0\.\d{4} over en, tr\)\. The tables of results have the means of all seeds\. panx report --stages shows others\.$/,
  );
});

it('takes stages by name, and all that are trained', () => {
  expect(stagesToReport(study, 'en,tr')).toEqual({ ids: ['en', 'tr'], choice: null });
  expect(stagesToReport(study, 'all').ids).toEqual(['tr', 'en', 'en-→-tr-250', 'en-→-tr-1000']);
});

it('says of stages that were named that each is of one seed, where there are several', () => {
  const seeds = { name: 'seeds', table: tableOfSeeds() };
  const means = 'The tables of results have the means of all seeds.';
  expect(stagesToReport(seeds, 'joint-1-1000').choice).toBe(`This is one training, of one seed. ${means}`);
  expect(stagesToReport(seeds, 'all').choice).toBe(`Each is one training, of one seed. ${means}`);
});

it('refuses a stage that is not trained, and one that there is not', () => {
  expect(() => stagesToReport(study, 'en-→-tr-5000')).toThrow('which is no trained stage of example');
  expect(() => stagesToReport(study, 'em')).toThrow(
    '--stages names "em", which is no trained stage of example; did you mean',
  );
});

it('refuses a study of which nothing is trained', () => {
  const table = { ...study.table, rows: study.table.rows.slice(4) };
  expect(() => stagesToReport({ name: 'new', table }, undefined)).toThrow('new has no stage that is trained yet.');
});
