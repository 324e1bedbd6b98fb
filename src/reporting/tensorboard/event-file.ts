import type { Config } from '../../config/schema.js';
import { readEnvironment, readMetrics } from '../../experiment/records.js';
import { endSplitOf } from '../../experiment/row-settings.js';
import type { RunDirectory } from '../../run/directory.js';
import { type EvaluationEvent, type RunEvent, readLogSoFar } from '../../run/events.js';
import { courseOf } from '../../training/course.js';
import {
  type Hparams,
  type SessionStatus,
  scalarsEvent,
  sessionEndEvent,
  sessionStartEvent,
  versionEvent,
} from './event.js';
import { record } from './record.js';
import { type ScoredLangs, scoreScalars, stepScalars } from './scalars.js';

/** What an event file shows of a run beside its log. */
export interface ShownRun {
  config: Config;
  /** Rows of an epoch, which are segments where rows are split. */
  rows: number;
  /** Runs of one group differ in their seeds alone. */
  group: string;
  hparams: Hparams;
  scored: ScoredLangs;
  /** What the runs score that are shown together. */
  scoredByAll: ScoredLangs;
}

/** Scores of a test split that are not in the run's log, and how long they took: a study keeps them apart. */
export type LaterScore = Omit<EvaluationEvent, 'event' | 'step' | 'epoch'> & { durationMs: number };

/** The content of an event file. */
export interface EventFile {
  bytes: Buffer;
  /** Whether nothing more comes to it. */
  isWhole: boolean;
}

/**
 * The event file of a run, made of its log: the same log gives the same bytes. So it may be made while the run goes on, again and again, and of
 * a run that was finished long ago. A part of a log gives the first part of the file.
 *
 * The log has no times of day. They are those at which the sessions of environment.json began, and from there on the time that was worked.
 *
 * @param later null where they are still to come, or the run is not done
 * @param failed whether the run ended without a result
 * @throws PanxError where log or environment.json cannot be read
 */
export async function eventFileOf(
  run: RunDirectory,
  shown: ShownRun,
  later: readonly LaterScore[] | null,
  failed = false,
): Promise<EventFile> {
  const sessions = (await readEnvironment(run)).sessions.map(({ startedAt, fromStep }) => ({
    fromStep,
    startedMs: Date.parse(startedAt),
  }));
  const isWhole = later !== null;
  const { stepsPerEpoch } = courseOf(shown.rows, shown.config.training);
  const scalars = (event: RunEvent) => {
    if (event.event === 'step') return stepScalars(event, stepsPerEpoch);
    const kind = event.split === endSplitOf(shown.config) ? 'test' : 'eval';
    return scoreScalars(event, kind, shown.scored, shown.scoredByAll);
  };
  let nowMs = sessions[0]!.startedMs;
  const start = nowMs / 1000;
  const events = [versionEvent(start), sessionStartEvent(start, shown.group, shown.hparams)];
  const add = (event: RunEvent, durationMs: number) => {
    while (sessions.length > 1 && sessions[1]!.fromStep < event.step) {
      sessions.shift();
      nowMs = Math.max(nowMs, sessions[0]!.startedMs);
    }
    nowMs += durationMs;
    events.push(scalarsEvent(nowMs / 1000, event.step, scalars(event)));
  };
  for (const { event, durationMs } of readLogSoFar(run)) add(event, durationMs);
  if (isWhole && later.length > 0) {
    const { steps, selection } = await readMetrics(run);
    const epoch = selection?.epoch ?? Math.ceil(steps / stepsPerEpoch);
    const at = { step: Math.min(steps, epoch * stepsPerEpoch), epoch };
    for (const { durationMs, ...score } of later) add({ event: 'evaluation', ...at, ...score }, durationMs);
  }
  const status: SessionStatus | null = isWhole ? 'success' : failed ? 'failure' : null;
  if (status !== null) events.push(sessionEndEvent(nowMs / 1000, status));
  return { bytes: Buffer.concat(events.map(record)), isWhole };
}
