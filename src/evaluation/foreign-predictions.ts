import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { PanxError } from '../errors.js';
import { arrayOf, number, object, orNull, parseJsonAs, type Shape, text } from '../system/checked-json.js';
import { reasonOf } from '../system/files.js';
import { isObject } from '../system/json.js';
import { expectFile } from '../system/plain-file.js';
import type { PredictedRow } from './predictions.js';

/** A row with its predictions, from panx or from elsewhere. All lists are (W), an item for each word. */
export interface ScoredRow extends Omit<PredictedRow, 'row' | 'words'> {
  /** null where the file has none. */
  words: string[] | null;
}

/**
 * The rows of a file of predictions that anything wrote, in one of two forms, packed by gzip or not:
 *
 * - JSON lines: an object a row, with `gold` and `predicted`, lists of tags, and, where they are there, `words`, `loss` (-ln p(gold)) and
 *   `probability` (p(predicted));
 * - columns, as conlleval reads them: a line a word, of which the first column is the word and the last two are the gold and the predicted
 *   tag; an empty line after each row.
 *
 * @throws PanxError naming file and line for what is neither
 */
export async function* readForeignPredictions(path: string): AsyncGenerator<ScoredRow> {
  let form: 'json' | 'columns' | null = null;
  let words: string[][] = [];
  let number = 0;
  for await (const line of linesOf(path)) {
    number++;
    const trimmed = line.trim();
    form ??= trimmed === '' ? null : trimmed.startsWith('{') ? 'json' : 'columns';
    if (form === 'json') {
      if (trimmed !== '') yield jsonRow(trimmed, `${path}, line ${number}`);
    } else if (trimmed !== '') words.push(columnsOf(trimmed, `${path}, line ${number}`));
    else if (words.length > 0) {
      yield columnsRow(words);
      words = [];
    }
  }
  if (words.length > 0) yield columnsRow(words);
  if (form === null) throw new PanxError(`${path} holds no row; expected predictions.`, { hint: whatIsRead });
}

const whatIsRead =
  'Predictions are JSON lines with "words", "gold" and "predicted", or columns of word, gold tag and predicted tag with an empty line between rows.';

async function* linesOf(path: string): AsyncGenerator<string> {
  await expectFile(path);
  try {
    const file = createReadStream(path);
    const input = (await isPacked(path)) ? file.pipe(createGunzip()) : file;
    // An error of the file does not pass through the pipe.
    file.on('error', error => input.destroy(error));
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) yield line;
  } catch (error) {
    if (error instanceof PanxError) throw error;
    throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  }
}

async function isPacked(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

const tag = text({ pattern: /./, expected: 'a tag such as O or B-PER' });
const rowShape: Shape<{
  words?: string[];
  gold: string[];
  predicted: (string | null)[];
  loss?: (number | null)[];
  probability?: (number | null)[];
}> = object(
  { gold: arrayOf(tag), predicted: arrayOf(orNull(tag)) },
  {
    words: arrayOf(text()),
    loss: arrayOf(orNull(number({ min: 0 }))),
    probability: arrayOf(orNull(number({ min: 0, max: 1 }))),
  },
);

function jsonRow(line: string, subject: string): ScoredRow {
  // Other keys are somebody's own.
  const known = (value: unknown) =>
    isObject(value) ? Object.fromEntries(keys.flatMap(key => (key in value ? [[key, value[key]]] : []))) : value;
  const row = parseJsonAs(line, value => rowShape(known(value)), subject, whatIsRead);
  const { length } = row.gold;
  for (const key of keys) {
    const list = row[key];
    if (list === undefined || list.length === length) continue;
    throw new PanxError(`${subject}: ${key} has ${list.length} items, expected ${length}, as gold.`);
  }
  const unknown = () => new Array<null>(length).fill(null);
  return {
    words: row.words ?? null,
    gold: row.gold,
    predicted: row.predicted,
    loss: row.loss ?? unknown(),
    probability: row.probability ?? unknown(),
  };
}

const keys = ['words', 'gold', 'predicted', 'loss', 'probability'] as const;

function columnsOf(line: string, subject: string): string[] {
  const columns = line.split(/\s+/);
  if (columns.length >= 3) return columns;
  throw new PanxError(
    `${subject} has ${columns.length} columns; expected a word, its gold tag and its predicted tag.`,
    {
      hint: whatIsRead,
    },
  );
}

function columnsRow(lines: readonly string[][]): ScoredRow {
  const unknown = () => new Array<null>(lines.length).fill(null);
  return {
    words: lines.map(columns => columns[0]!),
    gold: lines.map(columns => columns.at(-2)!),
    predicted: lines.map(columns => columns.at(-1)!),
    loss: unknown(),
    probability: unknown(),
  };
}
