import type { Subword } from '../../reporting/tokenizers.js';
import { type Pieces, pieceNames, piecesOf } from '../../tokenization/pieces.js';
import { openTokenizer, type TokenizerOptions } from '../../tokenization/tokenizer.js';

/** Lists of words as one tokenizer splits them. */
export interface SplitWords {
  /** Of each list. */
  pieces: readonly Pieces[];
  /** The names of all ids there, as a reader can read them. */
  names: ReadonlyMap<number, string>;
  unkId: number;
  vocabularySize: number;
}

/**
 * Split lists of words by the tokenizer of a folder, which is let go of at once: XLM-R's takes 0.4 GB. Tokens are not looked for in the cache: the names
 * of subwords need the tokenizer anyway, and once it is there it splits the distinct words of 20,000 rows in less than a second.
 *
 * @throws PanxError as `openTokenizer` and `piecesOf` do
 */
export async function splitByTokenizer(
  lists: readonly (readonly string[])[],
  folder: string,
  options: TokenizerOptions,
): Promise<SplitWords> {
  const file = await openTokenizer(folder, options);
  try {
    const tokenizer = file.load();
    const pieces: Pieces[] = [];
    for (const words of lists) pieces.push(await piecesOf(words, tokenizer));
    const used = new Set<number>();
    for (const { ids } of pieces) for (const id of ids) used.add(id);
    const { unkId, vocabularySize } = tokenizer;
    return { pieces, names: await pieceNames(used, tokenizer), unkId, vocabularySize };
  } finally {
    await file.release();
  }
}

/** The subwords of a word. @param list which of the lists */
export function subwordsOf({ pieces, names, unkId }: SplitWords, list: number, word: number): Subword[] {
  const { offsets, ids } = pieces[list]!;
  const own = [...ids.subarray(offsets[word]!, offsets[word + 1]!)];
  return own.map(id => ({ text: names.get(id)!, unknown: id === unkId }));
}
