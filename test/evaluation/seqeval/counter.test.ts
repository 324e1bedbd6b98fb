import { describe, expect, it } from 'vitest';
import { createSpanCounter } from '../../../src/evaluation/seqeval/counter.js';
import { accuracyScore, countSpans, f1Score } from '../../../src/evaluation/seqeval/seqeval.js';

const labels = ['O', 'B-PER', 'I-PER', 'E-PER', 'S-PER', 'B-LOC', 'I-LOC', 'E-LOC', 'S-LOC', 'I-A-B', 'I'];

describe('createSpanCounter', () => {
  it('agrees with an oracle that tries every span, on random corpora', () => {
    const random = generator(20240611);
    let compared = 0;
    for (let corpus = 0; corpus < 600; corpus++) {
      const sentences = Array.from({ length: random(5) }, () => randomSentence(random));
      const counter = createSpanCounter(labels);
      for (const { truth, prediction } of sentences) counter.add(truth, prediction);
      const expected = oracle(sentences);
      const { micro, macro, types, accuracy, tags } = counter.scores();
      expect(Object.fromEntries(counter.counts().map(({ type, ...rest }) => [type, rest]))).toEqual(expected.byType);
      expect(micro.precision).toBeCloseTo(expected.precision, 12);
      expect(micro.recall).toBeCloseTo(expected.recall, 12);
      expect(micro.f1).toBeCloseTo(expected.f1, 12);
      if (types.length > 0) expect(macro.f1).toBeCloseTo(expected.macroF1, 12);
      expect(accuracy).toBeCloseTo(expected.accuracy, 12);
      compared += tags;
    }
    expect(compared).toBeGreaterThan(3_000);
  });

  it('equals the scores of the whole corpus at once', () => {
    const random = generator(7);
    const sentences = Array.from({ length: 60 }, () => randomSentence(random));
    const counter = createSpanCounter(labels);
    for (const { truth, prediction } of sentences) counter.add(Int32Array.from(truth), Int32Array.from(prediction));
    const names = (ids: number[]) => ids.map(id => labels[id]!);
    const yTrue = sentences.map(({ truth }) => names(truth));
    const yPred = sentences.map(({ prediction }) => names(prediction));
    const { micro, macro, weighted, accuracy } = counter.scores();
    expect(counter.counts()).toEqual(countSpans(yTrue, yPred));
    expect(micro.f1).toBe(f1Score(yTrue, yPred));
    expect(macro.f1).toBe(f1Score(yTrue, yPred, { average: 'macro' }));
    expect(weighted.f1).toBe(f1Score(yTrue, yPred, { average: 'weighted' }));
    expect(accuracy).toBe(accuracyScore(yTrue, yPred));
  });

  it('closes an entity at the end of its sentence', () => {
    const counter = createSpanCounter(['O', 'B-PER', 'I-PER']);
    counter.add([1], [1]);
    counter.add([2], [2]);
    expect(counter.counts()).toEqual([{ type: 'PER', true: 2, predicted: 2, correct: 2 }]);
  });

  it('scores an empty corpus as 0, or as 1 where 0/0 is to be 1', () => {
    const counter = createSpanCounter(['O', 'B-PER', 'I-PER']);
    counter.add([0, 0], [0, 0]);
    expect(counter.scores().micro).toEqual({ precision: 0, recall: 0, f1: 0, support: 0 });
    expect(counter.scores(1).micro).toEqual({ precision: 1, recall: 1, f1: 1, support: 0 });
    expect(counter.scores()).toMatchObject({ accuracy: 1, sentences: 1, tags: 2, types: [] });
    expect(createSpanCounter(['O']).scores().accuracy).toBe(0);
  });

  it('lists types in code-point order', () => {
    // U+1F600 sorts before U+FF21 by UTF-16 units, and after it by code points.
    const counter = createSpanCounter(['B-\u{1F600}', 'B-Ａ', 'B-b', 'B-B', 'B-BB']);
    for (const id of [0, 1, 2, 3, 4]) counter.add([id], [id]);
    expect(counter.counts().map(({ type }) => type)).toEqual(['B', 'BB', 'b', 'Ａ', '\u{1F600}']);
  });

  it('refuses what it cannot read', () => {
    const counter = createSpanCounter(['O', 'B-PER']);
    counter.add([0], [0]);
    expect(() => counter.add([0, 1], [0])).toThrow(
      'Sentence 1 has 2 true tags and 1 predicted tags; expected as many.',
    );
    expect(() => counter.add([-100], [0])).toThrow('A tag id is -100; expected 0 to 1.');
    expect(() => counter.add([0], [2])).toThrow('A tag id is 2; expected 0 to 1.');
    expect(() => createSpanCounter(['O', ''])).toThrow('A tag is empty; expected O, or a prefix and a type');
  });
});

interface Sentence {
  truth: number[];
  prediction: number[];
}

/** True tags, and a prediction that differs from them at about a third of the words. */
function randomSentence(random: (below: number) => number): Sentence {
  const truth = Array.from({ length: random(9) }, () => random(labels.length));
  return { truth, prediction: truth.map(id => (random(3) === 0 ? random(labels.length) : id)) };
}

/** Scores by brute force: of every sentence, every span is tested against a definition of what an entity is. */
function oracle(sentences: Sentence[]) {
  const truth = new Set<string>();
  const predicted = new Set<string>();
  let tags = 0;
  let right = 0;
  for (const [number, sentence] of sentences.entries()) {
    for (const span of spans(sentence.truth)) truth.add(`${span}/${number}`);
    for (const span of spans(sentence.prediction)) predicted.add(`${span}/${number}`);
    tags += sentence.truth.length;
    right += sentence.truth.filter((id, i) => id === sentence.prediction[i]).length;
  }
  const both = [...truth].filter(span => predicted.has(span));
  const ofType = (set: Iterable<string>, type: string) => [...set].filter(span => span.startsWith(`${type}/`)).length;
  const types = [...new Set([...truth, ...predicted].map(span => span.split('/')[0]!))];
  const ratio = (a: number, b: number) => (b === 0 ? 0 : a / b);
  const harmonic = (p: number, r: number) => ratio(2 * p * r, p + r);
  const precision = ratio(both.length, predicted.size);
  const recall = ratio(both.length, truth.size);
  const byType = Object.fromEntries(
    types.map(type => [
      type,
      { true: ofType(truth, type), predicted: ofType(predicted, type), correct: ofType(both, type) },
    ]),
  );
  const f1s = Object.values(byType).map(c => harmonic(ratio(c.correct, c.predicted), ratio(c.correct, c.true)));
  const macroF1 = ratio(
    f1s.reduce((a, b) => a + b, 0),
    f1s.length,
  );
  return { precision, recall, f1: harmonic(precision, recall), macroF1, byType, accuracy: ratio(right, tags) };
}

/** Every span of a sentence that is an entity: one type, nothing that separates inside, something that does around. */
function spans(ids: number[]): string[] {
  const words = ids.map(id => {
    const [prefix, ...type] = labels[id]!.split('-');
    return { prefix: prefix!, type: type.length === 0 ? '_' : type.join('-') };
  });
  // Whether word i and the one before it cannot be in one entity.
  const separated = (i: number): boolean => {
    const before = words[i - 1];
    const now = words[i];
    if (before === undefined || now === undefined || before.prefix === 'O' || now.prefix === 'O') return true;
    return 'ES'.includes(before.prefix) || 'BS'.includes(now.prefix) || before.type !== now.type;
  };
  const found: string[] = [];
  for (let first = 0; first < words.length; first++) {
    for (let last = first; last < words.length; last++) {
      const inside = Array.from({ length: last - first }, (_, k) => separated(first + 1 + k));
      if (words[first]!.prefix === 'O' || !separated(first) || !separated(last + 1) || inside.includes(true)) continue;
      found.push(`${words[first]!.type}/${first}-${last}`);
    }
  }
  return found;
}

/** Whole numbers below a bound from a 32-bit linear congruential generator. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
