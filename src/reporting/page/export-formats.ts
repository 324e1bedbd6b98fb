import type { EntityKind } from '../../evaluation/analysis/error-kinds.js';
import type { Span } from '../../evaluation/analysis/spans.js';
import type { Sentence, SentenceEntity } from './sentences.js';

export const exportFormats = ['prodigy', 'jsonl'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** Where sentences come from: with the number of its row a sentence is found again. */
export interface Origin {
  /** The model that predicted, as panx calls it: `study/stage-seed-42`. */
  model: string;
  /** The row set: `tr/test:1000`. */
  rows: string;
  /** A language code, or the name of a file. */
  lang: string;
}

/** A sentence as an object for a line of a file that other tools read. */
export function exported(format: ExportFormat, sentence: Sentence, { model, rows, lang }: Origin): object {
  const origin = { model, rows, lang };
  return format === 'prodigy' ? prodigyTask(sentence, origin) : jsonRow(sentence, origin);
}

/** A task of Prodigy's NER recipes (https://prodi.gy/docs/api-interfaces#ner_manual). `spans` are the true entities, for an annotator to mend. */
export interface ProdigyTask {
  /** The words with spaces between. */
  text: string;
  /** `start` and `end` count code points of the text, as Python does; `ws`: whether a space follows. */
  tokens: { text: string; start: number; end: number; id: number; ws: boolean }[];
  /** `token_end` is the last token of the span, inclusive. */
  spans: { start: number; end: number; token_start: number; token_end: number; label: string }[];
  meta: Origin & { row: number; predicted: string; errors: string };
}

function prodigyTask(sentence: Sentence, origin: Origin): ProdigyTask {
  const { row, words, entities } = sentence;
  let end = -1;
  const tokens = words.map((text, id) => {
    const start = end + 1;
    end = start + codePoints(text);
    return { text, start, end, id, ws: id < words.length - 1 };
  });
  const gold = spansIn(entities, 'gold');
  return {
    text: words.join(' '),
    tokens,
    spans: gold.map(({ type, first, last }) => ({
      ...{ start: tokens[first]!.start, end: tokens[last]!.end },
      ...{ token_start: first, token_end: last, label: type },
    })),
    meta: {
      ...{ ...origin, row },
      predicted: spansIn(entities, 'predicted')
        .map(({ type, first, last }) => `${type}: ${words.slice(first, last + 1).join(' ')}`)
        .join('; '),
      errors: errorsIn(entities).join(', '),
    },
  };
}

/** Prodigy is Python, whose strings count code points. */
function codePoints(text: string): number {
  return [...text].length;
}

function jsonRow({ row, words, gold, predicted, entities }: Sentence, origin: Origin): object {
  const span = (of: Span | null) => of && { type: of.type, first: of.first, last: of.last };
  return {
    ...{ ...origin, row, words, gold, predicted },
    entities: entities.map(({ kind, gold, predicted, seen }) => ({
      ...{ kind, gold: span(gold), predicted: span(predicted) },
      ...(seen === null ? {} : { seen }),
    })),
  };
}

function spansIn(entities: readonly SentenceEntity[], side: 'gold' | 'predicted'): Span[] {
  return entities.flatMap(entity => entity[side] ?? []).sort((a, b) => a.first - b.first);
}

function errorsIn(entities: readonly SentenceEntity[]): EntityKind[] {
  return entities.flatMap(({ kind }) => (kind === 'correct' ? [] : kind));
}
