import { describe, expect, it } from 'vitest';
import {
  accuracyScore,
  classificationReport,
  countSpans,
  f1Score,
  getEntities,
  performanceMeasure,
  precisionRecallFscoreSupport,
  reportText,
  type SeqevalOptions,
  scoresByType,
  type Tags,
} from '../../../src/evaluation/seqeval/seqeval.js';

const yTrue = [
  ['O', 'O', 'O', 'B-MISC', 'I-MISC', 'O', 'B-ORG'],
  ['B-PER', 'I-PER', 'O', 'B-PER'],
];
const yPred = [
  ['O', 'O', 'B-MISC', 'I-MISC', 'I-MISC', 'O', 'O'],
  ['B-PER', 'I-PER', 'O', 'B-MISC'],
];

describe('performanceMeasure', () => {
  it("counts tags as seqeval's own example does", () => {
    expect(performanceMeasure(yTrue, yPred)).toEqual({ TP: 3, FP: 3, FN: 1, TN: 4 });
    expect(performanceMeasure([], [])).toEqual({ TP: 0, FP: 0, FN: 0, TN: 0 });
  });
});

describe('precisionRecallFscoreSupport', () => {
  it('weights recall by beta', () => {
    // One entity of four is found, and one prediction of three is right.
    const at = (beta?: number) => precisionRecallFscoreSupport(yTrue, yPred, beta === undefined ? {} : { beta });
    const [p, r] = [1 / 3, 1 / 4];
    expect(at()).toEqual({ precision: p, recall: r, fscore: (2 * p * r) / (p + r), support: 4 });
    expect(at(2).fscore).toBeCloseTo((5 * p * r) / (4 * p + r), 15);
    expect(at(0).fscore).toBe(p);
    expect(at(Infinity).fscore).toBe(r);
  });

  it('averages as the single scores do', () => {
    for (const average of ['micro', 'macro', 'weighted'] as const) {
      expect(precisionRecallFscoreSupport(yTrue, yPred, { average }).fscore).toBe(f1Score(yTrue, yPred, { average }));
    }
  });
});

describe('tags', () => {
  it('begin with a whole character, also where that is two UTF-16 units', () => {
    expect(getEntities(['\u{1F600}-PER', 'O'])).toEqual([['PER', 0, 0]]);
    expect(getEntities(['PER-\u{1F600}', 'O'], { suffix: true })).toEqual([['PER', 0, 0]]);
  });

  it('that are none are named once, whatever side they stand on', () => {
    const heard: string[] = [];
    countSpans([['X-PER', 'X-PER']], [['b-LOC', 'X-PER']], { onWarning: sentence => heard.push(sentence) });
    expect(heard).toEqual(['X-PER seems not to be NE tag.', 'b-LOC seems not to be NE tag.']);
  });

  it('come as lists of sentences of equal lengths, each a list of text', () => {
    const flat = ['B-PER', 'O'] as unknown as Tags;
    expect(() => f1Score(flat, flat)).toThrow('Sentence 0 of the true tags is "B-PER"; expected a list of its tags.');
    expect(() => f1Score([['O']], ['O'] as unknown as Tags)).toThrow('Sentence 0 of the predicted tags is "O"');
    const hole = [['O', undefined]] as unknown as Tags;
    expect(() => f1Score([['O', 'O']], hole)).toThrow(
      'Tag 1 of sentence 0 of the predicted tags is undefined; expected text such as B-PER.',
    );
    // Where seqeval would compare tags of different words.
    const shifted: [Tags, Tags] = [
      [['O'], ['B-PER', 'O']],
      [['O', 'B-PER'], ['O']],
    ];
    expect(() => accuracyScore(...shifted)).toThrow('Sentence 0 has 1 true tags and 2 predicted tags');
    expect(() => performanceMeasure(...shifted)).toThrow('Sentence 0 has 1 true tags and 2 predicted tags');
  });
});

describe('options', () => {
  it.each([
    [{ zeroDivision: 0.5 }, 'The option zeroDivision is 0.5; expected 0, 1 or "warn".'],
    [{ scheme: 'IOB' }, 'The option scheme is "IOB"; expected detect, IOB1, IOB2, IOE1, IOE2, IOBES, BILOU, or none'],
    [{ average: 'samples' }, 'The option average is "samples"; expected micro, macro or weighted'],
    [{ average: null }, 'The option average is null; expected micro, macro or weighted (scoresByType gives each'],
    [{ beta: -1 }, 'The option beta is -1; expected a number of at least 0.'],
  ])('%j is refused', (options, sentence) => {
    expect(() => precisionRecallFscoreSupport(yTrue, yPred, options as SeqevalOptions)).toThrow(sentence);
  });

  it('are checked by every function that takes them', () => {
    const wrong = { zeroDivision: 2 } as unknown as SeqevalOptions;
    expect(() => f1Score(yTrue, yPred, wrong)).toThrow('The option zeroDivision is 2');
    expect(() => scoresByType(yTrue, yPred, wrong)).toThrow('The option zeroDivision is 2');
    expect(() => classificationReport(yTrue, yPred, wrong)).toThrow('The option zeroDivision is 2');
    const report = classificationReport(yTrue, yPred);
    for (const digits of [-1, 1.5, 21]) {
      expect(() => reportText(report, digits)).toThrow(`The digits of a report are ${digits}; expected a whole number`);
    }
  });
});

describe('a corpus without sentences', () => {
  it('scores 0, where seqeval raises', () => {
    expect(f1Score([], [])).toBe(0);
    expect(accuracyScore([], [])).toBe(0);
    expect(f1Score([], [], { zeroDivision: 1 })).toBe(1);
    expect(() => f1Score([], [], { scheme: 'detect' })).toThrow('There are no true tags that would show their tagging');
  });
});
