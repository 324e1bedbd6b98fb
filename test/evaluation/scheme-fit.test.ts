import { expect, it } from 'vitest';
import { haveSameTags, schemeFit } from '../../src/evaluation/scheme-fit.js';

const data = ['O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC'];

const converted = (model: readonly string[], text: string) => {
  const fit = schemeFit(model, data)!;
  return [...fit.toTags(text.split(' ').map(label => model.indexOf(label)))].map(id => fit.tags[id]).join(' ');
};

it('what a model of types alone predicts is IOB2, neighbours of one label one entity', () => {
  const model = ['LOC', 'O', 'PER'];
  expect(converted(model, 'PER PER O PER LOC LOC')).toBe('B-PER I-PER O B-PER B-LOC I-LOC');
  expect([...schemeFit(model, data)!.modelIds]).toEqual([1, 2, 2, 0, 0]);
});

it('so is that of a model in BIOES or BILOU', () => {
  const bilou = ['O', ...['PER', 'LOC'].flatMap(type => [...'BILU'].map(letter => `${letter}-${type}`))];
  expect(converted(bilou, 'B-PER L-PER U-PER U-PER O I-LOC L-LOC')).toBe('B-PER I-PER B-PER B-PER O B-LOC I-LOC');
  expect([...schemeFit(bilou, data)!.modelIds]).toEqual([0, 1, 2, 5, 6]);
});

it('types that the model alone knows stay what they are, behind the tags of the data', () => {
  const plain = ['O', 'PER', 'MISC', 'LOC'];
  expect(schemeFit(plain, data)).toMatchObject({ foreignTypes: ['MISC'], isOtherScheme: true });
  expect(converted(plain, 'PER MISC MISC O LOC MISC')).toBe('B-PER B-MISC I-MISC O B-LOC B-MISC');
  const iob2 = ['B-MISC', 'I-MISC', ...data.slice(1), 'O'];
  expect(schemeFit(iob2, data)).toMatchObject({ foreignTypes: ['MISC'], isOtherScheme: false });
  // As they were predicted: accuracy and the strict mode see an I- that begins.
  expect(converted(iob2, 'I-PER I-MISC O B-LOC')).toBe('I-PER I-MISC O B-LOC');
  expect([...schemeFit(iob2, data)!.modelIds].slice(0, 5)).toEqual([6, 2, 3, 4, 5]);
});

it('is none where the model lacks a type of the data, or the data is not IOB2', () => {
  expect(schemeFit(['O', 'PER'], data)).toBeNull();
  expect(schemeFit(['O', 'PER', 'ORG'], data)).toBeNull();
  expect(schemeFit(['PER', 'LOC'], data)).toBeNull();
  expect(schemeFit(['O', 'PER', 'LOC'], ['O', 'B-PER', 'B-LOC', 'I-LOC'])).toBeNull();
  expect(schemeFit(['O', 'PER'], ['O', 'B-PER', 'E-PER', 'I-PER'])).toBeNull();
});

it('is not needed where the names mean the same', () => {
  expect(haveSameTags(['B_PER', 'I_PER', 'O'], ['O', 'B-PER', 'I-PER'])).toBe(true);
  expect(haveSameTags(['O', 'PER'], ['O', 'B-PER', 'I-PER'])).toBe(false);
});
