import { createHash } from 'node:crypto';
import type { Config } from '../config/schema.js';
import { PanxError } from '../errors.js';
import {
  damagedLine,
  type EvaluationEvent,
  eventsIn,
  type LogFiles,
  type LogLine,
  type LogSeal,
  type RunEvent,
  type RunTime,
  timesIn,
} from '../run/events.js';
import { shown } from '../system/checked-json.js';
import { type Course, courseOf } from '../training/course.js';
import { lastHeard } from '../training/epoch-end.js';
import { type Heard, hear, isOver, type MonitorSettings } from '../training/monitor.js';
import { endOf } from './ending.js';
import { epochScoredLangs, langsAtEnd } from './inputs.js';
import { type Listening, listeningOf, worthOf } from './listening.js';
import { endSplitOf, epochSplitOf } from './row-settings.js';

/**
 * What the log of a run says, line by line, follows from its settings and the number of its rows, but for losses,
 * norms, subwords and scores. So a log is looked at before it is gone on with, or vouched for: no line may be missing,
 * stand twice or elsewhere, or say something else.
 */
export interface Plan {
  course: Course;
  /** Scored after each epoch. */
  validation: readonly ScoredSplit[];
  /** Scored at the end, each of `endSplit`. */
  test: readonly ScoredSplit[];
  endSplit: string;
  /** Rows scored of a split, at most; null: all. */
  limit: number | null;
  /** Null where the course does not depend on scores. */
  listening: Listening | null;
  select: MonitorSettings['select'];
}

interface ScoredSplit {
  lang: string;
  split: string;
}

/** @param rows that training visits, which are segments where rows were split */
export function planOf(config: Config, rows: number): Plan {
  const [epochSplit, endSplit] = [epochSplitOf(config), endSplitOf(config)];
  const of = (langs: readonly string[], split: string) => langs.map(lang => ({ lang, split }));
  return {
    course: courseOf(rows, config.training),
    validation: of(epochScoredLangs(config), epochSplit),
    test: of(langsAtEnd(config), endSplit),
    endSplit,
    limit: config.evaluation.limit,
    listening: listeningOf(config),
    select: config.training.select,
  };
}

/** How much of its log a training state, or a trained checkpoint, vouches for. */
export interface Sealed {
  /** What vouches, in words: "the training state of step 8 was saved". */
  when: string;
  /** Steps made by then. */
  step: number;
  /** Whether training was over. */
  trained: boolean;
  /** What the log was. Where a run was just about to be done, the times are not noted any more. */
  log: { events: string; times: string | null };
}

/** What of a log is kept. */
export interface History {
  /** Scores that need not be found again. */
  evaluations: EvaluationEvent[];
  /** How much of each file. */
  bytes: Record<keyof LogFiles, number>;
  /** Where training was over: the log up to there, without the scores at the end; null where it was not. */
  trained: { bytes: Record<keyof LogFiles, number>; log: LogSeal } | null;
}

/** What a run has that begins. */
export const noHistory: History = { evaluations: [], bytes: { events: 0, times: 0 }, trained: null };

/**
 * Look at what a run that is gone on with has logged. What came after the seal is not looked at: it is repeated.
 *
 * @throws PanxError naming file and line where something is not as the run wrote it
 */
export async function checkHistory(files: LogFiles, plan: Plan, sealed: Sealed): Promise<History> {
  const sums = { events: createHash('sha256'), times: createHash('sha256') };
  const history: History = structuredClone(noHistory);
  let steps = 0;
  // From the last line that must be there on, the seal may lie at the end of any line: after some of the scores that
  // follow it.
  let reached: { lines: number; changed: keyof LogFiles } | null = null;
  try {
    for await (const { event, time, next } of follow(files, plan)) {
      if (event.value.event === 'step') steps++;
      else history.evaluations.push(event.value);
      for (const [file, { bytes }] of Object.entries({ events: event, times: time }) as [keyof LogFiles, Line][]) {
        sums[file].update(bytes);
        history.bytes[file] += bytes.length;
      }
      const isOver = next === null || next.split === plan.endSplit;
      if (history.trained === null && isOver) {
        const log = { events: sums.events.copy().digest('hex'), times: sums.times.copy().digest('hex') };
        history.trained = { bytes: { ...history.bytes }, log };
      }
      if (sealed.trained ? !isOver : steps < sealed.step) continue;
      const { log } = sealed;
      const changed = (['events', 'times'] as const).find(
        file => log[file] !== null && sums[file].copy().digest('hex') !== log[file],
      );
      if (changed === undefined) return history;
      // Where the events are those of the seal, it is the times that are not.
      if (reached === null || changed === 'times') reached = { lines: event.number, changed };
      if (next === null || (!sealed.trained && (isOver || next.event === 'step'))) break;
    }
  } catch (error) {
    if (!(error instanceof PanxError)) throw error;
    if (reached === null) throw withHint(error.message);
  }
  const { lines, changed } = reached!;
  throw withHint(`${files[changed]}: its lines 1 to ${lines} are not as they were when ${sealed.when}.`);
}

/**
 * Look at the whole log of a finished run.
 *
 * @returns the mean of its losses, and its scores: all, and those of the test splits by language
 * @throws PanxError naming file and line where something is not as a run writes it, is missing, or is too much
 */
export async function checkWholeLog(
  files: LogFiles,
  plan: Plan,
): Promise<{
  trainLoss: number | null;
  evaluations: EvaluationEvent[];
  test: Map<string, EvaluationEvent>;
}> {
  let [steps, losses] = [0, 0];
  const evaluations: EvaluationEvent[] = [];
  for await (const { event } of follow(files, plan)) {
    if (event.value.event === 'step') {
      steps++;
      losses += event.value.loss;
    } else evaluations.push(event.value);
  }
  const test = new Map(evaluations.filter(({ split }) => split === plan.endSplit).map(event => [event.lang, event]));
  return { trainLoss: steps === 0 ? null : losses / steps, evaluations, test };
}

type Line = LogLine<RunEvent | RunTime>;

/** A line that a run writes, as far as it is known beforehand. */
type Expected =
  | { event: 'step'; split: null; step: number; epoch: number; rows: number; learningRate: number }
  | { event: 'evaluation'; split: string; step: number; epoch: number; lang: string };

/** The lines of a log, each with its time and with what comes next; null after the last. */
async function* follow(
  { events, times }: LogFiles,
  plan: Plan,
): AsyncGenerator<{ event: LogLine<RunEvent>; time: LogLine<RunTime>; next: Expected | null }> {
  const [eventLines, timeLines] = [eventsIn(events), timesIn(times)];
  try {
    const expectations = linesOf(plan);
    let number = 0;
    for (let now = expectations.next(); !now.done; number++) {
      const event = await lineOf(events, eventLines, number, now.value);
      const difference = differenceIn(event.value, now.value, plan);
      if (difference !== null) throw damagedLine(events, event.number, difference);
      const time = await lineOf(times, timeLines, number, now.value);
      for (const key of ['event', 'step', 'rows'] as const) {
        if (time.value[key] === event.value[key]) continue;
        throw damagedLine(times, time.number, `has ${key} ${time.value[key]}, expected ${event.value[key]}`);
      }
      const next = expectations.next(event.value);
      yield { event, time, next: next.done ? null : next.value };
      now = next;
    }
    for (const [path, lines] of [
      [events, eventLines],
      [times, timeLines],
    ] as const) {
      const more = await lines.next();
      if (!more.done) throw damagedLine(path, more.value.number, 'is one too many: the run was over before');
    }
  } finally {
    await eventLines.return(undefined);
    await timeLines.return(undefined);
  }
}

/** Takes each line as it was found before it gives the next: where a training listens, what it heard decides how it goes on. */
function* linesOf(plan: Plan): Generator<Expected, void, RunEvent> {
  const { course, validation, test, listening } = plan;
  const { steps, stepsPerEpoch } = course;
  const heard: Heard[] = [];
  for (let step = 1; step <= steps; step++) {
    const { epoch, rows, learningRate } = course.at(step, heard.at(-1)?.peak);
    yield { event: 'step', split: null, step, epoch, rows, learningRate };
    if (step % stepsPerEpoch !== 0 && step !== steps) continue;
    const scores: EvaluationEvent[] = [];
    for (const { lang, split } of validation) {
      scores.push((yield { event: 'evaluation', split, step, epoch: epoch + 1, lang }) as EvaluationEvent);
    }
    if (listening === null) continue;
    heard.push(hear(lastHeard(heard, listening.settings), worthOf(scores, listening), listening.settings));
    if (isOver(heard.at(-1)!, listening.settings)) break;
  }
  const { kept } = endOf(plan, listening === null ? null : heard);
  for (const { lang, split } of test) yield { event: 'evaluation', split, ...kept, lang };
}

async function lineOf<Value>(
  path: string,
  lines: AsyncGenerator<LogLine<Value>>,
  before: number,
  expected: Expected,
): Promise<LogLine<Value>> {
  const line = await lines.next();
  if (!line.done) return line.value;
  throw new PanxError(`${path} ends after line ${before}; expected ${nameOf(expected)} next.`);
}

/** How a line differs from what a run writes there, in words; null where it does not. */
function differenceIn(event: RunEvent, expected: Expected, { limit }: Plan): string | null {
  const given = event as unknown as Record<string, unknown>;
  for (const [key, value] of Object.entries(expected)) {
    if (given[key] === value || (key === 'split' && value === null)) continue;
    return key === 'event' || key === 'step'
      ? `is ${nameOf(event)}, expected ${nameOf(expected)}`
      : `has ${key} ${shown(given[key])}, expected ${shown(value)}`;
  }
  if (event.event === 'step') return null;
  const { rows, precision, recall, f1 } = event;
  if (limit !== null && rows > limit) return `has rows ${rows}, expected ${limit} at most (evaluation.limit)`;
  const harmonic = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  if (Math.abs(f1 - harmonic) < 1e-9) return null;
  return `has f1 ${f1}, expected ${harmonic}, as its precision and recall make it`;
}

/** An event, or what is expected, in words. */
export function nameOf(event: Expected | RunEvent): string {
  if (event.event === 'step') return `step ${event.step}`;
  return `the score of ${event.lang} ${event.split} at step ${event.step}`;
}

function withHint(message: string): PanxError {
  return new PanxError(message, {
    hint: 'Copy the file again from a backup, or start the run anew (panx train: with --force).',
  });
}
