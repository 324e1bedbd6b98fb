import { excerpt, nearest, PanxError } from '../errors.js';
import { isLanguage, type Setting } from './kinds.js';

/** The formats of a corpus: one file each in data/formats/. */
const corpusFormats = ['panx', 'parquet', 'conll', 'jsonl'] as const;
export type CorpusFormat = (typeof corpusFormats)[number];

/** How tags say where an entity begins and ends; auto finds out. */
const tagSchemes = ['auto', 'IOB1', 'IOB2', 'BIOES', 'BILOU'] as const;
export type TagScheme = Exclude<(typeof tagSchemes)[number], 'auto'>;

const splits = ['train', 'validation', 'test'] as const;

/** One corpus of the section `corpora`, with every default filled in. */
export interface CorpusSettings {
  format: CorpusFormat;
  /** A folder (format panx), or the files of each split; `{lang}` stands for the language, `*` for any part of a file's name. */
  files: string | CorpusFiles;
  /** Where words and tags are: numbers of columns (conll), or names. What is left out is found by its usual name. */
  columns: CorpusColumns;
  /** The language that the name alone stands for; null: und, or none where the paths have {lang}. */
  lang: string | null;
  scheme: TagScheme | 'auto';
  /** The tags in the order of their ids; null: those that the files declare or hold. */
  labels: string[] | null;
}

export type CorpusFiles = Partial<Record<(typeof splits)[number], string | string[]>>;

export interface CorpusColumns {
  words?: number | string;
  tags?: number | string;
  /** In a CoNLL column of the form `name=B-PER|SpaceAfter=No`, the name before the tag. */
  feature?: string;
  text?: string;
  spans?: string;
}

export type Corpora = Record<string, CorpusSettings>;

/** What is found where no column is named. */
const conllColumns = { words: 1, tags: -1 };

/** Corpora beside `data`: a mapping of names, unlike every other setting. */
export function corpora(meaning: string): Setting<Corpora> {
  return {
    default: {},
    expected: 'a mapping of names to corpora, each with format and files (docs/corpora.md)',
    meaning,
    accepts: (value): value is Corpora => {
      try {
        completeCorpora(joinCorpora({}, value, ''), '');
        return true;
      } catch {
        return false;
      }
    },
    join: joinCorpora,
    complete: completeCorpora,
  };
}

/**
 * Corpora given one after the other: a corpus, or a key of it, that is given later takes the place of what was there.
 *
 * @throws PanxError naming the first thing that no corpus has, or that has a wrong value
 */
function joinCorpora(before: unknown, given: unknown, origin: string): Record<string, unknown> {
  const joined = new Map(Object.entries(before as Record<string, unknown>));
  for (const [name, corpus] of Object.entries(mappingOf(given, 'corpora', 'corpora by name', origin))) {
    checkName(name, origin);
    const key = `corpora.${name}`;
    const own = mappingOf(corpus, key, `a mapping of ${Object.keys(keys).join(', ')}`, origin);
    const merged = { ...((joined.get(name) as object | undefined) ?? {}) } as Record<string, unknown>;
    for (const [field, value] of Object.entries(own)) {
      const kind = Object.hasOwn(keys, field) ? keys[field as keyof CorpusSettings] : undefined;
      if (kind === undefined) throw unknown(`${key}.${field}`, field, Object.keys(keys), origin);
      kind.check(value, `${key}.${field}`, origin);
      // What is given of the files or columns leaves the others as they were.
      merged[field] = isMapping(value) && isMapping(merged[field]) ? { ...merged[field], ...value } : value;
    }
    joined.set(name, merged);
  }
  return Object.fromEntries(joined);
}

/** @throws PanxError where a corpus lacks its format or files, or has files that its format does not take */
function completeCorpora(given: unknown, origin: string): Corpora {
  return Object.fromEntries(
    Object.entries(given as Record<string, Partial<CorpusSettings>>).map(([name, corpus]) => [
      name,
      completeCorpus(`corpora.${name}`, corpus, origin),
    ]),
  );
}

function completeCorpus(key: string, corpus: Partial<CorpusSettings>, origin: string): CorpusSettings {
  const { format, files } = corpus;
  for (const field of ['format', 'files'] as const) {
    if (corpus[field] !== undefined) continue;
    throw refused(`${key} has no ${field}, from ${origin}; expected ${keys[field].expected}.`);
  }
  if (format === 'panx' && typeof files !== 'string') {
    throw refused(
      `${key}.files names files of splits, from ${origin}; expected the path of one folder for format panx.`,
      {
        hint: 'Files that are named one by one have format parquet.',
      },
    );
  }
  if (format !== 'panx' && typeof files === 'string') {
    throw refused(
      `${key}.files is ${excerpt(files)}, from ${origin}; expected the files of each split, such as {train: a, test: b}, for format ${format}.`,
      { hint: 'A folder PAN-X.<lang> or <lang> of parquet files has format panx.' },
    );
  }
  const { columns = {}, lang = null, scheme = 'auto', labels = null } = corpus;
  checkColumns(`${key}.columns`, format!, columns, origin);
  return {
    ...{ format: format!, files: files! },
    columns: format === 'conll' ? { ...conllColumns, ...columns } : columns,
    ...{ lang, scheme, labels },
  };
}

function checkColumns(key: string, format: CorpusFormat, columns: CorpusColumns, origin: string): void {
  const taken: Record<CorpusFormat, (keyof CorpusColumns)[]> = {
    panx: [],
    parquet: ['words', 'tags'],
    conll: ['words', 'tags', 'feature'],
    jsonl: ['words', 'tags', 'text', 'spans'],
  };
  for (const [name, value] of Object.entries(columns)) {
    if (!taken[format].includes(name as keyof CorpusColumns)) {
      const which = taken[format].join(', ') || 'none';
      throw refused(`${key}.${name} is given, from ${origin}; expected of the columns of format ${format}: ${which}.`);
    }
    if ((format === 'conll' && name !== 'feature') === (typeof value === 'number')) continue;
    const expected =
      format === 'conll' && name !== 'feature'
        ? 'the number of a column, from 1, or from -1 counted from the last'
        : 'a name';
    throw refused(`${key}.${name} is ${excerpt(value)}, from ${origin}; expected ${expected}.`);
  }
  const { words, tags } = { ...(format === 'conll' ? conllColumns : {}), ...columns };
  if (words === undefined || words !== tags) return;
  throw refused(`${key} has ${excerpt(words)} for words and tags, from ${origin}; expected two columns.`);
}

interface Kind {
  expected: string;
  /** @throws PanxError */
  check(value: unknown, key: string, origin: string): void;
}

function kind(expected: string, accepts: (value: unknown) => boolean): Kind {
  return {
    expected,
    check(value, key, origin) {
      if (value === undefined) throw refused(`${key} is empty, from ${origin}; expected ${expected}.`);
      if (!accepts(value)) throw refused(`${key} is ${excerpt(value)}, from ${origin}; expected ${expected}.`);
    },
  };
}

/** A mapping whose keys are known. */
function mapping(what: string, names: readonly string[], each: Kind): Kind {
  return {
    expected: what,
    check(value, key, origin) {
      if (!isMapping(value)) throw refused(`${key} is ${excerpt(value)}, from ${origin}; expected ${what}.`);
      if (Object.keys(value).length === 0 && names.includes('train')) {
        throw refused(`${key} is empty, from ${origin}; expected ${what}.`);
      }
      for (const [name, one] of Object.entries(value)) {
        if (!names.includes(name)) throw unknown(`${key}.${name}`, name, names, origin);
        each.check(one, `${key}.${name}`, origin);
      }
    },
  };
}

const path = (value: unknown): value is string =>
  typeof value === 'string' && value.trim() !== '' && !value.includes('\0') && !/\{(?!lang\})/.test(value);
const pathKind = kind(
  'a path, or a list of paths; {lang} stands for the language',
  value => path(value) || (Array.isArray(value) && value.length > 0 && value.every(path)),
);
const filesKind = mapping('files of train, validation, test', splits, pathKind);
const columnKind = kind(
  'the number of a column (not 0), or its name',
  value =>
    (Number.isSafeInteger(value) && value !== 0 && Math.abs(value as number) <= 1000) ||
    (typeof value === 'string' && value.trim() !== '' && value.length <= 200),
);

const keys: Record<keyof CorpusSettings, Kind> = {
  format: kind(`one of ${corpusFormats.join(', ')}`, value => corpusFormats.some(format => format === value)),
  files: {
    expected: 'files of train, validation, test, or a folder',
    check: (value, key, origin) =>
      (isMapping(value) ? filesKind : kind(keys.files.expected, path)).check(value, key, origin),
  },
  columns: mapping('words, tags, ...', ['words', 'tags', 'feature', 'text', 'spans'], columnKind),
  lang: kind(
    'a language code such as tr, or null',
    value => value === null || (isLanguage(value) && !value.includes('=')),
  ),
  scheme: kind(`one of ${tagSchemes.join(', ')}`, value => tagSchemes.some(scheme => scheme === value)),
  labels: kind(
    'the tags in the order of their ids, such as [O, B-PER, I-PER], or null',
    value =>
      value === null ||
      (Array.isArray(value) &&
        value.length > 1 &&
        value.length <= 10_000 &&
        value.every(tag => typeof tag === 'string' && /^(O|[BIESLU]-[^\s\p{C}].*)$/u.test(tag) && tag.length <= 200) &&
        value.includes('O') &&
        new Set(value).size === value.length),
  ),
};

function checkName(name: string, origin: string): void {
  const found = `corpora.${name.length > 80 ? excerpt(name) : name}, from ${origin},`;
  if (!/^[A-Za-z][\w.-]{0,39}$/.test(name)) {
    throw refused(
      `${found} is no name of a corpus; expected up to 40 letters, digits, dots, hyphens and underscores after a letter.`,
    );
  }
  if (name !== 'data') return;
  throw refused(`${found} has the name of a setting; expected another name.`, {
    hint: 'A language without a name before it, such as en, is one of the setting data.',
  });
}

/**
 * What a language in the settings means: `name=lang` and `lang` as they are, and the name of a corpus alone as `name=lang` with its language.
 * Two letters alone are always a language of `data`, whatever corpora are called.
 *
 * @param key the setting, or the option, for sentences
 * @throws PanxError where there is no such corpus, or it does not have that language
 */
export function namedLanguage(lang: string, corpora: Corpora, key: string, origin = key): string {
  const at = lang.indexOf('=');
  if (/^[a-z]{2}$/.test(lang)) return lang;
  const name = at < 0 ? lang : lang.slice(0, at);
  const corpus = Object.hasOwn(corpora, name) ? corpora[name]! : undefined;
  const from = origin === key ? '' : `, from ${origin}`;
  if (corpus === undefined) {
    if (at < 0) return lang;
    const known = Object.keys(corpora);
    const suggestion = nearest(name, known);
    throw refused(
      `${key} has ${excerpt(lang)}${from}, but there is no corpus ${excerpt(name)}${suggestion === undefined ? '' : `; did you mean ${suggestion}?`}${suggestion === undefined ? '.' : ''}`,
      {
        hint:
          known.length === 0
            ? 'Describe it in the section corpora of a configuration file (docs/corpora.md).'
            : `The section corpora has ${known.slice(0, 20).join(', ')}.`,
      },
    );
  }
  const own = languageOf(corpus);
  if (at < 0) {
    if (own !== null) return `${name}=${own}`;
    throw refused(
      `${key} has ${name}${from}, a corpus with several languages; expected ${name}=LANG, such as ${name}=en.`,
      {
        hint: `Or say by corpora.${name}.lang which one ${name} alone stands for.`,
      },
    );
  }
  const asked = lang.slice(at + 1);
  if (hasLanguages(corpus) || asked === own || !isLanguage(asked)) return lang;
  throw refused(
    `${key} has ${lang}${from}, but the corpus ${name} is one of the language ${own}; expected ${name}=${own}.`,
    {
      hint: `Its language is corpora.${name}.lang; paths with {lang} have several.`,
    },
  );
}

/** A corpus by the language that names it. @throws PanxError where there is none of the name */
export function corpusOf(corpora: Corpora, lang: string): { name: string; corpus: CorpusSettings } {
  const name = lang.slice(0, lang.indexOf('='));
  if (Object.hasOwn(corpora, name)) return { name, corpus: corpora[name]! };
  throw new PanxError(`There is no corpus "${name}", of which ${lang} is to be read.`, {
    hint: 'Describe it in the section corpora of the configuration (docs/corpora.md).',
    exitCode: 2,
  });
}

/** Whether the settings of a corpus name files of a split. */
export function hasSplit({ files }: CorpusSettings, split: keyof CorpusFiles): boolean {
  return typeof files === 'string' || files[split] !== undefined;
}

/** Whether the paths of a corpus depend on the language. */
function hasLanguages({ format, files }: CorpusSettings): boolean {
  if (format === 'panx' || typeof files === 'string') return true;
  return Object.values(files)
    .flat()
    .some(file => file.includes('{lang}'));
}

/** The language that the name of a corpus alone stands for; null where that is open. */
function languageOf(corpus: CorpusSettings): string | null {
  return corpus.lang ?? (hasLanguages(corpus) ? null : 'und');
}

function unknown(key: string, name: string, known: readonly string[], origin: string): PanxError {
  const suggestion = nearest(name, known);
  return refused(
    `Unknown setting ${key.length > 80 ? excerpt(key) : key}, from ${origin}${suggestion === undefined ? '.' : `; did you mean ${suggestion}?`}`,
    { hint: `There is ${known.join(', ')}. docs/corpora.md describes them.` },
  );
}

function mappingOf(value: unknown, key: string, expected: string, origin: string): Record<string, unknown> {
  if (value === null || value === undefined) {
    if (key === 'corpora') return {};
    throw refused(`${key} is empty, from ${origin}; expected ${expected}.`);
  }
  if (isMapping(value)) return value;
  throw refused(`${key} is ${excerpt(value)}, from ${origin}; expected ${expected}.`);
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused(sentence: string, { hint = 'docs/corpora.md describes the section corpora.' } = {}): PanxError {
  return new PanxError(sentence, { hint, exitCode: 2 });
}
