import { expect, it } from 'vitest';
import { renderPng } from '../../src/reporting/chart.js';
import { learningCurveSvg } from '../../src/reporting/learning-curve.js';
import { renderCsv } from '../../src/reporting/render/csv.js';
import { fileTable, scoresTable } from '../../src/reporting/result-tables.js';
import { sweepFiles, sweepMarkdown, sweepText } from '../../src/reporting/sweep.js';
import { trainingCurvesSvg } from '../../src/reporting/training-curves.js';
import { exampleTable } from './example.js';
import { tableOfSeeds } from './seeds.js';

it('shows mean, standard deviation and n, and lets columns go that do not fit into 100', () => {
  const lines = sweepText(tableOfSeeds()).split('\n');
  expect(lines.slice(0, 8)).toEqual([
    'EN → TR protocols',
    'protocol target-only: each stage trains the model on the target alone',
    'protocol joint: each stage trains the model on source and target together',
    'F1 is seqeval default mode, micro F1, test split',
    'weights of the last step, mean ± standard deviation over 3 seeds, n trainings',
    'model FacebookAI/xlm-roberta-base',
    '',
    'protocol     learningRate  trained on  TR samples            EN F1            TR F1       n     time',
  ]);
  expect(lines[8]).toBe(
    'target-only  0.001         tr 250             250  0.2000 ± 0.0000  0.4000 ± 0.0200       3    3.0 s',
  );
  expect(lines[15]).toBe(
    'joint        1e-4          en + tr 1…       1,000  0.3750 ± 0.0000  0.7400 ± 0.0141  2 of 3  not run',
  );
  expect(Math.max(...lines.slice(7, 16).map(({ length }) => length))).toBeLessThanOrEqual(100);
  expect(lines.at(-2)).toContain('|protocol:target-only+joint|');
});

it('is a matrix where sets of languages are trained on', async () => {
  const table = exampleTable();
  table.protocol = 'mixtures';
  table.rows = table.rows.slice(0, 2).map(row => ({ ...row, phase: null, role: 'set', targetSamples: null }));
  expect(sweepText(table).split('\n').slice(0, 10)).toEqual([
    'Training languages × test languages',
    'protocol mixtures: each set of languages, scored on every language',
    'F1 is seqeval default mode, micro F1, test split',
    'weights of the last step, 1 seed',
    'model FacebookAI/xlm-roberta-base',
    '',
    'trained on  samples   EN F1   TR F1  epochs  steps       time',
    'tr           20,000  0.6213  0.8910       3  1,875  1 h 2 min',
    'en           20,000  0.8125  0.7500       3  1,875  1 h 0 min',
    '',
  ]);
  expect([...(await sweepFiles(table)).keys()]).not.toContain('learning-curve.svg');
  expect(sweepMarkdown(table)).not.toContain('learning-curve');
  expect(renderCsv(fileTable(table, 'sweep')).split('\n')[0]).toBe(
    'trained_on,samples,f1_en,f1_tr,sd_f1_en,sd_f1_tr,n,epochs,steps,status,protocol,metric,model,signature',
  );
});

it('goes on in blocks below where a matrix has many languages', () => {
  const table = exampleTable();
  table.protocol = 'mixtures';
  table.langs = Array.from({ length: 20 }, (_, i) => `a${String.fromCharCode(97 + i)}`);
  const lines = sweepText(table).split('\n').slice(6, -3);
  expect(lines.filter(line => line.startsWith('trained on')).length).toBeGreaterThan(1);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
});

it('has settings of the grid as columns of the CSV, by their whole names', () => {
  const [head, first] = renderCsv(fileTable(tableOfSeeds(), 'study')).split('\n');
  expect(head!.split(',').slice(-4)).toEqual(['training.learningRate', 'metric', 'model', 'signature']);
  expect(first).toMatch(
    /^target-only-0-250,1\.1,tr 250,250,250,0\.2,0\.4\d*,0,0\.0\d+,3,3,24,done,en,tr,target-only,0\.001,/,
  );
});

it('lists every score in the long form, with the types', () => {
  const lines = renderCsv(scoresTable(tableOfSeeds())).trimEnd().split('\n');
  expect(lines[0]).toBe(
    'protocol,training.learningRate,stage,phase,trained_on,test,average,type,n,precision,precision_sd,recall,recall_sd,f1,f1_sd',
  );
  expect(lines).toHaveLength(1 + 8 * 2 * 3);
  expect(lines.slice(1, 4).map(line => line.split(',').slice(0, 10).join(','))).toEqual([
    'target-only,0.001,target-only-0-250,1.1,tr 250,en,micro,,3,0.2',
    'target-only,0.001,target-only-0-250,1.1,tr 250,en,macro,,3,0.2',
    'target-only,0.001,target-only-0-250,1.1,tr 250,en,,PER,3,0.2',
  ]);
});

it('draws a line for each protocol and cell, with bars of a standard deviation', () => {
  const table = tableOfSeeds();
  const svg = learningCurveSvg(table);
  const names = ['target-only, learningRate 0.001', 'joint, learningRate 1e-4'];
  for (const name of names) expect(svg).toContain(`>${name}</text>`);
  expect(svg).toContain('mean ± standard deviation');
  // Two points of four lines, each with a bar and its two ends.
  expect(svg.match(/stroke-width="1.5"/g)).toHaveLength(4 * 2 * 3);
  expect(learningCurveSvg(tableOfSeeds())).toBe(svg);
  for (const { trainings } of table.rows) trainings.splice(1);
  expect(learningCurveSvg(table)).not.toContain('stroke-width="1.5"');
});

it('draws losses and F1 after each epoch, the same bytes every time', () => {
  const table = tableOfSeeds();
  const svg = trainingCurvesSvg(table);
  for (const text of ['loss', 'F1 of validation', 'epoch', '1.1 tr 250, learningRate 0.001']) {
    expect(svg).toContain(`>${text}</text>`);
  }
  expect(svg.match(/stroke-dasharray="6,4"/g)?.length).toBeGreaterThanOrEqual(8);
  expect(trainingCurvesSvg(tableOfSeeds())).toBe(svg);
  expect(renderPng(svg).length).toBeGreaterThan(10_000);
});

it('draws the loss of training alone where nothing was scored after an epoch, and nothing where nothing is done', () => {
  const table = tableOfSeeds();
  for (const { trainings } of table.rows) {
    for (const { curve } of trainings) for (const point of curve) point.validation = {};
  }
  expect(trainingCurvesSvg(table)).not.toContain('F1 of validation');
  expect(trainingCurvesSvg(exampleTable())).toContain('Losses and F1 after each epoch');
});

it('draws what protocols share once, and no more lines than can be told apart', () => {
  const table = tableOfSeeds();
  const shared = { ...table, rows: [...table.rows, ...table.rows] };
  expect(trainingCurvesSvg(shared)).toBe(trainingCurvesSvg(table));
  const rows = [0, 1].flatMap(copy =>
    table.rows.map(row => ({
      ...row,
      label: `${row.label} ${copy}`,
      trainings: row.trainings.map(one => ({ ...one, id: `${one.id}-${copy}` })),
    })),
  );
  expect(trainingCurvesSvg({ ...table, rows })).toContain('the first 12 of 16 rows');
});
