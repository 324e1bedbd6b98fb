import { describe, expect, it } from 'vitest';
import { readSentence } from '../../../src/reporting/page/report-content.js';
import { createTagCode, decodeSentence } from '../../../src/reporting/page/sentences.js';
import { fixtureRows, hostileRows, manyRows } from './example-content.js';

describe('the code of sentences', () => {
  it('gives back every row as it was, with its entities', () => {
    const code = createTagCode();
    const rows = [...fixtureRows, ...hostileRows, ...manyRows(200)];
    const sentences = rows.map((row, i) => readSentence(row, i, null)!);
    const encoded = sentences.map(code.encode);
    // As the page gets them.
    const sent = JSON.parse(JSON.stringify(encoded)) as typeof encoded;
    for (const [i, one] of sent.entries()) expect(decodeSentence(i, one, code.labels())).toEqual(sentences[i]);
  });

  it('takes a character a tag, and holds more tags than there are letters', () => {
    const code = createTagCode();
    const gold = Array.from({ length: 300 }, (_, i) => `B-T${i}`);
    const sentence = readSentence(
      { words: gold, gold, predicted: gold, loss: gold.map(() => 0), probability: gold.map(() => 1) },
      0,
      null,
    )!;
    const encoded = code.encode(sentence);
    expect(encoded[1]).toHaveLength(300);
    expect(new Set(encoded[1]).size).toBe(300);
    expect(decodeSentence(0, encoded, code.labels()).gold).toEqual(gold);
  });

  it('keeps what was seen in training', () => {
    const code = createTagCode();
    const seen = ['unseen', 'same type', 'another type'] as const;
    let next = 0;
    const surfaces = { add() {}, of: () => ({ seen: seen[next++ % 3]!, frequency: 0, consistency: 0 }) };
    const sentence = readSentence(fixtureRows[1]!, 0, surfaces)!;
    expect(sentence.entities.map(one => one.seen)).toEqual(['unseen', 'same type']);
    const encoded = code.encode(sentence);
    expect(encoded[3]).toBe('20');
    expect(decodeSentence(0, encoded, code.labels())).toEqual(sentence);
  });

  it('counts words that have a prediction in the numbers of the sentence', () => {
    const cut = readSentence(
      {
        words: ['a', 'b', 'c', 'd'],
        gold: ['O', 'O', 'B-LOC', 'I-LOC'],
        predicted: [null, 'O', 'B-LOC', 'I-LOC'],
        loss: [null, 0, 0, 0],
        probability: [null, 1, 1, 1],
      },
      0,
      null,
    )!;
    expect(cut.entities[0]!.gold).toEqual({ type: 'LOC', first: 2, last: 3 });
    expect(cut.entities[0]!.length).toBe(2);
  });
});
