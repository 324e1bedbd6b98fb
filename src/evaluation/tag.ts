import { readLabelNames } from '../data/label-names.js';
import type { Word } from '../data/words.js';
import { cutText } from '../errors.js';
import type { TokenClassifier } from '../model/token-classifier.js';
import { type EncodedRows, type EncodeOptions, encodeSentences } from '../tokenization/rows.js';
import type { SubwordTokenizer } from '../tokenization/tokenizer.js';
import { predict } from './predict.js';
import { getEntities } from './seqeval/entities.js';

/** A sentence with what the model made of it. */
export interface TaggedSentence {
  text: string;
  /** (W) The label of each word, as the checkpoint names it. Words that got no prediction (cut off at maxLength, or without a subword) have tag and score null. */
  words: { text: string; start: number; end: number; tag: string | null; score: number | null }[];
  entities: TaggedEntity[];
}

export interface TaggedEntity {
  type: string;
  text: string;
  /** In UTF-16 units: text.slice(start, end). */
  start: number;
  end: number;
  /** The mean of its words' probabilities. */
  score: number;
}

export interface Sentence {
  text: string;
  words: Word[];
}

/** Encode sentences for tagging. */
export function encodeForTagging(
  sentences: readonly Sentence[],
  tokenizer: SubwordTokenizer,
  options: EncodeOptions,
): Promise<EncodedRows> {
  const words = sentences.map(sentence => sentence.words.map(({ text }) => text));
  return encodeSentences(words, tokenizer, options);
}

/** Sentences that are held back until all of them are tagged. */
const windowRows = 2048;

/**
 * Tag sentences.
 *
 * @param encoded the same sentences, from `encodeForTagging`
 * @param options before: sentences of the same input that were tagged already, for the numbers in errors
 * @param sink takes each sentence, in order, some seconds' work at a time
 */
export async function tagSentences(
  model: TokenClassifier,
  sentences: readonly Sentence[],
  encoded: EncodedRows,
  options: { before: number },
  sink: (tagged: TaggedSentence) => void,
): Promise<void> {
  const { labels } = model.config;
  const { tags } = readLabelNames(labels);
  const { before } = options;
  const nameOfRow = (row: number) => `sentence ${before + row + 1}, "${cutText(sentences[row]!.text, 60)}",`;
  await predict(
    model,
    encoded,
    // Nobody asks for the loss, which alone has batches.
    { batchSize: windowRows, withProbabilities: true, windowRows, nameOfRow },
    ({ row, predictedIds, positions, probabilities }) => {
      const { text, words } = sentences[row]!;
      const tagged: TaggedSentence['words'] = words.map(word => ({ ...word, tag: null, score: null }));
      const rowTags = words.map(() => 'O');
      const rowStart = encoded.offsets[row]!;
      predictedIds.forEach((label, index) => {
        const place = encoded.wordIds[rowStart + positions[index]!]!;
        const word = tagged[place]!;
        rowTags[place] = tags[label]!;
        word.tag = labels[label]!;
        word.score = probabilities![index * labels.length + label]!;
      });
      sink({ text, words: tagged, entities: entitiesOf(text, tagged, rowTags) });
    },
  );
}

/** @param tags (W) what the labels of the words mean; O where a word has none */
function entitiesOf(text: string, words: TaggedSentence['words'], tags: readonly string[]): TaggedEntity[] {
  return getEntities(tags).map(([type, first, last]) => {
    const inside = words.slice(first, last + 1);
    const [start, end] = [inside[0]!.start, inside.at(-1)!.end];
    const score = inside.reduce((sum, word) => sum + word.score!, 0) / inside.length;
    return { type, text: text.slice(start, end), start, end, score };
  });
}
