import { expect, it } from 'vitest';
import { expectReadableLabels, labelsNotice, readLabelNames } from '../../src/data/label-names.js';
import { getEntities } from '../../src/evaluation/seqeval/entities.js';

it.each([
  ['O B-PER I-PER'],
  ['O I-PER I-LOC'],
  ['O B-PER E-PER S-PER I-PER'],
  ['B-PER I-PER'],
  ['O B I'],
  ['O B-O I-O'],
  ['O B-LOC-deriv I-LOC-deriv'],
])('%s are tags as they are', text => {
  const labels = text.split(' ');
  expect(readLabelNames(labels)).toEqual({ tags: labels, understood: null, flaw: null });
  expect(labelsNotice(labels)).toBeNull();
});

it.each([
  ['O PER MISC ORG EVENT LOC SET', 'O I-PER I-MISC I-ORG I-EVENT I-LOC I-SET'],
  ['O art-music event-other', 'O I-art-music I-event-other'],
  ['O per org', 'O I-per I-org'],
  ['O PER-B PER-I', 'O B-PER I-PER'],
  ['O PER_B PER_I LOC_B LOC_I', 'O B-PER I-PER B-LOC I-LOC'],
  ['O B_PER I_PER', 'O B-PER I-PER'],
  ['O B.PER I.PER', 'O B-PER I-PER'],
  ['O B:PER I:PER', 'O B-PER I-PER'],
  ['O B/PER I/PER', 'O B-PER I-PER'],
  ['o b-per i-per', 'O B-per I-per'],
  ['O per-b per-i', 'O B-per I-per'],
  ['O B-PER I-PER L-PER U-PER', 'O B-PER I-PER E-PER S-PER'],
  ['O B-PER M-PER E-PER S-PER', 'O B-PER I-PER E-PER S-PER'],
  ['O B–PER I–PER', 'O B-PER I-PER'],
  ['O B|PER I|PER', 'O B-PER I-PER'],
  ['O B__PER I__PER', 'O B-PER I-PER'],
  ['O PER__B PER__I', 'O B-PER I-PER'],
  ['O BPER IPER BLOC ILOC', 'O B-PER I-PER B-LOC I-LOC'],
  ['O BPER IPER EPER SPER', 'O B-PER I-PER E-PER S-PER'],
  ['O BANK INK', 'O I-BANK I-INK'],
  ['O BAND IAND MISC', 'O I-BAND I-IAND I-MISC'],
  ['NIL B-PER I-PER', 'O B-PER I-PER'],
  ['OUT PER', 'O I-PER'],
  ['0 PER', 'O I-PER'],
  ['null PER', 'O I-PER'],
  ['O B-PER I-PER MISC', 'O B-PER I-PER I-MISC'],
  ['O B-PER B-LOC MISC', 'O B-PER B-LOC I-MISC'],
  ['O PER LOC I-O', 'O I-PER I-LOC I-I-O'],
  ['O PER LOC B-O', 'O I-PER I-LOC I-B-O'],
  ['O Hepatitis-B Hepatitis-E Vitamin-B', 'O I-Hepatitis-B I-Hepatitis-E I-Vitamin-B'],
  ['O B.subtilis E.coli', 'O I-B.subtilis I-E.coli'],
  ['O NIL PER', 'O I-NIL I-PER'],
  ['O PER B-PER', 'O I-PER B-PER'],
  ['O PER B-PER LOC', 'O I-PER B-PER I-LOC'],
  ['O cell-B cell', 'O I-cell-B I-cell'],
  ['O B_GPE-LOC I_GPE-LOC', 'O B-GPE-LOC I-GPE-LOC'],
  ['O GPE-LOC-B GPE-LOC-I', 'O B-GPE-LOC I-GPE-LOC'],
  ['O X B-PER I-PER [CLS]', 'O I-X B-PER I-PER I-[CLS]'],
  ['O 1 PER', 'O I-1 I-PER'],
])('%s are read as %s', (text, expected) => {
  const labels = text.split(' ');
  const { tags, understood, flaw } = readLabelNames(labels);
  expect(tags.join(' ')).toBe(expected);
  expect(flaw).toBeNull();
  expect(understood).not.toBeNull();
  // Types are whole where seqeval's default mode reads them, and neighbours of one label are one entity.
  for (const tag of tags) {
    if (tag === 'O') continue;
    const [entity, ...others] = getEntities(['O', tag, tag.replace(/^./, 'I')]);
    expect([...(entity as readonly unknown[])]).toEqual([tag.slice(2), 1, /^[ES]/.test(tag) ? 1 : 2]);
    expect(others).toHaveLength(/^[ES]/.test(tag) ? 1 : 0);
  }
});

it('leaves blanks out', () => {
  expect(readLabelNames([' O', 'B-PER ', 'I-PER'])).toEqual({
    tags: ['O', 'B-PER', 'I-PER'],
    understood: null,
    flaw: null,
  });
  expect(readLabelNames(['O', 'B PER', 'I PER', 'B - LOC', 'I - LOC']).tags.join(' ')).toBe(
    'O B-PER I-PER B-LOC I-LOC',
  );
});

it('says once what was understood', () => {
  expect(labelsNotice(['O', 'PER', 'ORG'])).toBe(
    'the labels are read so: PER ORG as types without B- and I-, so that neighbours of one label are one entity',
  );
  expect(labelsNotice(['OUT', 'MISC', 'B_PER', 'I_PER'])).toBe(
    'the labels are read so: MISC as a type without B- and I-, so that neighbours of one label are one entity; OUT as O, B_PER as B-PER, I_PER as I-PER',
  );
  const many = ['O', ...Array.from({ length: 20 }, (_, i) => [`B_${i}`, `I_${i}`]).flat()];
  expect(labelsNotice(many)).toMatch(/^the labels are read so: B_0 as B-0, .* and 32 more$/);
});

it.each([
  ['LABEL_0 LABEL_1', 'DIR names its labels LABEL_0 LABEL_1, which say nothing of entities;'],
  ['0 1 2', 'DIR names its labels 0 1 2, which say nothing of entities;'],
  ['label_0 label_1', 'DIR names its labels label_0 label_1, which say nothing of entities;'],
  ['LABEL-0 Class1', 'DIR names its labels LABEL-0 Class1, which say nothing of entities;'],
  ['NOUN VERB X', 'DIR has no label for words outside of entities among NOUN VERB X; expected O.'],
  ['NOUN VERB _', 'DIR has no label for words outside of entities'],
  ['NIL OUT PER', 'DIR has no label for words outside of entities among NIL OUT PER;'],
  ['O PER I-PER B-PER', 'DIR has two labels of one meaning, PER and I-PER: both are read as I-PER.'],
  ['O PER I-PER', 'DIR has two labels of one meaning, PER and I-PER: both are read as I-PER.'],
  ['O B-PER I-PER L-PER E-PER', 'DIR has two labels of one meaning, L-PER and E-PER: both are read as E-PER.'],
])('%s are refused, with what to do', (text, sentence) => {
  expect(() => expectReadableLabels(text.split(' '), 'DIR')).toThrow(
    expect.objectContaining({
      message: expect.stringContaining(sentence) as string,
      hint: expect.stringContaining('id2label of config.json') as string,
    }) as Error,
  );
});

it('reads ten thousand labels at once', () => {
  const labels = ['O', ...Array.from({ length: 9999 }, (_, i) => `type ${i}`)];
  expect(readLabelNames(labels).tags.at(-1)).toBe('I-type 9998');
});
