import { excerpt, PanxError } from '../errors.js';
import type { SweepTable } from '../experiment/table.js';

/**
 * What the numbers of a table are and what they depend on, in one line that can be copied into a paper and read back, in the manner of
 * sacreBLEU (Post 2018): two tables with equal signatures can be compared.
 */
export interface Signature {
  /** The corpora. */
  data: string[];
  split: string;
  /** How entities are read from tags: seqeval's default mode, or strict under IOB2. */
  mode: 'default' | 'strict';
  /** Over all entities, or the mean of the types. */
  avg: 'micro' | 'macro';
  /** The subword of a word whose tag counts. */
  sub: 'first';
  /** Which of a training's weights are scored. */
  sel: ('last' | 'best' | 'average')[];
  protocol: string[];
  /** Rows that were scored, where languages differ of each once, from the fewest to the most; [] where nothing is scored yet. */
  n: number[];
  /** Subwords of a row, at most. */
  max: number[];
  /** What becomes of words without a subword. */
  empty: ('drop' | 'unk')[];
  /** What becomes of longer rows; absent where all are cut. */
  long?: ('cut' | 'split')[];
  prec: string;
  seeds: number;
  dataseeds: number;
  /** The version that counted the scores. */
  panx: string;
}

/** The signature of a table. */
export function signatureOf(table: Pick<SweepTable, 'conditions' | 'protocol' | 'rows'>): string {
  const { data, split, mode, average, selection, maxLength, emptyWords, longRows } = table.conditions;
  const { precision, seeds, dataSeeds, panx } = table.conditions;
  const scored = table.rows.flatMap(({ trainings }) => trainings.flatMap(({ scores }) => Object.values(scores)));
  const rows = scored.flatMap(scores => (scores === null ? [] : [scores.rows]));
  return formatSignature({
    ...{ data, split, mode, avg: average, sub: 'first', sel: selection, protocol: [table.protocol].flat() },
    n: [...new Set(rows)].sort((a, b) => a - b),
    ...{ max: maxLength, empty: emptyWords, ...(longRows === undefined ? {} : { long: longRows }) },
    ...{ prec: precision, seeds, dataseeds: dataSeeds, panx },
  });
}

/** "F1|data:PAN-X|split:test|mode:default|..." */
export function formatSignature(signature: Signature): string {
  const fields = Object.entries(kinds).flatMap(([name, { write }]) => {
    const value = signature[name as keyof Signature];
    return value === undefined ? [] : [`${name}:${(write as (value: unknown) => string)(value)}`];
  });
  return [measure, ...fields].join('|');
}

/**
 * Read a signature back.
 *
 * @throws PanxError where it is none: a field is missing, unknown, twice there or holds what it cannot
 */
export function parseSignature(text: string): Signature {
  const [first, ...fields] = text.trim().split('|');
  if (first !== measure) throw refused(`begins with ${excerpt(first)}`, measure);
  const read: Record<string, unknown> = {};
  for (const field of fields) {
    const at = field.indexOf(':');
    const name = at < 0 ? field : field.slice(0, at);
    if (!Object.hasOwn(kinds, name)) throw refused(`has the field ${excerpt(name)}`, Object.keys(kinds).join(', '));
    if (Object.hasOwn(read, name)) throw refused(`has the field ${name} twice`, 'it once');
    const kind = kinds[name as keyof Signature];
    const value = kind.read(at < 0 ? '' : field.slice(at + 1));
    if (value === undefined) throw refused(`has ${name} ${excerpt(at < 0 ? '' : field.slice(at + 1))}`, kind.expected);
    read[name] = value;
  }
  const absent = Object.keys(kinds).find(name => name !== 'long' && !Object.hasOwn(read, name));
  if (absent !== undefined) throw refused(`has no field ${absent}`, `${measure}|${Object.keys(kinds).join(':…|')}:…`);
  return read as unknown as Signature;
}

const measure = 'F1';

/** A field's text, and what it means; undefined where it means nothing. */
interface Kind<T> {
  expected: string;
  write(value: T): string;
  read(text: string): T | undefined;
}

/** What would end a field is written as in a URL. */
const words: Kind<string> = {
  expected: 'a text',
  write: value => value.replaceAll(/[%|+,]/g, encodeURIComponent),
  read: text => (text === '' ? undefined : text.replaceAll(/%(25|7C|2B|2C)/g, decodeURIComponent)),
};

function oneOf<const T extends string>(...allowed: T[]): Kind<T> {
  return {
    expected: allowed.join(' or '),
    write: value => value,
    read: text => allowed.find(word => word === text),
  };
}

const count: Kind<number> = {
  expected: 'a whole number of at least 1',
  write: String,
  read: text => (/^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined),
};

function listOf<T>(kind: Kind<T>, separator: string, empty: string | null): Kind<T[]> {
  return {
    expected: `${kind.expected}${empty === null ? '' : `, or ${empty}`}, several with ${separator} between`,
    write: values => (values.length === 0 ? (empty ?? '') : values.map(kind.write).join(separator)),
    read: text => {
      if (text === empty) return [];
      const values = text.split(separator).map(kind.read);
      return values.includes(undefined) ? undefined : (values as T[]);
    },
  };
}

const kinds: { [K in keyof Signature]-?: Kind<NonNullable<Signature[K]>> } = {
  data: listOf(words, '+', null),
  split: words,
  mode: oneOf('default', 'strict'),
  avg: oneOf('micro', 'macro'),
  sub: oneOf('first'),
  sel: listOf(oneOf('last', 'best', 'average'), ',', null),
  protocol: listOf(words, '+', null),
  n: listOf(count, ',', '-'),
  max: listOf(count, ',', null),
  empty: listOf(oneOf('drop', 'unk'), ',', null),
  long: listOf(oneOf('cut', 'split'), ',', null),
  prec: words,
  seeds: count,
  dataseeds: count,
  panx: words,
};

function refused(what: string, expected: string): PanxError {
  return new PanxError(`The signature ${what}; expected ${expected}.`, {
    hint: 'Every table of panx has its signature in a line of its own.',
  });
}
