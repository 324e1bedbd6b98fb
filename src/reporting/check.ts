import { tolerance } from '../evaluation/significance/p-value.js';
import {
  type Condition,
  comparesWithBaseline,
  isUnknown,
  type Outcome,
  type Verdict,
} from '../experiment/conditions.js';
import { formatCount } from '../system/console.js';
import { visible } from '../system/visible.js';
import { renderMarkdown } from './render/markdown.js';
import { column, type Table } from './table.js';

/** What panx check was asked, and what became of it. */
export interface CheckReport {
  /** What was checked, as it was typed. */
  run: string;
  /** What it was compared with, as it was typed; null where nothing was. */
  baseline: string | null;
  verdicts: readonly Verdict[];
}

/** A condition in a few characters: "tr.f1 ≥ 0.85", "en.f1 drops by ≤ 0.05". */
export function conditionText({ kind, score, bound }: Condition): string {
  switch (kind) {
    case 'min':
      return `${score.text} ≥ ${bound}`;
    case 'max':
      return `${score.text} ≤ ${bound}`;
    case 'max-drop':
      return `${score.text} drops by ≤ ${bound}`;
    case 'min-gain':
      return `${score.text} gains ≥ ${bound}`;
  }
}

/**
 * What was found, as a sentence without its full stop: "tr.f1 is 0.8412; expected at least 0.85 (0.0088 below)". Digits are as many as tell the
 * numbers apart.
 */
export function outcomeText({ condition, value, baseline, change }: Outcome): string {
  const { kind, score, bound } = condition;
  const mean = `${ownRowsText(condition, value)}${value.n === 1 ? '' : ` (mean of ${value.n} trainings)`}`;
  if (baseline === null || change === null) {
    const { texts, apart } = numbersText([value.value, bound]);
    const away = apart === null ? 'the same' : `${apart} ${value.value > bound ? 'above' : 'below'}`;
    return `${score.text} is ${texts[0]}${mean}; expected at ${kind === 'min' ? 'least' : 'most'} ${bound} (${away})`;
  }
  const { texts, apart } = numbersText([value.value, baseline.value], Math.abs(Math.abs(change) - bound));
  const moved = apart === null ? 'the same' : `${apart} ${change < 0 ? 'below' : 'above'}`;
  const limit = kind === 'max-drop' ? `at most ${bound} below` : `at least ${bound} above`;
  return `${score.text} is ${texts[0]}${mean}, the baseline's ${texts[1]} (${moved}); expected ${limit}`;
}

/** Of how many rows a run's own scores are: they may be fewer than a study would score. */
function ownRowsText({ score }: Condition, { from, rows, split }: Outcome['value']): string {
  if (rows === null || from !== 'metrics') return '';
  return ` on ${formatCount(rows)} ${rows === 1 ? 'row' : 'rows'} of ${score.lang}/${split}`;
}

/** A line for each condition, for a terminal. */
export function checkText({ verdicts }: CheckReport): string {
  return verdicts
    .map(verdict => {
      if (isUnknown(verdict)) return `? ${visible(`${conditionText(verdict.condition)}: ${verdict.error.message}`)}\n`;
      return `${verdict.met ? '✓' : '✗'} ${visible(outcomeText(verdict))}\n`;
    })
    .join('');
}

/** A table of the conditions; its title says how many are met. */
export function checkTable({ run, baseline, verdicts }: CheckReport): Table {
  const met = verdicts.filter(verdict => !isUnknown(verdict) && verdict.met).length;
  const compares = verdicts.some(({ condition }) => comparesWithBaseline(condition));
  return {
    title: `panx check: ${met} of ${verdicts.length} ${verdicts.length === 1 ? 'condition' : 'conditions'} met`,
    facts: [`checked: ${run}`, ...(baseline === null ? [] : [`baseline: ${baseline}`])],
    columns: [
      column('result'),
      column('condition'),
      column('value'),
      ...(compares ? [column('baseline')] : []),
      column('found'),
    ],
    rows: verdicts.map(verdict => {
      const condition = conditionText(verdict.condition);
      if (isUnknown(verdict)) {
        return ['⚠️ unknown', condition, null, ...(compares ? [null] : []), verdict.error.message];
      }
      const { value, baseline: before } = verdict;
      const { texts } = numbersText([value.value, before?.value ?? verdict.condition.bound]);
      return [
        verdict.met ? '✅ met' : '❌ not met',
        condition,
        texts[0]!,
        ...(compares ? [before === null ? null : texts[1]!] : []),
        outcomeText(verdict),
      ];
    }),
    notes: [],
  };
}

/** The same as Markdown that can follow what others wrote, as in the step summary of GitHub. */
export function checkMarkdown(report: CheckReport): string {
  return `${renderMarkdown(checkTable(report), { level: 3 })}\n`;
}

/**
 * Two numbers with four decimals, or with as many more as it takes to see that they are not the same.
 *
 * @param also another difference that has to show
 * @returns their texts, and that of their difference; null where they are the same
 */
export function numbersText(
  [first, second]: readonly [number, number],
  also = 0,
): { texts: [string, string]; apart: string | null } {
  const apart = Math.abs(first - second);
  const isSame = apart <= tolerance;
  let digits = 4;
  const isHidden = (difference: number) => difference > tolerance && Number(difference.toFixed(digits)) === 0;
  while (
    digits < 15 &&
    (isHidden(apart) || isHidden(also) || (!isSame && first.toFixed(digits) === second.toFixed(digits)))
  )
    digits++;
  return {
    texts: [first.toFixed(digits), (isSame ? first : second).toFixed(digits)],
    apart: isSame ? null : apart.toFixed(digits),
  };
}
