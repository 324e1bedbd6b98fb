import { expect, it } from 'vitest';
import { averagesText, reportsText, resamplingText } from '../../../src/commands/evaluate/scores-text.js';
import { createEntityScoring } from '../../../src/evaluation/entity-scores.js';

const labels = ['O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC'];

function scored(level?: number) {
  const resampling = level === undefined ? null : { level, samples: 100, seed: 1 };
  const scoring = createEntityScoring(labels, { metrics: 'strict', resampling, rows: 2 });
  scoring.add([1, 2, 0, 3], [1, 2, 0, 1]);
  scoring.add([1, 2, 0, 3], [2, 2, 0, 3]);
  return scoring.scores();
}

it('names split, mode and average beside every number', () => {
  expect(averagesText('tr', 'test', scored()).split('\n')).toEqual([
    'split    mode             average    precision  recall      F1',
    'tr test  seqeval default  micro         0.7500  0.7500  0.7500',
    'tr test  seqeval default  macro         0.8333  0.7500  0.7333',
    'tr test  seqeval default  weighted      0.8333  0.7500  0.7333',
    'tr test  seqeval default  span only     1.0000  1.0000  1.0000',
    'tr test  strict IOB2      micro         0.6667  0.5000  0.5714',
    'tr test  strict IOB2      macro         0.7500  0.5000  0.5833',
    'tr test  strict IOB2      weighted      0.7500  0.5000  0.5833',
    'tr test  strict IOB2      span only     1.0000  0.7500  0.8571',
    '',
    'span only: first and last word right, whatever the type. macro: mean of the types true or predicted.',
    '',
  ]);
});

it('puts an interval behind its number', () => {
  const line = averagesText('tr', 'test', scored(0.95)).split('\n')[1];
  expect(line).toMatch(/micro {6}0\.7500 \[0\.5000, 1\.0000\] {2}0\.7500 \[0\.5000, 1\.0000\]/);
});

it('names language, split and mode above each report by type', () => {
  const text = reportsText('tr', 'test', scored());
  expect(text.match(/^tr test, .*$/gm)).toEqual([
    'tr test, seqeval default mode, by type',
    'tr test, strict IOB2 mode, by type',
  ]);
  expect(text).toContain('         PER     0.5000    0.5000    0.5000         2\n');
});

it('shows what a type of entity holds and nobody would see', () => {
  const scoring = createEntityScoring(['O', 'B-X\n\u001b[2J'], { metrics: 'default', resampling: null, rows: 1 });
  scoring.add([0, 1], [0, 1]);
  expect(reportsText('tr', 'test', scoring.scores())).toContain('\nX<U+000A><U+001B>[2J     1.0000');
});

it('has the scores of types of wide characters below those of others', () => {
  const scoring = createEntityScoring(['O', 'B-人名の種類', 'B-PER'], {
    metrics: 'default',
    resampling: null,
    rows: 1,
  });
  scoring.add([0, 1, 2], [0, 1, 2]);
  const lines = reportsText('ja', 'test', scoring.scores()).split('\n');
  expect(lines.find(line => line.includes('人名'))).toBe('  人名の種類     1.0000    1.0000    1.0000         1');
  expect(lines.find(line => line.includes('PER'))).toBe('         PER     1.0000    1.0000    1.0000         1');
});

it('says how the intervals were made', () => {
  expect(resamplingText({ level: 0.95, samples: 1000, seed: 42 })).toBe(
    '95% confidence intervals: percentile bootstrap over rows, 1,000 samples, seed 42',
  );
  expect(resamplingText({ level: 0.999, samples: 100, seed: 0 })).toContain('99.9% confidence');
});
