import { PanxError } from '../../src/errors.js';
import { type Condition, type Outcome, parseCondition } from '../../src/experiment/conditions.js';
import type { CheckReport } from '../../src/reporting/check.js';

/** A condition that was looked at. */
export function outcome(condition: Condition, met: boolean, value: number, before?: number, n = 1): Outcome {
  const from = { rows: 100, split: 'test', source: 'report.json', from: 'report' } as const;
  const baseline = before === undefined ? null : { ...from, value: before, n: 1 };
  return {
    condition,
    met,
    value: { ...from, value, n },
    baseline,
    change: before === undefined ? null : value - before,
  };
}

/** Conditions of every kind, met, not met and unknown, with names that no format may take for its own. */
export function exampleCheck(): CheckReport {
  return {
    run: 'results/\u001b[2J<run>',
    baseline: 'results/before|*',
    verdicts: [
      outcome(parseCondition('min', 'tr.f1=0.85'), true, 0.8712),
      outcome(parseCondition('min', 'tr.PER.f1=0.85'), false, 0.849996),
      outcome(parseCondition('max', 'tr.loss=0.4'), true, 0.4),
      outcome(parseCondition('max-drop', 'en.f1=0.05'), false, 0.7, 0.8, 3),
      outcome(parseCondition('min-gain', 'en.f1=0'), true, 0.8, 0.8),
      {
        condition: parseCondition('min', 'de.f1=0.5'),
        error: new PanxError('results/\u001b[2J has no scores of <b>|`de.', { exitCode: 2 }),
      },
    ],
  };
}
