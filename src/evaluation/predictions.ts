import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { codeOf, messageOf, PanxError } from '../errors.js';
import { damagedLine } from '../run/events.js';
import { arrayOf, integer, number, object, orNull, parseJsonAs, type Shape, text } from '../system/checked-json.js';
import { reasonOf, writeFileAtomic } from '../system/files.js';
import { formatJson, isObject, parseJson } from '../system/json.js';
import { expectFile } from '../system/plain-file.js';
import { refuseStandIn, startOf } from '../system/stand-in.js';
import { utf8Text } from '../system/text.js';

/**
 * What a model made of one row of a corpus: a line of predictions.jsonl.gz. All lists are (W), one item for each word.
 * `predicted`, `loss` and `probability` are null for a word without a prediction: it was cut off at maxLength, or has
 * no subword.
 */
export interface PredictedRow {
  /** Counted from 0, in the order in which rows were scored. */
  row: number;
  words: string[];
  gold: string[];
  predicted: (string | null)[];
  /** -ln p(gold) by softmax over all labels, as `rounded`. */
  loss: (number | null)[];
  /** p(predicted), as `rounded`. */
  probability: (number | null)[];
}

/** A file of predictions that is being written. One call at a time. */
export interface PredictionsFile {
  /** @throws PanxError where the file cannot be written, or the row is longer than `readPredictions` takes */
  append(row: PredictedRow): Promise<void>;
  /** Put the file in its place, flushed to the disk. @throws PanxError where it cannot be written */
  close(): Promise<void>;
  /** Leave the place as it was; nothing where the file was closed. */
  discard(): Promise<void>;
}

/**
 * Begin a file of predictions: JSON lines, compressed with gzip. It is written beside its place, as by
 * `writeFileAtomic`. Equal rows give equal bytes where Node.js brings the same zlib, and the same text anywhere.
 */
export function openPredictions(path: string): PredictionsFile {
  const gzip = createGzip({ level: 6 });
  let failure: { error: unknown } | null = null;
  let stopWaiting = (_error: unknown) => {};
  const written = writeFileAtomic(path, gzip);
  written.catch((error: unknown) => {
    failure = { error };
    stopWaiting(error);
  });
  let rows = 0;
  let lines: string[] = [];
  let characters = 0;
  /** Over once zlib has taken the lines, which it does when the file has taken what was before them. */
  const send = () =>
    new Promise<void>((resolve, reject) => {
      if (failure !== null) return reject(failure.error);
      stopWaiting = reject;
      const taken = lines.join('');
      [lines, characters] = [[], 0];
      // Where zlib was stopped, `written` has the reason.
      gzip.write(taken, error => {
        if (!error) resolve();
      });
    });
  return {
    async append(row) {
      if (row.row !== rows) throw new Error(`row ${row.row} was appended to predictions as row ${rows}`);
      const line = lineOf(row);
      refuseLong(path, ++rows, Buffer.byteLength(line));
      lines.push(line);
      characters += line.length;
      // A call of zlib for each line would take longer than its work.
      if (characters >= 1 << 16) await send();
    },
    async close() {
      await send();
      gzip.end();
      await written;
    },
    async discard() {
      gzip.destroy();
      await written.catch(() => {});
    },
  };
}

/** With its newline. */
function lineOf({ row, words, gold, predicted, loss, probability }: PredictedRow): string {
  return `${formatJson({ row, words, gold, predicted, loss, probability })}\n`;
}

/** A word takes some 50 bytes: PAN-X's longest row, of 439, some 22,000; one of as many as panx reads, 100,000, 5 MB. */
const longestLine = 16_000_000;

function refuseLong(path: string, line: number, bytes: number): void {
  if (bytes > longestLine) throw damagedLine(path, line, `is longer than ${longestLine} bytes`);
}

/**
 * The rows of a file of predictions, one after the other: it is read no further than its reader goes, and no more of it
 * is in memory than a line, whatever it unpacks to. Its checksum stands at its end, so rows are known to be those that
 * were written only once the last was read.
 *
 * @throws PanxError naming file and line where it is damaged or cut off, or a line is not as panx writes it; and where
 *   there is no file
 */
export function readPredictions(path: string): AsyncGenerator<PredictedRow> {
  return rowsIn(path, parseLine);
}

/**
 * The same of a file whose checksum is known to be right: its lines are not looked at as closely as by `readPredictions`, which takes ten
 * times as long.
 *
 * @throws PanxError where the file is damaged or cut off, or a line is no row
 */
export function readTrusted(path: string): AsyncGenerator<PredictedRow> {
  return rowsIn(path, (path, line, bytes) => {
    const row = parseJson(bytes.toString('utf8'), `${path}, line ${line}`);
    if (isRow(row)) return row;
    throw damagedLine(path, line, 'is not JSON in the form that panx writes');
  });
}

function isRow(row: unknown): row is PredictedRow {
  if (!isObject(row) || !Array.isArray(row.words)) return false;
  const { length } = row.words;
  return [row.gold, row.predicted, row.loss, row.probability].every(
    list => Array.isArray(list) && list.length === length,
  );
}

/** The tags of a row. */
export type PredictedTags = Pick<PredictedRow, 'gold' | 'predicted'>;

/** @param parse takes a line with its newline */
export async function* rowsIn<Row>(
  path: string,
  parse: (path: string, line: number, bytes: Buffer) => Row,
): AsyncGenerator<Row> {
  let line = 1;
  try {
    for await (const bytes of linesIn(path, () => line)) {
      yield parse(path, line, bytes);
      line++;
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    // What zlib had unpacked right before the damage may be lost with it.
    if (code === 'Z_BUF_ERROR') throw damagedLine(path, line, 'or a later one, is cut off: the file ends too early');
    if (code.startsWith('Z_')) throw damagedLine(path, line, `or a later one, is damaged: ${messageOf(error)}`);
    throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  }
}

/** Lines with their newlines. @param line the number of the next */
async function* linesIn(path: string, line: () => number): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  const take = (piece: Buffer) => {
    pieces.push(piece);
    bytes += piece.length;
    refuseLong(path, line(), bytes);
  };
  for await (const chunk of unpacked(path, line)) {
    let from = 0;
    for (let newline = chunk.indexOf(10); newline >= 0; newline = chunk.indexOf(10, from)) {
      take(chunk.subarray(from, newline + 1));
      from = newline + 1;
      yield Buffer.concat(pieces);
      [pieces, bytes] = [[], 0];
    }
    if (from < chunk.length) take(chunk.subarray(from));
  }
  if (bytes > 0) throw damagedLine(path, line(), 'is not whole: the file ends in it');
}

async function* unpacked(path: string, line: () => number): AsyncGenerator<Buffer> {
  await expectFile(path);
  const start = await startOf(path);
  if (start[0] !== 0x1f) refuseStandIn(path, start);
  const gunzip = createGunzip();
  // An error of either comes out of the second. A reader that stops early ends both.
  pipeline(createReadStream(path, { highWaterMark: 1 << 16 }), gunzip, () => {});
  let bytes = 0;
  for await (const chunk of gunzip as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    yield chunk;
  }
  // zlib takes another file behind the first, and zeros, for a part of it.
  if (bytes % 2 ** 32 !== (await saidBytes(path))) {
    throw damagedLine(path, line(), 'or an earlier one, is damaged: the file does not end where it says');
  }
}

/** How many bytes a gzip file says that it unpacks to, modulo 2^32: its last four bytes. */
async function saidBytes(path: string): Promise<number> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, Math.max(0, size - 4));
    return buffer.readUInt32LE();
  } finally {
    await file.close();
  }
}

/** To 7 significant digits: the logits, float32, have no more. So a text is short, and the same on every machine. */
export function rounded(value: number): number {
  return Number(value.toPrecision(7));
}

const texts = arrayOf(text());
const rowShape: Shape<PredictedRow> = object({
  row: integer({ min: 0 }),
  words: texts,
  gold: texts,
  predicted: arrayOf(orNull(text())),
  loss: arrayOf(orNull(number({ min: 0 }))),
  probability: arrayOf(orNull(number({ min: 0, max: 1 }))),
});

function parseLine(path: string, line: number, bytes: Buffer): PredictedRow {
  const subject = `${path}, line ${line}`;
  const written = utf8Text(bytes);
  if (written === undefined) throw damagedLine(path, line, 'is not text in UTF-8');
  const row = parseJsonAs(written.slice(0, -1), rowShape, subject);
  const wrong = (what: string) => new PanxError(`${subject}: ${what}.`);
  if (row.row !== line - 1) throw wrong(`row is ${row.row}, expected ${line - 1}`);
  for (const key of ['gold', 'predicted', 'loss', 'probability'] as const) {
    const { length } = row[key];
    if (length !== row.words.length) throw wrong(`${key} has ${length} items, expected ${row.words.length}, as words`);
  }
  for (const key of ['loss', 'probability'] as const) {
    const at = row[key].findIndex((value, word) => (value === null) !== (row.predicted[word] === null));
    if (at >= 0) throw wrong(`${key}[${at}] and predicted[${at}] must both be null, or neither`);
    const long = row[key].findIndex(value => value !== null && value !== rounded(value));
    if (long >= 0) throw wrong(`${key}[${long}] is ${row[key][long]}, expected 7 significant digits at most`);
  }
  // Another order of keys, spaces, a key twice: the same row, in bytes that panx does not write.
  if (!bytes.equals(Buffer.from(lineOf(row))))
    throw damagedLine(path, line, 'is not JSON in the form that panx writes');
  return row;
}
