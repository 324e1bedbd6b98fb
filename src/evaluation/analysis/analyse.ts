import type { ScoredRow } from '../foreign-predictions.js';
import { compareCodePoints } from '../seqeval/counter.js';
import { type ClassificationReport, reportOf } from '../seqeval/report.js';
import type { SpanCounts } from '../seqeval/scores.js';
import {
  type AttributeName,
  attributeNames,
  type BucketScores,
  bucketOf,
  createBucketCounter,
  type SentenceFacts,
} from './buckets.js';
import { type KindCounts, noKinds, pairSpans, type SpanPair, typeOf } from './error-kinds.js';
import { type CostlySentence, createLossCounter, type MistakenWord, type NamedLoss, type Suspect } from './losses.js';
import { type RowSpans, type Span, spanLength, spansOf, surfaceOf } from './spans.js';
import type { TrainingSurfaces } from './training-surfaces.js';

/** What predictions of one row set show. */
export interface Analysis {
  sentences: number;
  /** Words, and those of them without a prediction: cut off, or without a subword. These count nowhere. */
  words: number;
  unpredicted: number;
  /** Sentences that were trained on, with these tags. */
  trainedOn: number;
  /** Share of the words with a prediction whose tag is right. */
  accuracy: number;
  /** seqeval's report, default mode. */
  report: ClassificationReport;
  /** Its counts: by type, sorted by name. */
  spans: SpanCounts[];
  kinds: KindCounts;
  /** By the type of the true entity, of a spurious one by its own; sorted by name. */
  kindsByType: { type: string; counts: KindCounts }[];
  /** By attribute; those that nothing is known of are left out. */
  buckets: { attribute: AttributeName; scores: BucketScores[] }[];
  confusion: { tags: Confusion; entities: Confusion };
  /** null where no word has a loss. */
  losses: {
    labels: NamedLoss[];
    words: NamedLoss[];
    sentences: CostlySentence[];
    /** Of the sentences that were not trained on; null where all were. */
    suspects: Suspect[] | null;
  } | null;
  mistaken: MistakenWord[];
}

/** Counts of true (rows) and predicted (columns) labels. */
export interface Confusion {
  labels: string[];
  /** (L, L) */
  counts: number[][];
}

export interface AnalysisOptions {
  /** How often texts stand in the training rows; null where these are not known. */
  surfaces: TrainingSurfaces | null;
  /** How many words and sentences are listed. */
  most: number;
  /** Whether a row was trained on. */
  trainedOn(row: ScoredRow): boolean;
}

/** Analyse predictions row by row. No more is kept of them than counts, the words, and the sentences that are listed. */
export function createAnalysis({ surfaces, most, trainedOn }: AnalysisOptions): {
  add(row: ScoredRow): void;
  result(): Analysis;
} {
  const kinds = noKinds();
  const byType = new Map<string, KindCounts>();
  const buckets = new Map(attributeNames.map(name => [name, createBucketCounter(name)]));
  const tags = new Map<string, number>();
  const entities = new Map<string, number>();
  const losses = createLossCounter(most);
  const spanCounts = new Map<string, SpanCounts>();
  let [sentences, words, unpredicted, right, seen] = [0, 0, 0, 0, 0];

  const countPair = (pair: SpanPair) => {
    kinds[pair.kind]++;
    const type = typeOf(pair);
    if (!byType.has(type)) byType.set(type, noKinds());
    byType.get(type)![pair.kind]++;
    increment(entities, pairKey(pair.gold?.type ?? noType, pair.predicted?.type ?? noType));
    for (const span of [pair.gold, pair.predicted]) {
      if (span !== null && !spanCounts.has(span.type)) {
        spanCounts.set(span.type, { type: span.type, true: 0, predicted: 0, correct: 0 });
      }
    }
    if (pair.gold !== null) spanCounts.get(pair.gold.type)!.true++;
    if (pair.predicted !== null) spanCounts.get(pair.predicted.type)!.predicted++;
    if (pair.kind === 'correct') spanCounts.get(type)!.correct++;
  };
  const countBuckets = (row: ScoredRow, spans: RowSpans, pairs: readonly SpanPair[]) => {
    const sentence = sentenceFacts(row, spans);
    for (const [side, list] of sidesOf(pairs)) {
      for (const span of list) {
        const surface = surfaceOf(span, spans.words, row);
        const training = surface === null || surfaces === null ? null : surfaces.of(surface, span.type);
        for (const [attribute, counter] of buckets) {
          const bucket = bucketOf(attribute, span, sentence, surface, training);
          if (bucket !== null) counter.add(side, bucket);
        }
      }
    }
  };

  return {
    add(row) {
      const spans = spansOf(row);
      const pairs = pairSpans(spans.gold, spans.predicted);
      for (const pair of pairs) countPair(pair);
      countBuckets(row, spans, pairs);
      for (const word of spans.words) {
        increment(tags, pairKey(row.gold[word]!, row.predicted[word]!));
        if (row.gold[word] === row.predicted[word]) right++;
      }
      const trained = trainedOn(row);
      losses.add(row, trained);
      if (trained) seen++;
      sentences++;
      words += row.gold.length;
      unpredicted += row.gold.length - spans.words.length;
    },
    result: () => {
      const spans = [...spanCounts.values()].sort((a, b) => byName(a.type, b.type));
      return {
        ...{ sentences, words, unpredicted, trainedOn: seen },
        accuracy: words === unpredicted ? 0 : right / (words - unpredicted),
        report: reportOfTypes(spans),
        spans,
        kinds,
        kindsByType: Array.from(byType, ([type, counts]) => ({ type, counts })).sort((a, b) => byName(a.type, b.type)),
        buckets: Array.from(buckets, ([attribute, counter]) => ({ attribute, scores: counter.scores() })).flatMap(
          ({ attribute, scores }) => (scores === null ? [] : [{ attribute, scores }]),
        ),
        confusion: {
          tags: confusionOf(tags, byTag, tag => tag),
          entities: confusionOf(entities, byName, typeLabel),
        },
        losses:
          losses.count() === 0
            ? null
            : {
                labels: losses.labels().sort((a, b) => byTag(a.name, b.name)),
                words: losses.words(),
                sentences: losses.sentences(),
                suspects: seen === sentences ? null : losses.suspects(),
              },
        mistaken: losses.mistaken(),
      };
    },
  };
}

/** What stands for "no entity" among types and tags. */
export const outside = 'O';
/** The same while types are counted, of which one may be called O. */
const noType = '';

function sidesOf(pairs: readonly SpanPair[]): ['gold' | 'predicted' | 'correct', Span[]][] {
  return [
    ['gold', pairs.flatMap(({ gold }) => gold ?? [])],
    ['predicted', pairs.flatMap(({ predicted }) => predicted ?? [])],
    ['correct', pairs.flatMap(({ kind, gold }) => (kind === 'correct' ? gold : []))],
  ];
}

function sentenceFacts(row: ScoredRow, { gold, words }: RowSpans): SentenceFacts {
  const inEntities = gold.reduce((sum, span) => sum + spanLength(span), 0);
  return { words: row.gold.length, density: inEntities / words.length };
}

/** Of no type at all seqeval's mean of types is no number. */
function reportOfTypes(spans: readonly SpanCounts[]): ClassificationReport {
  const report = reportOf(spans);
  return spans.length === 0 ? { ...report, macro: report.micro } : report;
}

/** The texts of all entities of rows, true and predicted: what is to be counted in the training rows. */
export async function surfacesIn(rows: AsyncIterable<ScoredRow>, into = new Set<string>()): Promise<Set<string>> {
  for await (const row of rows) {
    const { gold, predicted, words } = spansOf(row);
    for (const span of [...gold, ...predicted]) {
      const surface = surfaceOf(span, words, row);
      if (surface !== null) into.add(surface);
    }
  }
  return into;
}

function confusionOf(
  counts: ReadonlyMap<string, number>,
  compare: (a: string, b: string) => number,
  labelOf: (name: string) => string,
): Confusion {
  const names = [...new Set([...counts.keys()].flatMap(key => JSON.parse(key) as string[]))].sort(compare);
  return {
    labels: names.map(labelOf),
    counts: names.map(gold => names.map(predicted => counts.get(pairKey(gold, predicted)) ?? 0)),
  };
}

/** A type that is called O is no "no entity". */
function typeLabel(type: string): string {
  if (type === noType) return outside;
  return type === outside ? `${outside} (type)` : type;
}

function pairKey(gold: string, predicted: string): string {
  return JSON.stringify([gold, predicted]);
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Types in their order, what is of none behind them. */
export function byName(a: string, b: string): number {
  if (a === b) return 0;
  if (a === noType || b === noType) return a === noType ? 1 : -1;
  return compareCodePoints(a, b);
}

/** Tags by type, B- before I-, O behind them. */
export function byTag(a: string, b: string): number {
  const split = (tag: string) => [tag.slice(2), tag.slice(0, 2)] as const;
  if (a === b) return 0;
  if (a === outside || b === outside) return a === outside ? 1 : -1;
  return compareCodePoints(split(a)[0], split(b)[0]) || compareCodePoints(split(a)[1], split(b)[1]);
}
