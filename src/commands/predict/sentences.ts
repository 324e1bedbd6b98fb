import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { codeOf, PanxError } from '../../errors.js';
import { formatCount } from '../../system/console.js';
import { reasonOf } from '../../system/files.js';
import { refuseStandIn, startOf } from '../../system/stand-in.js';
import { isText, isTextAsItStands, longestHead, markLength, textFault } from '../../system/text.js';

/** Bytes of a line at most. A model sees some 2,000 of them; tokenizing takes a thousand bytes of memory for each. */
export const longestLine = 1 << 18;

/** What is tagged together: as many sentences as `predict` computes together, or so much text. */
const sentencesOfWindow = 2048;
const bytesOfWindow = 1 << 19;

/** Whether sentences are typed on a terminal: they are tagged one by one, as they come. */
export function areTyped(file: string | undefined): boolean {
  return (file === undefined || file === '-') && process.stdin.isTTY === true;
}

/**
 * The sentences of a text file, or of stdin, one a line, in windows, so that however many there are, only some are in memory. A line
 * without a word is a sentence too: the nth sentence is that of the nth line.
 *
 * @param file its path; undefined or - is stdin
 * @throws PanxError where it cannot be read, and naming the first line that is too long or not UTF-8
 */
export async function* sentenceWindows(file: string | undefined): AsyncGenerator<string[]> {
  if (file === undefined || file === '-') {
    yield* windowsOf(process.stdin, 'stdin', areTyped(file) ? 1 : sentencesOfWindow);
    return;
  }
  try {
    // The begin of a pipe could not be read twice.
    if ((await stat(file)).isFile()) refuseStandIn(file, await startOf(file));
    yield* windowsOf(createReadStream(file), file);
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    throw new PanxError(`${file} cannot be read: ${reasonOf(error)}.`, {
      ...(codeOf(error) === 'ENOENT'
        ? { hint: 'Give a file with a sentence a line; a sentence itself is given by --text.' }
        : {}),
      cause: error,
    });
  }
}

/**
 * @param subject what the sentence of an error begins with
 * @param most sentences of a window
 */
export async function* windowsOf(
  chunks: AsyncIterable<Buffer>,
  subject: string,
  most = sentencesOfWindow,
): AsyncGenerator<string[]> {
  let window: string[] = [];
  let bytes = 0;
  for await (const { line, number, head } of linesOf(chunks, subject)) {
    window.push(sentenceOf(line, number, head, subject));
    bytes += line.length;
    if (window.length < most && bytes < bytesOfWindow) continue;
    yield window;
    window = [];
    bytes = 0;
  }
  if (window.length > 0) yield window;
}

interface Line {
  line: Buffer;
  /** From 1. */
  number: number;
  /** What the input begins with, by which its encoding is guessed. */
  head: Buffer;
}

/** Lines without their ends, and without the mark of UTF-8 that may stand first. */
async function* linesOf(chunks: AsyncIterable<Buffer>, subject: string): AsyncGenerator<Line> {
  let number = 1;
  let head: Buffer = Buffer.alloc(0);
  /** The line that is not at its end yet. */
  let begun: Buffer[] = [];
  let length = 0;
  const take = (piece: Buffer) => {
    length += piece.length;
    if (length > longestLine) throw tooLong(subject, number);
    if (piece.length > 0) begun.push(piece);
  };
  const finish = (): Line => {
    const whole = begun.length === 1 ? begun[0]! : Buffer.concat(begun);
    begun = [];
    length = 0;
    const line = number === 1 ? whole.subarray(markLength(whole)) : whole;
    return { line: line.at(-1) === carriageReturn ? line.subarray(0, -1) : line, number: number++, head };
  };
  for await (const chunk of chunks) {
    if (head.length < longestHead) head = Buffer.concat([head, chunk.subarray(0, longestHead - head.length)]);
    for (let at = 0; at < chunk.length; ) {
      const end = chunk.indexOf(lineFeed, at);
      take(chunk.subarray(at, end < 0 ? chunk.length : end));
      if (end < 0) break;
      at = end + 1;
      yield finish();
    }
  }
  // A mark alone is no line.
  if (length <= (number === 1 ? markLength(head) : 0)) return;
  const last = finish();
  const isOnly = last.number === 1 && isText(last.line);
  if (isOnly && last.line.includes(carriageReturn)) throw linesOfCarriageReturns(subject);
  yield last;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

function sentenceOf(line: Buffer, number: number, head: Buffer, subject: string): string {
  if (isTextAsItStands(line)) return line.toString('utf8');
  const { sentence, hint } = textFault(line, { number, head });
  throw new PanxError(`${subject}${sentence}`, { hint });
}

/** A carriage return inside a line is white space. In a text that has no other line ends it is one, as old Macs wrote it. */
function linesOfCarriageReturns(subject: string): PanxError {
  return new PanxError(`${subject} has carriage returns alone for line ends; expected lines that end in LF or CRLF.`, {
    hint: "Write it with other line ends: tr '\\r' '\\n' < OLD > NEW",
  });
}

function tooLong(subject: string, number: number): PanxError {
  return new PanxError(
    `${subject}, line ${formatCount(number)}: found more than ${formatCount(longestLine)} bytes; expected a sentence.`,
    { hint: 'Write one sentence a line.' },
  );
}
