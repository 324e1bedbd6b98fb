import { appendFileSync, closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, PanxError } from '../errors.js';
import { cannotWrite, makeFolder, reasonOf, writeFileAtomic } from './files.js';

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
  durationMs: number;
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
  durationMs: number;
}

export type RunEvent = StepEvent | EvaluationEvent;

/** An open event log. */
export interface EventLog {
  /** Add one line; it is in the file, though not yet surely on the disk, when this returns. */
  append(event: RunEvent): void;
  close(): void;
}

/** Open a run's event log for appending, making it where there is none. */
export function openEventLog(path: string): EventLog {
  let file: number;
  try {
    makeFolder(dirname(path));
    file = openSync(path, 'a');
  } catch (error) {
    throw cannotWrite(path, error);
  }
  return {
    append(event) {
      try {
        appendFileSync(file, `${JSON.stringify(event)}\n`);
      } catch (error) {
        throw cannotWrite(path, error);
      }
    },
    close: () => closeSync(file),
  };
}

/**
 * The events of a log, in order; none where there is no file. A last line that a crash tore is left out.
 *
 * @throws PanxError naming file and line where any other line is not an event.
 */
export async function readEvents(path: string): Promise<RunEvent[]> {
  const lines = (await readLog(path)).split('\n');
  // What follows the last newline is nothing, or a torn line.
  lines.pop();
  return lines.flatMap((line, i) => {
    const event = parseEvent(line);
    if (event !== undefined) return [event];
    // A power failure may leave the newline and lose what stands before it.
    if (i === lines.length - 1) return [];
    throw new PanxError(`${path}, line ${i + 1}, is not an event: ${line.slice(0, 60)}`, {
      hint: 'The file was damaged or edited; remove it to go on without its history.',
    });
  });
}

/**
 * Cut a log back to what had happened when the training state of `step` was saved: what came later is about to be
 * repeated. Torn lines go too. Nothing happens where there is no file.
 */
export async function truncateAfterStep(path: string, step: number): Promise<void> {
  const kept = (await readEvents(path)).filter(event => event.step <= step);
  const content = kept.map(event => `${JSON.stringify(event)}\n`).join('');
  if (content !== (await readLog(path))) await writeFileAtomic(path, content);
}

async function readLog(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  }
}

function parseEvent(line: string): RunEvent | undefined {
  try {
    const event = JSON.parse(line) as RunEvent;
    return Number.isInteger(event.step) && typeof event.event === 'string' ? event : undefined;
  } catch {
    return undefined;
  }
}
