import { expect, it } from 'vitest';
import { createSpanCounter } from '../../../src/evaluation/seqeval/counter.js';
import { classificationReport, reportText } from '../../../src/evaluation/seqeval/report.js';

it('prints rows as wide as the longest type', () => {
  const tags = [['B-ORGANIZATION-NAME', 'I-ORGANIZATION-NAME', 'O', 'B-PER']];
  const report = classificationReport(tags, [['B-ORGANIZATION-NAME', 'I-ORGANIZATION-NAME', 'O', 'O']]);
  expect(reportText(report)).toBe(
    [
      '                   precision    recall  f1-score   support',
      '',
      'ORGANIZATION-NAME       1.00      1.00      1.00         1',
      '              PER       0.00      0.00      0.00         1',
      '',
      '        micro avg       1.00      0.50      0.67         2',
      '        macro avg       0.50      0.50      0.50         2',
      '     weighted avg       0.50      0.50      0.50         2',
      '',
    ].join('\n'),
  );
});

it('rounds an exact half to the even digit, as Python does, and nothing else', () => {
  const row = (precision: number, recall: number, f1: number) => ({ precision, recall, f1, support: 8 });
  const text = reportText({
    types: [{ type: 'A', ...row(0.125, 0.375, 0.625) }],
    micro: row(0.875, 0.155, 0.145),
    macro: row(0.005, 0.015, 0.995),
    weighted: row(0.5, 0, 1),
  });
  expect(text.match(/\d\.\d+/g)).toEqual(
    ['0.12 0.38 0.62', '0.88 0.15 0.14', '0.01 0.01 0.99', '0.50 0.00 1.00'].join(' ').split(' '),
  );
});

it('says so where no entity is there', () => {
  const counter = createSpanCounter(['O', 'B-PER']);
  counter.add([0, 0], [0, 0]);
  expect(reportText(counter.scores())).toBe(
    [
      '              precision    recall  f1-score   support',
      '',
      'No entity among the true tags, and none among the predicted ones.',
      '',
    ].join('\n'),
  );
});
