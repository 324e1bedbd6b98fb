import { describe, expect, it, test } from 'vitest';
import { type PickleValue, StorageRef, TensorRef } from '../../src/checkpoint/pickle-values.js';
import { stateDict } from '../../src/checkpoint/state-dict.js';

const tensor = new TensorRef(new StorageRef('FloatStorage', '0', 1, null), 0, [1], [1]);
const weights = () => dictionary({ 'bert.embeddings.word_embeddings.weight': tensor, 'classifier.bias': tensor });

function dictionary(values: Record<string, PickleValue>): Map<string, PickleValue> {
  return new Map(Object.entries(values));
}

describe('the weights of a training program are found', () => {
  const inner = weights();
  test.each<[string, Record<string, PickleValue>, string[]]>([
    [
      'under a usual name',
      { epoch: 3, state_dict: inner, optimizer: dictionary({ state: null }) },
      ['epoch', 'optimizer'],
    ],
    ['under any name', { net: inner, step: 1 }, ['step']],
    ['beside a number that is a tensor', { epoch: tensor, state_dict: inner }, ['epoch']],
    ['two names deep', { state_dict: dictionary({ model: inner }) }, []],
    ['three names deep', { a: dictionary({ b: dictionary({ c: inner }) }), d: 1 }, ['d']],
    ['of a usual name among several', { model: inner, ema: weights() }, ['ema']],
    ['outside of others', { model: inner, old: dictionary({ model: weights() }) }, ['old']],
  ])('%s', (_, values, beside) => {
    const found = stateDict('FILE', dictionary(values));
    expect(found.weights).toBe(inner);
    expect(found.beside).toEqual(beside);
  });

  it('and are the whole, where that has a word table', () => {
    const whole = dictionary({ ...Object.fromEntries(inner), model: weights() });
    expect(stateDict('FILE', whole)).toEqual({ weights: whole, beside: [] });
  });

  it('without a word table under a usual name alone', () => {
    const other = dictionary({ x: tensor });
    expect(stateDict('FILE', dictionary({ model: other, step: 1 })).weights).toBe(other);
    const unknown = dictionary({ net: other });
    expect(stateDict('FILE', unknown).weights).toBe(unknown);
  });
});

it('several of which none is the usual one are refused, by their names', () => {
  const two = dictionary({ student: weights(), teacher: dictionary({}), other: weights() });
  expect(() => stateDict('FILE', two)).toThrow('FILE holds weights under student and other; expected one of them.');
  const nested = dictionary({ a: dictionary({ model: weights() }), b: dictionary({ model: weights() }) });
  expect(() => stateDict('FILE', nested)).toThrow(
    'FILE holds weights under a.model and b.model; expected one of them.',
  );
});

it('dictionaries that hold themselves, or each other many times, come to an end', () => {
  const self = dictionary({ a: 1 });
  self.set('self', self);
  expect(stateDict('FILE', self).weights).toBe(self);
  let level = dictionary({ x: 1 });
  for (let depth = 0; depth < 60; depth++) level = dictionary({ one: level, two: level, three: level });
  expect(stateDict('FILE', level).weights).toBe(level);
});
