import { PanxError } from '../errors.js';
import { tolerance } from '../evaluation/significance/p-value.js';
import { formatCount } from '../system/console.js';
import { toldOf } from '../system/faults.js';
import { parseScoreName, type ScoreName } from './score-names.js';
import type { FoundScore, ScoreReport } from './score-report.js';

/** Something that a score is to be: at least, at most, or not far below that of a baseline. */
export interface Condition {
  kind: ConditionKind;
  score: ScoreName;
  /** A fraction of 1, of a loss nats. */
  bound: number;
  /** As it was typed: `tr.f1=0.85`. */
  text: string;
}

/** `min` and `max` are of the score itself; `max-drop` and `min-gain` of what it lost or gained beside the baseline's. */
export const conditionKinds = ['min', 'max', 'max-drop', 'min-gain'] as const;
export type ConditionKind = (typeof conditionKinds)[number];

/** Whether a condition compares with a baseline. */
export function comparesWithBaseline({ kind }: Pick<Condition, 'kind'>): boolean {
  return kind === 'max-drop' || kind === 'min-gain';
}

/** @param text such as `tr.f1=0.85` @throws PanxError, exit code 2, where it is no condition */
export function parseCondition(kind: ConditionKind, text: string): Condition {
  const subject = `--${kind} ${text}`;
  const at = text.lastIndexOf('=');
  const typed = text.slice(at + 1).trim();
  if (at < 1 || !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(typed)) {
    throw new PanxError(`--${kind} is "${text}"; expected SCORE=NUMBER, such as tr.f1=0.85.`, { exitCode: 2 });
  }
  const score = parseScoreName(text.slice(0, at).trim(), subject);
  const bound = Number(typed);
  const isLoss = score.metric === 'loss';
  if (isLoss && comparesWithBaseline({ kind })) {
    throw new PanxError(
      `${subject} compares a loss with that of a baseline; expected a score that is better when higher.`,
      {
        hint: `--max ${score.text}=NUMBER says how high a loss may be.`,
        exitCode: 2,
      },
    );
  }
  if (bound < 0 || (bound > 1 && !isLoss) || !Number.isFinite(bound)) {
    throw new PanxError(
      `${subject} has the number ${typed}; expected ${isLoss ? 'a loss, which is not below 0' : 'a fraction from 0 to 1'}.`,
      {
        ...(bound > 1 && bound <= 100 ? { hint: `${bound} % is ${Number((bound / 100).toPrecision(12))}.` } : {}),
        exitCode: 2,
      },
    );
  }
  return { kind, score, bound, text };
}

/** What became of a condition. */
export type Verdict = Outcome | Unknown;

export interface Outcome {
  condition: Condition;
  met: boolean;
  value: FoundScore;
  /** Of the baseline; null where the condition does not compare. */
  baseline: FoundScore | null;
  /** The value less the baseline's; null where there is none. */
  change: number | null;
}

/** A condition of which nobody can tell whether it is met, and why. */
export interface Unknown {
  condition: Condition;
  error: PanxError;
}

export function isUnknown(verdict: Verdict): verdict is Unknown {
  return 'error' in verdict;
}

/**
 * Look whether a condition is met. Numbers are compared as they are, not rounded; what is away from the bound by no more than what floating-point
 * arithmetic loses is at the bound, which meets it.
 *
 * @param baseline null where none was given, which a condition that compares cannot do without
 */
export async function judge(condition: Condition, run: ScoreReport, baseline: ScoreReport | null): Promise<Verdict> {
  const { kind, score, bound } = condition;
  try {
    const value = await run.score(score);
    if (!comparesWithBaseline(condition) || baseline === null) {
      const met = kind === 'min' ? value.value >= bound - tolerance : value.value <= bound + tolerance;
      return { condition, met, value, baseline: null, change: null };
    }
    const before = await baseline.score(score);
    refuseOtherRows(score, run, value, baseline, before);
    const change = value.value - before.value;
    const met = kind === 'max-drop' ? -change <= bound + tolerance : change >= bound - tolerance;
    return { condition, met, value, baseline: before, change };
  } catch (error) {
    const told = toldOf(error);
    if (told === null) throw error;
    return { condition, error: told };
  }
}

/** @throws PanxError where the two scores are of different rows, as far as that can be told */
function refuseOtherRows(
  { lang }: ScoreName,
  run: ScoreReport,
  value: FoundScore,
  baseline: ScoreReport,
  before: FoundScore,
): void {
  const isAlike =
    value.split === before.split && (value.rows === null || before.rows === null || value.rows === before.rows);
  if (isAlike) return;
  const rowsOf = ({ rows, split }: FoundScore) =>
    `${rows === null ? '' : `${formatCount(rows)} ${rows === 1 ? 'row' : 'rows'} of `}${lang}/${split}`;
  throw new PanxError(
    `${run.typed} was scored on ${rowsOf(value)} and ${baseline.typed} on ${rowsOf(before)}; expected the same rows.`,
    { hint: 'Score both on the same rows: panx evaluate --out FILE gives a report of either.', exitCode: 2 },
  );
}
