import { counted } from '../system/console.js';
import type { DifferingWord, Fertility } from '../tokenization/fertility.js';
import type { Cell, Column, Table } from './table.js';

/** A tokenizer's numbers for the rows of one language. */
export interface LanguageFertility {
  lang: string;
  /** Which of the names. */
  tokenizer: number;
  fertility: Fertility;
}

/**
 * What `panx tokenizers --langs` prints: a row for each language and tokenizer.
 *
 * @param names of the tokenizers, each another
 * @param vocabularySizes of each
 * @param maxLengths how many subwords a row may have with each
 */
export function fertilityTable(
  found: readonly LanguageFertility[],
  {
    names,
    vocabularySizes,
    split,
    maxLengths,
  }: { names: readonly string[]; vocabularySizes: readonly number[]; split: string; maxLengths: readonly number[] },
): Table {
  const lengths =
    new Set(maxLengths).size === 1
      ? `${maxLengths[0]}`
      : names.map((name, i) => `${maxLengths[i]} with ${name}`).join(', ');
  const share = (count: number, of: number) => (of === 0 ? null : count / of);
  return {
    title: `Tokenizers on the ${split} rows`,
    facts: [],
    columns: [
      { key: 'lang', head: 'lang', kind: 'text', repeats: true },
      { key: 'tokenizer', head: 'tokenizer', kind: 'text', repeats: true },
      { key: 'vocabulary', head: 'vocabulary', kind: 'count' },
      { key: 'words', head: 'words', kind: 'count' },
      { key: 'subwords', head: 'subwords', kind: 'count' },
      { key: 'fertility', head: 'fertility', kind: 'number', digits: 2 },
      { key: 'continued_words', head: 'continued', kind: 'score' },
      { key: 'unknown_words', head: 'unk words', kind: 'score' },
      { key: 'unknown_subwords', head: 'unk', kind: 'score' },
      { key: 'empty_words', head: 'empty', kind: 'count' },
      { key: 'rows', head: 'rows', kind: 'count' },
      { key: 'subwords_per_row', head: 'a row', kind: 'number', digits: 2 },
      { key: 'longest_row', head: 'longest', kind: 'count' },
      { key: 'cut_rows', head: 'cut', kind: 'count' },
    ],
    rows: found.map(({ lang, tokenizer, fertility: one }): Cell[] => [
      lang,
      names[tokenizer]!,
      vocabularySizes[tokenizer]!,
      one.words,
      one.subwords,
      share(one.subwords, one.words),
      share(one.continuedWords, one.words),
      share(one.unknownWords, one.words),
      share(one.unknownSubwords, one.subwords),
      one.emptyWords,
      one.rows,
      one.rowLength.mean,
      one.rowLength.max,
      one.cutRows,
    ]),
    notes: [
      'fertility: subwords per word. continued: share of words of two subwords or more (Ács 2019; Rust et al. 2021).',
      'unk words, unk: share of words with an unknown subword, and of subwords. empty: words that give no subword.',
      `a row, longest: subwords of a row, special tokens included. cut: rows longer than ${lengths}, which training cuts or splits.`,
    ],
  };
}

export interface Subword {
  text: string;
  /** Whether it stands for what the tokenizer does not know. */
  unknown: boolean;
}

/** A word that tokenizers split differently, with its subwords by each of them. */
export interface SplitWord extends Omit<DifferingWord, 'word'> {
  lang: string;
  word: string;
  subwords: readonly (readonly Subword[])[];
}

/** What `panx tokenizers --langs` prints of the words that tokenizers split differently. */
export function differingWordsTable(words: readonly SplitWord[], names: readonly string[]): Table {
  return {
    title: 'Words that the tokenizers split most differently',
    facts: [],
    columns: [
      { key: 'lang', head: 'lang', kind: 'text', repeats: true },
      { key: 'word', head: 'word', kind: 'text', repeats: true },
      { key: 'count', head: 'count', kind: 'count' },
      { key: 'more_subwords', head: 'more', kind: 'count' },
      ...names.flatMap(subwordColumns),
    ],
    rows: words.map(({ lang, word, count, moreSubwords, subwords }) => [
      lang,
      word,
      count,
      moreSubwords,
      ...subwords.flatMap(subwordCells),
    ]),
    notes: [
      ...(words.some(({ subwords }) => subwords.flat().some(({ unknown }) => unknown)) ? [unknownNote] : []),
      'more: subwords that all occurrences of the word have more by the tokenizer with the most than by the one with the fewest.',
    ],
  };
}

/** A word of a sentence, with its subwords by each tokenizer. */
export interface SentenceWord {
  /** From 1. */
  sentence: number;
  word: string;
  subwords: readonly (readonly Subword[])[];
}

/**
 * What `panx tokenizers --text` prints: a row for each word.
 *
 * @param fertilities of all words by each tokenizer
 */
export function sentenceTable(
  words: readonly SentenceWord[],
  names: readonly string[],
  fertilities: readonly Fertility[],
): Table {
  const unknown = fertilities.some(({ unknownSubwords }) => unknownSubwords > 0);
  return {
    title: 'Subwords of each word',
    facts: [],
    columns: [
      { key: 'sentence', head: 'sentence', kind: 'count', repeats: true },
      { key: 'word', head: 'word', kind: 'text', repeats: true },
      ...names.flatMap(subwordColumns),
    ],
    rows: words.map(({ sentence, word, subwords }) => [sentence, word, ...subwords.flatMap(subwordCells)]),
    notes: [
      ...fertilities.map(({ subwords, words, fertility, continuedWords, unknownSubwords }, i) =>
        [
          `${names[i]}: ${counted(subwords, 'subword')} of ${counted(words, 'word')} (${fertility.toFixed(2)} a word)`,
          `${counted(continuedWords, 'word')} continued`,
          `${counted(unknownSubwords, 'subword')} unknown`,
        ].join(', '),
      ),
      ...(unknown ? [unknownNote] : []),
    ],
  };
}

/** The mark behind a subword that stands for what the tokenizer does not know. */
const unknownMark = '*';
const unknownNote = `${unknownMark} marks a subword that stands for what the tokenizer does not know.`;

function subwordColumns(name: string): Column[] {
  return [
    { key: `subwords_${name}`, head: name, kind: 'text' },
    { key: `count_${name}`, head: 'n', kind: 'count' },
  ];
}

/** No subword is an en dash on a terminal, as whatever is not there. */
function subwordCells(subwords: readonly Subword[]): Cell[] {
  const texts = subwords.map(({ text, unknown }) => (unknown ? text + unknownMark : text));
  return [texts.length === 0 ? null : texts.join(' '), texts.length];
}

/** A short name for each model: the end of its path, as much of it as tells it from the others. */
export function tokenizerNames(models: readonly string[]): string[] {
  const parts = models.map(model => model.split(/[\\/]/).filter(part => part !== '' && part !== '.'));
  const end = (model: number, folders: number) => parts[model]!.slice(-folders).join('/');
  return models.map((model, i) => {
    for (let folders = 1; folders < parts[i]!.length; folders++) {
      const name = end(i, folders);
      if (models.every((_, other) => other === i || end(other, folders) !== name)) return name;
    }
    return model;
  });
}
