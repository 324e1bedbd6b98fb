import { appendFileSync, closeSync, createReadStream, fsyncSync, openSync, readFileSync, statSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, PanxError } from '../errors.js';
import { integer, number, object, oneOf, parseJsonAs, type Shape, sha256Text, text } from '../system/checked-json.js';
import { cannotWrite, makeFolder, reasonOf, sha256OfFile } from '../system/files.js';
import { formatJson, isObject } from '../system/json.js';
import { expectFile } from '../system/plain-file.js';
import { refuseStandIn } from '../system/stand-in.js';
import { utf8Text } from '../system/text.js';

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
  /** Words that the model did not see; left out where it saw all. */
  unseen?: UnseenWords;
}

/** What rows lost on the way to subwords: see tokenization/losses.ts. */
interface UnseenWords {
  truncatedRows: number;
  truncatedWords: number;
  emptyWords: number;
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
  /** The same, and what the files are by then. */
  seal(): Promise<LogSeal>;
  close(): void;
}

/** The two files of a log. */
export interface LogFiles {
  events: string;
  times: string;
}

/** SHA-256 of what a log's files were at some moment. */
export type LogSeal = Record<keyof LogFiles, string>;

export const logSealShape: Shape<LogSeal> = object({ events: sha256Text, times: sha256Text });

const fraction = number({ min: 0, max: 1 });
const count = integer({ min: 1 });

const stepShape: Shape<StepEvent> = object(
  {
    event: oneOf('step'),
    step: count,
    epoch: integer({ min: 0 }),
    loss: number(),
    gradNorm: number({ min: 0 }),
    learningRate: fraction,
    rows: count,
    subwords: count,
  },
  { batchesWithoutLabels: count },
);

export const unseenShape: Shape<UnseenWords> = object({
  truncatedRows: integer({ min: 0 }),
  truncatedWords: integer({ min: 0 }),
  emptyWords: integer({ min: 0 }),
});

const evaluationShape: Shape<EvaluationEvent> = object(
  {
    event: oneOf('evaluation'),
    step: integer({ min: 0 }),
    epoch: integer({ min: 0 }),
    lang: text(),
    split: text(),
    precision: fraction,
    recall: fraction,
    f1: fraction,
    accuracy: fraction,
    loss: number(),
    rows: count,
  },
  { unseen: unseenShape },
);

const kind = oneOf('step', 'evaluation');
const named: Shape<{ event: RunEvent['event'] }> = value =>
  object({ event: kind })(isObject(value) ? { event: value.event } : value);

const eventShape: Shape<RunEvent> = value => {
  switch (named(value).event) {
    case 'step':
      return stepShape(value);
    case 'evaluation':
      return evaluationShape(value);
  }
};

const timeShape: Shape<RunTime> = object({
  event: kind,
  step: integer({ min: 0 }),
  rows: count,
  durationMs: number({ min: 0 }),
});

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
    async seal() {
      this.flush();
      return { events: await sha256OfFile(events), times: await sha256OfFile(times) };
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

/** A line of a log. */
export interface LogLine<Value> {
  value: Value;
  /** Counted from 1. */
  number: number;
  /** As it stands in the file, with its newline. */
  bytes: Buffer;
}

/**
 * The events of a log, one after the other: a file is read no further than its reader goes, and is never in memory as a
 * whole.
 *
 * @param path the file of the events
 * @throws PanxError naming file and line where one is not an event, or the last one is not whole; and where there is
 *   no file
 */
export function eventsIn(path: string): AsyncGenerator<LogLine<RunEvent>> {
  return linesIn(path, eventShape);
}

/** The times of a log, from their own file; as `eventsIn`. */
export function timesIn(path: string): AsyncGenerator<LogLine<RunTime>> {
  return linesIn(path, timeShape);
}

/** The events of a whole log. @throws PanxError as `eventsIn` */
export async function readEvents(path: string): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const { value } of eventsIn(path)) events.push(value);
  return events;
}

/**
 * All of a log that both of its files have by now, read at once: who reads beside a training, in the same process, waits a step for every part
 * of a file. What stands after the last newline is still being written.
 *
 * @throws PanxError as `eventsIn`
 */
export function readLogSoFar({ events, times }: LogFiles): { event: RunEvent; durationMs: number }[] {
  const timed = wholeLines(times, timeShape);
  return wholeLines(events, eventShape)
    .slice(0, timed.length)
    .map((event, i) => ({ event, durationMs: timed[i]!.durationMs }));
}

function wholeLines<Value>(path: string, shape: Shape<Value>): Value[] {
  let bytes: Buffer;
  try {
    if (!statSync(path).isFile()) throw new Error('it is no file');
    bytes = readFileSync(path);
  } catch (error) {
    throw cannotRead(path, error);
  }
  refuseStandIn(path, bytes);
  const lines: Value[] = [];
  for (let from = 0, to = bytes.indexOf(10); to >= 0; from = to + 1, to = bytes.indexOf(10, from)) {
    lines.push(parseLine(path, lines.length + 1, bytes.subarray(from, to), shape));
  }
  return lines;
}

/** Cut a log's files to their first bytes. Nothing happens where they have no more, or there are none. */
export async function cutLog({ events, times }: LogFiles, bytes: { events: number; times: number }): Promise<void> {
  await cut(events, bytes.events);
  await cut(times, bytes.times);
}

async function cut(path: string, bytes: number): Promise<void> {
  try {
    if ((await stat(path)).size <= bytes) return;
    const file = await open(path, 'r+');
    try {
      await file.truncate(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw cannotWrite(path, error);
  }
}

/** A line is some hundred bytes. */
const longestLine = 10_000;

async function* linesIn<Value>(path: string, shape: Shape<Value>): AsyncGenerator<LogLine<Value>> {
  let number = 1;
  let rest: Buffer = Buffer.alloc(0);
  const long = () => damagedLine(path, number, `is longer than ${longestLine} bytes`);
  for await (const chunk of chunksOf(path)) {
    if (number === 1 && rest.length === 0) refuseStandIn(path, chunk);
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let newline = rest.indexOf(10); newline >= 0; newline = rest.indexOf(10, from)) {
      const bytes = rest.subarray(from, newline + 1);
      if (bytes.length > longestLine) throw long();
      yield { value: parseLine(path, number, bytes.subarray(0, -1), shape), number, bytes };
      from = newline + 1;
      number++;
    }
    rest = rest.subarray(from);
    if (rest.length > longestLine) throw long();
  }
  if (rest.length > 0) throw damagedLine(path, number, 'is not whole: the file ends in it');
}

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  try {
    await expectFile(path);
    yield* createReadStream(path, { highWaterMark: 1 << 16 });
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    throw cannotRead(path, error);
  }
}

function cannotRead(path: string, error: unknown): PanxError {
  return new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
}

function parseLine<Value>(path: string, number: number, line: Uint8Array, shape: Shape<Value>): Value {
  const subject = `${path}, line ${number}`;
  const text = utf8Text(line);
  if (text === undefined) throw damagedLine(path, number, 'is not text in UTF-8');
  return parseJsonAs(text, shape, subject);
}

/** The error for a line of a log that is not what a run writes there. */
export function damagedLine(path: string, number: number, what: string): PanxError {
  return new PanxError(`${path}, line ${number} ${what}.`);
}
