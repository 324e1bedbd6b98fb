import { describe, expect, it } from 'vitest';
import { exported, type ProdigyTask } from '../../../src/reporting/page/export-formats.js';
import { readSentence } from '../../../src/reporting/page/report-content.js';
import { fixtureRows, hostileRows } from './example-content.js';

const origin = { model: 'study/stage-seed-42', rows: 'en/test:6', lang: 'en' };

describe('sentences for other tools', () => {
  it("are tasks of Prodigy's NER recipes, with the true entities as spans", () => {
    const sentence = readSentence(fixtureRows[1]!, 1, null)!;
    expect(exported('prodigy', sentence, origin)).toEqual({
      text: 'Bank of England , Paris',
      tokens: [
        { text: 'Bank', start: 0, end: 4, id: 0, ws: true },
        { text: 'of', start: 5, end: 7, id: 1, ws: true },
        { text: 'England', start: 8, end: 15, id: 2, ws: true },
        { text: ',', start: 16, end: 17, id: 3, ws: true },
        { text: 'Paris', start: 18, end: 23, id: 4, ws: false },
      ],
      spans: [
        { start: 0, end: 15, token_start: 0, token_end: 2, label: 'ORG' },
        { start: 18, end: 23, token_start: 4, token_end: 4, label: 'LOC' },
      ],
      meta: { ...origin, row: 1, predicted: 'ORG: of England; ORG: Paris', errors: 'boundary, type' },
    });
  });

  it('have offsets that cut their tokens out of the text, counted as Python counts', () => {
    for (const row of [...fixtureRows, ...hostileRows]) {
      const sentence = readSentence({ ...row, words: row.words!.map(word => `${word}😀`) }, 0, null)!;
      const { text, tokens, spans } = exported('prodigy', sentence, origin) as ProdigyTask;
      const characters = [...text];
      for (const token of tokens) expect(characters.slice(token.start, token.end).join('')).toBe(token.text);
      for (const span of spans) {
        expect(characters.slice(span.start, span.end).join('')).toBe(
          sentence.words.slice(span.token_start, span.token_end + 1).join(' '),
        );
      }
    }
  });

  it('are rows that panx reads again as predictions, with what became of their entities', () => {
    const sentence = readSentence(fixtureRows[4]!, 4, null)!;
    expect(exported('jsonl', sentence, origin)).toEqual({
      ...origin,
      row: 4,
      words: ['Ann', 'Bob', 'like', 'Acme', 'Corp'],
      gold: ['B-PER', 'B-PER', 'O', 'B-ORG', 'I-ORG'],
      predicted: ['B-PER', 'I-PER', 'O', 'B-ORG', 'B-ORG'],
      entities: [
        { kind: 'boundary', gold: { type: 'PER', first: 0, last: 0 }, predicted: { type: 'PER', first: 0, last: 1 } },
        { kind: 'missed', gold: { type: 'PER', first: 1, last: 1 }, predicted: null },
        { kind: 'boundary', gold: { type: 'ORG', first: 3, last: 4 }, predicted: { type: 'ORG', first: 3, last: 3 } },
        { kind: 'spurious', gold: null, predicted: { type: 'ORG', first: 4, last: 4 } },
      ],
    });
  });
});
