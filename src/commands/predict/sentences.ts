import { createReadStream } from 'node:fs';
import { codeOf, PanxError } from '../../errors.js';
import { formatCount } from '../../system/console.js';
import { reasonOf } from '../../system/files.js';

/** Bytes of a line at most. A model sees some 2,000 of them; tokenizing takes a thousand bytes of memory for each. */
export const longestLine = 1 << 18;

/** What is tagged together: as many sentences as `predict` computes together, or so much text. */
const sentencesOfWindow = 2048;
const bytesOfWindow = 1 << 19;

/**
 * The sentences of a text file, or of stdin, one a line, in windows, so that however many there are, only some are in memory. Lines without a
 * word are left out.
 *
 * @param file its path; undefined or - is stdin
 * @throws PanxError where it cannot be read, and naming the first line that is too long or not UTF-8
 */
export async function* sentenceWindows(file: string | undefined): AsyncGenerator<string[]> {
  if (file === undefined || file === '-') {
    yield* windowsOf(process.stdin, 'stdin');
    return;
  }
  try {
    yield* windowsOf(createReadStream(file), file);
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    throw new PanxError(`${file} cannot be read: ${reasonOf(error)}.`, { cause: error });
  }
}

/** @param subject what the sentence of an error begins with */
export async function* windowsOf(chunks: AsyncIterable<Buffer>, subject: string): AsyncGenerator<string[]> {
  let window: string[] = [];
  let bytes = 0;
  for await (const { line, number } of linesOf(chunks, subject)) {
    const text = textOf(line, number, subject);
    if (text.trim() === '') continue;
    window.push(text);
    bytes += line.length;
    if (window.length < sentencesOfWindow && bytes < bytesOfWindow) continue;
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
}

/** Lines without their ends; most of those that are blank are left out already. */
async function* linesOf(chunks: AsyncIterable<Buffer>, subject: string): AsyncGenerator<Line> {
  let number = 1;
  /** The line that is not at its end yet. */
  let begun: Buffer[] = [];
  let length = 0;
  const take = (piece: Buffer) => {
    length += piece.length;
    if (length > longestLine) throw tooLong(subject, number);
    if (piece.length > 0) begun.push(piece);
  };
  const finish = (): Line => {
    const line = begun.length === 1 ? begun[0]! : Buffer.concat(begun);
    begun = [];
    length = 0;
    return { line: line.at(-1) === carriageReturn ? line.subarray(0, -1) : line, number: number++ };
  };
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      // Byte by byte: 600 MB of empty lines take seconds so, and ten times that with a call for each.
      for (let blank = at; length === 0; blank++) {
        const byte = chunk[blank];
        if (byte === lineFeed) {
          at = blank + 1;
          number++;
        } else if (byte !== space && byte !== tab && byte !== carriageReturn) break;
      }
      const end = chunk.indexOf(lineFeed, at);
      take(chunk.subarray(at, end < 0 ? chunk.length : end));
      if (end < 0) break;
      at = end + 1;
      yield finish();
    }
  }
  if (length > 0) yield finish();
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const tab = 0x09;

function textOf(line: Buffer, number: number, subject: string): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line);
    return number === 1 && text.startsWith('\ufeff') ? text.slice(1) : text;
  } catch (error) {
    throw new PanxError(`${subject}, line ${formatCount(number)}: found bytes that are not UTF-8; expected text.`, {
      hint: 'Convert it first: iconv -f LATIN1 -t UTF-8 FILE, or whatever encoding it is in.',
      cause: error,
    });
  }
}

function tooLong(subject: string, number: number): PanxError {
  return new PanxError(
    `${subject}, line ${formatCount(number)}: found more than ${formatCount(longestLine)} bytes; expected a sentence.`,
    { hint: 'Write one sentence a line.' },
  );
}
