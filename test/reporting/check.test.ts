import { describe, expect, it } from 'vitest';
import { PanxError } from '../../src/errors.js';
import { parseCondition, type Verdict } from '../../src/experiment/conditions.js';
import type { ScoreOrigin } from '../../src/experiment/reported-scores.js';
import {
  type CheckReport,
  checkMarkdown,
  checkTable,
  checkText,
  conditionText,
  numbersText,
} from '../../src/reporting/check.js';
import { exampleCheck, outcome } from './example-check.js';

describe('numbersText', () => {
  it('has four decimals, or as many as tell two numbers apart', () => {
    expect(numbersText([0.85, 0.84])).toEqual({ texts: ['0.8500', '0.8400'], apart: '0.0100' });
    expect(numbersText([0.849996, 0.85])).toEqual({ texts: ['0.849996', '0.850000'], apart: '0.000004' });
    expect(numbersText([0.30000000000000004, 0.3])).toEqual({ texts: ['0.3000', '0.3000'], apart: null });
    expect(numbersText([0.8, 0.9], 0.00001)).toEqual({ texts: ['0.80000', '0.90000'], apart: '0.10000' });
  });
});

describe('checkText', () => {
  it('says of each condition in a line what was found and what was expected', () => {
    expect(checkText(exampleCheck()).split('\n')).toEqual([
      '✓ tr.f1 is 0.8712; expected at least 0.85 (0.0212 above)',
      '✗ tr.PER.f1 is 0.849996; expected at least 0.85 (0.000004 below)',
      '✓ tr.loss is 0.4000; expected at most 0.4 (the same)',
      "✗ en.f1 is 0.7000 (mean of 3 trainings), the baseline's 0.8000 (0.1000 below); expected at most 0.05 below",
      "✓ en.f1 is 0.8000, the baseline's 0.8000 (the same); expected at least 0 above",
      '? de.f1 ≥ 0.5: results/<U+001B>[2J has no scores of <b>|`de.',
      '',
    ]);
  });
});

it('says of how many rows the scores of a run alone are', () => {
  const one = outcome(parseCondition('min', 'tr.f1=0.5'), true, 0.9);
  const text = (from: ScoreOrigin) =>
    checkText({
      run: 'results/tr',
      baseline: null,
      verdicts: [{ ...one, value: { ...one.value, rows: 20, source: 'results/tr/metrics.json', from } }],
    });
  expect(text('metrics')).toBe('✓ tr.f1 is 0.9000 on 20 rows of tr/test; expected at least 0.5 (0.4000 above)\n');
  expect(text('report')).toBe('✓ tr.f1 is 0.9000; expected at least 0.5 (0.4000 above)\n');
});

describe('checkMarkdown', () => {
  it('is a table that can follow what others wrote, in which names are only text', () => {
    expect(checkMarkdown(exampleCheck())).toBe(
      [
        '### panx check: 3 of 6 conditions met',
        '',
        '- checked: results/\\<U+001B\\>\\[2J\\<run\\>',
        '- baseline: results/before\\|\\*',
        '',
        '| result | condition | value | baseline | found |',
        '| --- | --- | --- | --- | --- |',
        '| ✅ met | tr.f1 ≥ 0.85 | 0.8712 | – | tr.f1 is 0.8712; expected at least 0.85 (0.0212 above) |',
        '| ❌ not met | tr.PER.f1 ≥ 0.85 | 0.849996 | – | tr.PER.f1 is 0.849996; expected at least 0.85 (0.000004 below) |',
        '| ✅ met | tr.loss ≤ 0.4 | 0.4000 | – | tr.loss is 0.4000; expected at most 0.4 (the same) |',
        "| ❌ not met | en.f1 drops by ≤ 0.05 | 0.7000 | 0.8000 | en.f1 is 0.7000 (mean of 3 trainings), the baseline's 0.8000 (0.1000 below); expected at most 0.05 below |",
        "| ✅ met | en.f1 gains ≥ 0 | 0.8000 | 0.8000 | en.f1 is 0.8000, the baseline's 0.8000 (the same); expected at least 0 above |",
        '| ⚠️ unknown | de.f1 ≥ 0.5 | – | – | results/\\<U+001B\\>\\[2J has no scores of \\<b\\>\\|\\`de. |',
        '',
        '',
      ].join('\n'),
    );
  });

  it('has no column of a baseline where nothing compares with one', () => {
    const verdicts: Verdict[] = [outcome(parseCondition('min', 'tr.f1=0.5'), true, 0.6)];
    const report: CheckReport = { run: 'results/run', baseline: null, verdicts };
    expect(checkTable(report)).toMatchObject({
      title: 'panx check: 1 of 1 condition met',
      facts: ['checked: results/run'],
    });
    expect(checkTable(report).columns.map(({ key }) => key)).toEqual(['result', 'condition', 'value', 'found']);
    const error = new PanxError('No.');
    const unknown = { ...report, verdicts: [{ condition: verdicts[0]!.condition, error }] };
    expect(checkTable(unknown).rows).toEqual([['⚠️ unknown', conditionText(verdicts[0]!.condition), null, 'No.']]);
  });
});
