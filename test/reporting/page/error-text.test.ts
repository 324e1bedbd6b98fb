import { expect, it } from 'vitest';
import { errorText } from '../../../src/reporting/page/error-text.js';
import { readSentence } from '../../../src/reporting/page/report-content.js';
import { fixtureRows } from './example-content.js';

const textsOf = (row: number) => {
  const sentence = readSentence(fixtureRows[row]!, row, null)!;
  return sentence.entities.map(entity =>
    errorText(entity, sentence)
      .map(part => Object.values(part)[0])
      .join(''),
  );
};

it('says of what is paired with nothing what it overlaps, and what that is paired with', () => {
  expect(textsOf(4)).toEqual([
    'boundary PER is Ann, predicted Ann Bob',
    'missed Bob is PER; it overlaps the prediction Ann Bob, which is paired with Ann',
    'boundary ORG is Acme Corp, predicted Acme',
    'spurious Corp was predicted ORG; it overlaps Acme Corp, which is paired with the prediction Acme',
  ]);
});

it('says of every other error what is and what was predicted', () => {
  expect([1, 2, 3].flatMap(textsOf)).toEqual([
    'boundary ORG is Bank of England, predicted of England',
    'type Paris is LOC, predicted ORG',
    'both Grace Hopper is PER, predicted LOC Grace',
    'spurious it was predicted ORG, there is no entity',
    'correct Oslo is LOC, as predicted',
    'missed Niels Henrik Abel is PER, nothing was predicted',
  ]);
});
