import { describe, expect, it } from 'vitest';
import { classificationReport } from '../../../src/evaluation/seqeval/report.js';
import { f1Score, precisionScore } from '../../../src/evaluation/seqeval/seqeval.js';
import { detectScheme, strictEntities } from '../../../src/evaluation/seqeval/strict.js';

describe('detectScheme', () => {
  it.each([
    ['IOB2', 'B'],
    ['IOB2', 'IOB'],
    ['IOE2', 'OE'],
    ['IOE2', 'IE'],
    ['IOBES', 'BE'],
    ['IOBES', 'IOBES'],
    ['IOBES', 'S'],
    ['BILOU', 'BILOU'],
    ['BILOU', 'OBL'],
    ['BILOU', 'U'],
  ])('reads %s from the prefixes %s', (scheme, prefixes) => {
    expect(detectScheme([[...prefixes].map(prefix => `${prefix}-X`)])).toBe(scheme);
    expect(detectScheme([[...prefixes].map(prefix => `X-${prefix}`)], true)).toBe(scheme);
  });

  it.each(['I', 'IO', 'OS', 'OBS', 'BEL', 'EL', 'OU', 'X'])('refuses the prefixes %s', prefixes => {
    expect(() => detectScheme([[...prefixes].map(prefix => `${prefix}-PER`)])).toThrow(
      `No tagging scheme has exactly the prefixes ${[...prefixes].join(', ')} that the true tags use.`,
    );
  });
});

describe('strict mode', () => {
  it('reads what each scheme is made for', () => {
    const read = (scheme: Parameters<typeof strictEntities>[1], tags: string) =>
      strictEntities(
        tags.split(' ').map(prefix => (prefix === 'O' ? 'O' : `${prefix}-X`)),
        scheme,
      ).map(([, first, last]) => `${first}-${last}`);
    expect(read('IOB1', 'I I B I O I')).toEqual(['0-1', '2-3', '5-5']);
    expect(read('IOB2', 'B I B I O B')).toEqual(['0-1', '2-3', '5-5']);
    expect(read('IOE2', 'I E I E O E')).toEqual(['0-1', '2-3', '5-5']);
    expect(read('IOBES', 'B E B E O S')).toEqual(['0-1', '2-3', '5-5']);
    expect(read('BILOU', 'B L B L O U')).toEqual(['0-1', '2-3', '5-5']);
    // As seqeval: an IOE1 entity that E closes counts before I or E, and is lost before O.
    expect(read('IOE1', 'I E I I O I E O')).toEqual(['0-1', '2-3']);
  });

  it('reads suffixes', () => {
    expect(strictEntities(['PER-B', 'PER-I', 'O', 'A-B-B'], 'IOB2', true)).toEqual([
      ['PER', 0, 1],
      ['A-B', 3, 3],
    ]);
  });

  it('scores what the default mode is lenient about', () => {
    const truth = [['B-PER', 'I-PER', 'O']];
    const prediction = [['I-PER', 'I-PER', 'O']];
    expect(f1Score(truth, prediction)).toBe(1);
    expect(f1Score(truth, prediction, { scheme: 'IOB2' })).toBe(0);
    expect(classificationReport(truth, prediction, { scheme: 'detect' }).micro.support).toBe(1);
  });

  it('names sentences that do not match', () => {
    expect(() => precisionScore([['O'], ['O']], [['O']])).toThrow(
      'There are 2 true sentences and 1 predicted ones; expected as many.',
    );
    expect(() => strictEntities(['B-PER', 'E-PER'], 'IOB2')).toThrow(
      'Tag "E-PER" has the prefix "E"; IOB2 allows I, O, B.',
    );
    expect(() => strictEntities([''], 'IOB2')).toThrow('A tag is empty');
  });
});
