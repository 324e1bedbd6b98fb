import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SplitSource } from '../../src/data/corpus.js';
import { panxLabels } from '../../src/data/formats/panx.js';
import type { EncodedRows } from '../../src/tokenization/rows.js';

/** The folder of a tiny tokenizer made by scripts/make-golden/tokenization.py. */
export function tokenizerFolder(name: 'unigram' | 'byte-level'): string {
  return fileURLToPath(new URL(`../fixtures/tokenization/${name}`, import.meta.url));
}

/** What Python's tokenizers made of sentences, per maxLength; the tag of word w is 1 + w % 6. */
export interface Golden {
  sentences: string[][];
  vocabularySize: number;
  cases: { maxLength: number; rows: { inputIds: number[]; wordIds: number[]; labelIds: number[] }[] }[];
}

export function golden(name: 'unigram' | 'byte-level'): Golden {
  return JSON.parse(readFileSync(`${tokenizerFolder(name)}/golden.json`, 'utf8')) as Golden;
}

/** A split of one file of sentences in which the tag of word w is 1 + w % 6, as in the golden files. */
export function splitOf(sentences: readonly (readonly string[])[], sha256 = 'aa'): SplitSource {
  const words = sentences.flat();
  const offsets = new Int32Array(sentences.length + 1);
  sentences.forEach((sentence, row) => {
    offsets[row + 1] = offsets[row]! + sentence.length;
  });
  const textOffsets = new Int32Array(words.length + 1);
  words.forEach((word, w) => {
    textOffsets[w + 1] = textOffsets[w]! + Buffer.byteLength(word);
  });
  const tagIds = Int32Array.from(sentences.flatMap(sentence => sentence.map((_, w) => 1 + (w % 6))));
  const text = Buffer.from(words.join(''));
  const columns = { rows: sentences.length, offsets, tagIds, textOffsets, text };
  const file = { path: 'train.parquet', sha256 };
  const shards = async function* () {
    yield { ...file, labelNames: panxLabels, columns };
  };
  return { lang: 'en', split: 'train', files: [file], shards };
}

/** Rows of 3, 1, 0 and 2 subwords; the first and the last lost something. */
export const lossyRows: EncodedRows = {
  rows: 4,
  offsets: Int32Array.of(0, 3, 4, 4, 6),
  inputIds: Int32Array.of(10, 11, 12, 20, 40, 41),
  labelIds: Int32Array.of(-100, 1, -100, 2, -100, 3),
  wordIds: Int32Array.of(-1, 0, 0, 0, -1, 0),
  truncatedRows: 2,
  truncatedWords: 4,
  emptyWords: 7,
  losses: {
    cutSubwords: Int32Array.of(5, 0, 0, 1),
    cutWords: Int32Array.of(4, 0, 0, 0),
    emptyWords: Int32Array.of(0, 2, 0, 5),
  },
};
