import { expect, it } from 'vitest';
import { createSpanCounter } from '../../../src/evaluation/seqeval/counter.js';
import { countSpans, f1Score, precisionScore, recallScore } from '../../../src/evaluation/seqeval/seqeval.js';

// Oracles that share neither code nor idea with what they test: conlleval walks both columns at once and never builds an
// entity; strict IOB2 is a regular expression.

type Counts = Record<string, { true: number; predicted: number; correct: number }>;
type Corpus = string[][];

it('default mode counts and scores as conlleval does, on 1,000 random corpora', () => {
  const random = generator(20001118);
  let chunks = 0;
  for (let trial = 0; trial < 1_000; trial++) {
    const { truth, prediction } = randomCorpus(random);
    const { byType, all } = conlleval(truth, prediction);
    expect(asCounts(countSpans(truth, prediction))).toEqual(byType);
    expect(precisionScore(truth, prediction)).toBeCloseTo(all.precision, 12);
    expect(recallScore(truth, prediction)).toBeCloseTo(all.recall, 12);
    expect(f1Score(truth, prediction)).toBeCloseTo(all.f1, 12);
    chunks += all.chunks;
  }
  expect(chunks).toBeGreaterThan(5_000);
});

it('strict IOB2 counts what a regular expression finds, and spans without their types, on 1,000 random corpora', () => {
  const random = generator(20160516);
  let entities = 0;
  for (let trial = 0; trial < 1_000; trial++) {
    const { truth, prediction } = randomCorpus(random);
    const [trueSpans, predictedSpans] = [iob2(truth), iob2(prediction)];
    const expected: Counts = {};
    const at = (span: string) => (expected[span.split(' ')[0]!] ??= { true: 0, predicted: 0, correct: 0 });
    for (const span of trueSpans) at(span).true++;
    for (const span of predictedSpans) at(span).predicted++;
    for (const span of predictedSpans) if (trueSpans.has(span)) at(span).correct++;
    expect(asCounts(countSpans(truth, prediction, { scheme: 'IOB2' }))).toEqual(expected);

    const labels = [...new Set([...truth, ...prediction].flat())];
    const counter = createSpanCounter(labels, { scheme: 'IOB2' });
    const ids = (tags: string[]) => tags.map(tag => labels.indexOf(tag));
    for (const [i, tags] of truth.entries()) counter.add(ids(tags), ids(prediction[i]!));
    const places = new Set([...trueSpans].map(span => span.replace(/^\S+ /, '')));
    const right = [...predictedSpans].filter(span => places.has(span.replace(/^\S+ /, ''))).length;
    expect(counter.total().spanOnly).toEqual({
      type: 'any',
      true: trueSpans.size,
      predicted: predictedSpans.size,
      correct: right,
    });
    entities += trueSpans.size;
  }
  expect(entities).toBeGreaterThan(5_000);
});

/**
 * The CoNLL-2000 and 2002 shared tasks' script (E. Tjong Kim Sang), by its description: a chunk is found where one starts; it
 * is correct when both columns start one of the same type at the same word, agree in type at every word of it, and end it
 * at the same word. Between sentences both columns are outside.
 */
function conlleval(truth: Corpus, prediction: Corpus) {
  const byType: Counts = {};
  const of = (type: string) => (byType[type] ??= { true: 0, predicted: 0, correct: 0 });
  let [lastTrue, lastPredicted] = [chunkTag('O'), chunkTag('O')];
  let agreeing = false;
  const step = (trueText: string, predictedText: string) => {
    const [now, guess] = [chunkTag(trueText), chunkTag(predictedText)];
    if (agreeing) {
      const [trueEnds, predictedEnds] = [ends(lastTrue, now), ends(lastPredicted, guess)];
      if (trueEnds && predictedEnds && lastTrue.type === lastPredicted.type) {
        of(lastTrue.type).correct++;
        agreeing = false;
      } else if (trueEnds !== predictedEnds || now.type !== guess.type) agreeing = false;
    }
    const [trueStarts, predictedStarts] = [starts(lastTrue, now), starts(lastPredicted, guess)];
    if (trueStarts && predictedStarts && now.type === guess.type) agreeing = true;
    if (trueStarts) of(now.type).true++;
    if (predictedStarts) of(guess.type).predicted++;
    [lastTrue, lastPredicted] = [now, guess];
  };
  for (const [i, tags] of truth.entries()) {
    for (const [j, tag] of tags.entries()) step(tag, prediction[i]![j]!);
    step('O', 'O');
  }
  const sum = (side: 'true' | 'predicted' | 'correct') =>
    Object.values(byType).reduce((n, counts) => n + counts[side], 0);
  const precision = sum('predicted') > 0 ? sum('correct') / sum('predicted') : 0;
  const recall = sum('true') > 0 ? sum('correct') / sum('true') : 0;
  const f1 = precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
  return { byType, all: { precision, recall, f1, chunks: sum('true') } };
}

interface ChunkTag {
  tag: string;
  type: string;
}

function chunkTag(text: string): ChunkTag {
  const [tag, ...type] = text.split('-');
  return { tag: tag!, type: type.join('-') };
}

function starts(last: ChunkTag, now: ChunkTag): boolean {
  if (now.tag === 'O') return false;
  return now.tag === 'B' || last.tag === 'O' || last.type !== now.type;
}

function ends(last: ChunkTag, now: ChunkTag): boolean {
  if (last.tag === 'O') return false;
  return now.tag === 'B' || now.tag === 'O' || last.type !== now.type;
}

/** The entities of every sentence as "TYPE sentence first last": a B of a type and all I of that type right behind it. */
function iob2(corpus: Corpus): Set<string> {
  const found = corpus.flatMap((tags, sentence) => {
    // One character a word: A for B-<first type>, a for I-<first type>, and so on; a full stop for O.
    const text = tags
      .map(tag => {
        const letter = 'ABC'[types.indexOf(tag.slice(2))];
        return tag === 'O' ? '.' : tag.startsWith('B') ? letter! : letter!.toLowerCase();
      })
      .join('');
    return [...text.matchAll(/Aa*|Bb*|Cc*/g)].map(
      ({ 0: entity, index }) => `${types['ABC'.indexOf(entity[0]!)]} ${sentence} ${index} ${index + entity.length - 1}`,
    );
  });
  return new Set(found);
}

const types = ['PER', 'ORG', 'LOC-2'];

/** Up to six sentences of up to nine words; the prediction differs from the truth at a share of the words that itself varies. */
function randomCorpus(random: (below: number) => number): { truth: Corpus; prediction: Corpus } {
  const tag = () => (random(3) === 0 ? 'O' : `${'BI'[random(2)]}-${types[random(types.length)]}`);
  const truth = Array.from({ length: 1 + random(6) }, () => Array.from({ length: random(10) }, tag));
  const noise = random(5);
  return { truth, prediction: truth.map(tags => tags.map(old => (random(8) < noise ? tag() : old))) };
}

function asCounts(counts: ReturnType<typeof countSpans>): Counts {
  return Object.fromEntries(counts.map(({ type, ...rest }) => [type, rest]));
}

/** Whole numbers below a bound from a 32-bit linear congruential generator. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
