import { expect, it } from 'vitest';
import { stagesToReport } from '../../../src/commands/report/stages-to-report.js';
import { exampleTable } from '../../reporting/example.js';
import { tableOfSeeds } from '../../reporting/seeds.js';

const study = { name: 'example', table: exampleTable() };

it('takes the stage with the best mean F1, and says so', () => {
  expect(stagesToReport(study, undefined)).toEqual({
    ids: ['en-→-tr-1000'],
    choice:
      'Of 4 stages this is the one with the best mean F1 over en, tr (0.8175). panx report --stages shows others.',
  });
});

it('of several seeds takes the first that is done', () => {
  const { ids, choice } = stagesToReport({ name: 'seeds', table: tableOfSeeds() }, undefined);
  expect(ids).toEqual(['joint-1-1000-seed-0']);
  expect(choice).toContain('the first of its 3 seeds');
});

it('takes stages by name, and all that are trained', () => {
  expect(stagesToReport(study, 'en,tr')).toEqual({ ids: ['en', 'tr'], choice: null });
  expect(stagesToReport(study, 'all').ids).toEqual(['tr', 'en', 'en-→-tr-250', 'en-→-tr-1000']);
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
