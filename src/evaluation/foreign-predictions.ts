import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { largestFile } from '../data/formats/parquet-limits.js';
import { excerpt, messageOf, PanxError } from '../errors.js';
import { readBounded } from '../system/bounded-file.js';
import { arrayOf, number, object, orNull, parseJsonAs, type Shape, text } from '../system/checked-json.js';
import { counted, formatBytes } from '../system/console.js';
import { reasonOf } from '../system/files.js';
import { isObject } from '../system/json.js';
import { expectFile } from '../system/plain-file.js';
import { refuseStandIn } from '../system/stand-in.js';
import { checkText, linesOf } from '../system/text.js';
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
  const bytes = await bytesOf(path);
  checkText(bytes, path);
  for (const { line, number } of linesOf(path, bytes)) {
    // Of blanks alone: a no-break space is a word in some corpora.
    const trimmed = line.replace(/^[ \t]+|[ \t]+$/g, '');
    form ??= trimmed === '' ? null : /^\{\s*["}]/.test(trimmed) ? 'json' : 'columns';
    if (form === 'json') {
      if (trimmed !== '') yield jsonRow(trimmed, `${path}, line ${number}`);
    } else if (/^-DOCSTART-([ \t]|$)/.test(trimmed)) {
      // The mark of a document.
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

/** The content of the file, unpacked. */
async function bytesOf(path: string): Promise<Buffer> {
  await expectFile(path);
  const bytes = await readBounded(path, largestFile).catch((error: unknown) => {
    if (error instanceof PanxError) throw error;
    throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  });
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
    refuseStandIn(path, bytes);
    return bytes;
  }
  return await promisify(gunzip)(bytes, { maxOutputLength: largestFile }).catch((error: unknown) => {
    throw new PanxError(`${path} is damaged, or too large: ${messageOf(error)}.`, {
      hint: `Unpacked, it may have ${formatBytes(largestFile)}.`,
      cause: error,
    });
  });
}

const tagForm = 'O, or one of B, I, E and S with a type, such as B-PER';
const tagPattern = /^(O|[BIES](-\S.*)?)$/;
const tag = text({ pattern: tagPattern, expected: tagForm });
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
  const columns = line.split(line.includes('\t') ? /\t+/ : / +/);
  const wrong = columns.slice(-2).find(one => !tagPattern.test(one));
  if (columns.length >= 3 && wrong !== undefined) {
    throw new PanxError(`${subject}: ${excerpt(wrong)} is no tag; expected ${tagForm}.`, {
      hint: whatIsRead,
    });
  }
  if (columns.length >= 3) return columns;
  throw new PanxError(
    `${subject} has ${counted(columns.length, 'column')}; expected a word, its gold tag and its predicted tag.`,
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
