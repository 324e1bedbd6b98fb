import { appendFileSync, closeSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { PanxError } from '../errors.js';
import { cannotWrite, makeFolder, readIfPresent, reasonOf, writeFileAtomic } from './files.js';
import { formatJson } from './json.js';

/** One optimizer step. */
export interface StepEvent {
  event: 'step';
  /** Counted from 1 over the whole run. */
  step: number;
  /** Counted from 0. */
  epoch: number;
  /** Mean over the labels of the batch; 0 where it had none. */
  loss: number;
  /** Global L2 norm of the gradients before clipping. */
  gradNorm: number;
  learningRate: number;
  rows: number;
  subwords: number;
  /** Batches of this step whose labels were all ignored; left out where there were none. */
  batchesWithoutLabels?: number;
}

/** The scores of one split of one language. */
export interface EvaluationEvent {
  event: 'evaluation';
  /** Steps that the scored model has been trained for. */
  step: number;
  /** Epochs done, from 1. */
  epoch: number;
  lang: string;
  split: string;
  rows: number;
  /** Batch means averaged with their rows as weights, as Hugging Face Trainer reports it. */
  loss: number;
  precision: number;
  recall: number;
  f1: number;
  accuracy: number;
}

/** What happened in a run, without when: the same run gives the same bytes. */
export type RunEvent = StepEvent | EvaluationEvent;

/** How long a step, or the scoring of a split, took: a line of its own file, as it differs from run to run. */
export interface RunTime {
  event: RunEvent['event'];
  step: number;
  /** Rows trained on, or scored. */
  rows: number;
  durationMs: number;
}

/** An open event log. */
export interface EventLog {
  /** Add one line to each file; they are in the files, though not yet surely on the disk, when this returns. */
  append(event: RunEvent, durationMs: number): void;
  /** See to it that all of it is on the disk. */
  flush(): void;
  close(): void;
}

/** The two files of a log. */
export interface LogFiles {
  events: string;
  times: string;
}

/** Open a run's event log for appending, making its files where there are none. */
export function openEventLog({ events, times }: LogFiles): EventLog {
  const eventLines = openLines(events);
  const timeLines = openLines(times);
  return {
    append(event, durationMs) {
      const time: RunTime = { event: event.event, step: event.step, rows: event.rows, durationMs };
      eventLines.append(event);
      timeLines.append(time);
    },
    flush() {
      eventLines.flush();
      timeLines.flush();
    },
    close() {
      eventLines.close();
      timeLines.close();
    },
  };
}

function openLines(path: string): { append(value: unknown): void; flush(): void; close(): void } {
  let file: number;
  try {
    makeFolder(dirname(path));
    file = openSync(path, 'a');
  } catch (error) {
    throw cannotWrite(path, error);
  }
  return {
    append(value) {
      const line = `${formatJson(value)}\n`;
      try {
        appendFileSync(file, line);
      } catch (error) {
        throw cannotWrite(path, error);
      }
    },
    flush: () => fsyncSync(file),
    close: () => closeSync(file),
  };
}

/**
 * The events of a log, in order; none where there is no file. A last line that a crash tore is left out.
 *
 * @param path the file of the events
 * @throws PanxError naming file and line where any other line is not an event.
 */
export async function readEvents(path: string): Promise<RunEvent[]> {
  return await readLines<RunEvent>(path);
}

/** The times of a log, in order, from their own file; as `readEvents`. */
export async function readTimes(path: string): Promise<RunTime[]> {
  return await readLines<RunTime>(path);
}

/**
 * Cut a log back to what had happened when the training state of `step` was saved: what came later is about to be
 * repeated. Torn lines go too. Nothing happens where there is no file.
 */
export async function truncateAfterStep({ events, times }: LogFiles, step: number): Promise<void> {
  for (const path of [events, times]) {
    const kept = (await readLines<RunEvent | RunTime>(path)).filter(line => line.step <= step);
    const content = kept.map(line => `${JSON.stringify(line)}\n`).join('');
    if (content !== (await readText(path))) await writeFileAtomic(path, content);
  }
}

async function readLines<Line extends { event: string; step: number }>(path: string): Promise<Line[]> {
  const lines = (await readText(path)).split('\n');
  // What follows the last newline is nothing, or a torn line.
  lines.pop();
  return lines.flatMap((text, i) => {
    const line = parseLine<Line>(text);
    if (line !== undefined) return [line];
    // A power failure may leave the newline and lose what stands before it.
    if (i === lines.length - 1) return [];
    throw new PanxError(`${path}, line ${i + 1}, is not an event: ${text.slice(0, 60)}`, {
      hint: 'The file was damaged or edited; remove it to go on without its history.',
    });
  });
}

async function readText(path: string): Promise<string> {
  try {
    return (await readIfPresent(path)) ?? '';
  } catch (error) {
    throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  }
}

function parseLine<Line extends { event: string; step: number }>(text: string): Line | undefined {
  try {
    const line = JSON.parse(text) as Line;
    return Number.isInteger(line.step) && typeof line.event === 'string' ? line : undefined;
  } catch {
    return undefined;
  }
}
